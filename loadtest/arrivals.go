package loadtest

import "time"

// arrivals are the times at which the exchanges of one seat in an open loop are
// to begin: those of all seats together are evenly spaced.
type arrivals struct {
	first time.Time // of seat 0
	every float64   // nanoseconds between two of the same seat
	shift float64   // nanoseconds this seat is behind seat 0
	taken uint64
}

// newArrivals spaces perSecond arrivals over the seats from first on.
func newArrivals(first time.Time, perSecond float64, number, of int) *arrivals {
	spacing := float64(time.Second) / perSecond
	return &arrivals{first: first, every: spacing * float64(of), shift: spacing * float64(number)}
}

// next is when the next exchange is to begin.
func (a *arrivals) next() time.Time {
	return a.first.Add(time.Duration(float64(a.taken)*a.every + a.shift))
}

// take moves on to the one after.
func (a *arrivals) take() { a.taken++ }
