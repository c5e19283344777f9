package report

import "math"

// scale maps the values from..to onto the page's coordinates start..end.
type scale struct {
	from, to   float64
	start, end float64
	log        bool // from and to are above 0
}

// at returns the coordinate of v. Values outside land on the edge, and all
// values of a scale without extent in its middle.
func (s scale) at(v float64) float64 {
	from, to := s.from, s.to
	if s.log {
		v, from, to = math.Log(max(v, s.from)), math.Log(from), math.Log(to)
	}
	if !(to > from) {
		return (s.start + s.end) / 2
	}
	part := min(max((v-from)/(to-from), 0), 1)
	return s.start + part*(s.end-s.start)
}

// roundingError is what quotients of ticks are off by at most.
const roundingError = 1e-9

// niceAbove returns the smallest of 1, 2 and 5 times a power of ten that is not
// below x; 1 if x isn't a positive number.
func niceAbove(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, digit := range []float64{1, 2, 5} {
		if digit*power >= x*(1-roundingError) {
			return digit * power
		}
	}
	return 10 * power
}

// niceBelow returns the largest of these that is not above x, which is positive.
func niceBelow(x float64) float64 { return 1 / niceAbove(1/x) }

// ticks returns multiples of a nice step, the first not above from and the last
// not below to: at least two, and about so many steps.
func ticks(from, to float64, steps int) []float64 {
	if !(to > from) {
		to = from + 1
	}
	step := niceAbove((to - from) / float64(steps))
	first, last := math.Floor(from/step+roundingError), math.Ceil(to/step-roundingError)
	var marks []float64
	for i := first; i <= last; i++ {
		marks = append(marks, i*step)
	}
	return marks
}

// logTicks returns the powers of ten within from..to, both above 0, and 2 and
// 5 times these as well while the decades are few.
func logTicks(from, to float64) []float64 {
	digits := []float64{1, 2, 5}
	if to/from > 1000 {
		digits = digits[:1]
	}
	var marks []float64
	for power := math.Floor(math.Log10(from)); power <= math.Ceil(math.Log10(to)); power++ {
		for _, digit := range digits {
			v := digit * math.Pow(10, power)
			if v >= from*(1-roundingError) && v <= to*(1+roundingError) {
				marks = append(marks, v)
			}
		}
	}
	return marks
}
