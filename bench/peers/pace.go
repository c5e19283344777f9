//go:build linux

package main

import (
	"fmt"
	"time"
)

// between is what a measurement takes besides the load, about: a peer's and
// the generator's start and end.
const between = 250 * time.Millisecond

// pace tells how far a run has come and how long the rest takes: as much
// longer than estimated as what is done already took.
type pace struct {
	options
	started time.Time
	planned time.Duration // the whole run
	all     int           // measurements
	spent   time.Duration // of planned
	count   int           // measurements done
}

// newPace begins a run of all rounds of the cells.
func newPace(o options, cells []cell) *pace {
	p := &pace{options: o, started: time.Now(), all: o.rounds * len(cells)}
	for _, c := range cells {
		p.planned += time.Duration(o.rounds) * p.takes(c)
	}
	p.planned = p.planned.Round(time.Second)
	return p
}

func (p *pace) takes(c cell) time.Duration { return c.row.takes(p.options) + between }

// done says that a measurement has been made.
func (p *pace) done(c cell) {
	p.count++
	p.spent += p.takes(c)
}

// left is the time the rest takes, when what was planned took so long.
func (p *pace) left(took time.Duration) time.Duration {
	rest := float64(max(p.planned-p.spent, 0))
	return time.Duration(rest * took.Seconds() / p.spent.Seconds())
}

// String is "[ 12/213, 9m40s left]".
func (p *pace) String() string {
	left := p.left(time.Since(p.started)).Round(time.Second)
	return fmt.Sprintf("[%*d/%d, %v left]", len(fmt.Sprint(p.all)), p.count, p.all, left)
}
