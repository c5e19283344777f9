package report

import (
	"slices"
	"strconv"
	"strings"
)

// ruler is an axis fitted to the values that are drawn along it. All numbers
// are in the quantity's base unit; only the texts are in the unit chosen.
type ruler struct {
	scale
	unit  string
	marks []mark
}

// mark is a tick with its text.
type mark struct {
	value float64
	text  string
}

const (
	stepsAcross = 7
	stepsUp     = 5
)

// across fits the horizontal axis: from 0 to the largest value exactly, so that
// curves use the whole width.
func across(units []unit, values []float64) ruler {
	limit := max(0, slices.Max(values))
	u := best(units, limit)
	r := ruler{scale: scale{from: 0, to: limit, start: plotLeft, end: plotRight}, unit: u.name}
	r.marks = u.marks(ticks(0, limit/u.size, stepsAcross))
	r.marks = slices.DeleteFunc(r.marks, func(m mark) bool { return m.value > limit*(1+roundingError) })
	return r
}

// upwards fits the vertical axis, which includes 0 and ends at ticks.
func upwards(units []unit, values []float64) ruler {
	low, high := min(0, slices.Min(values)), max(0, slices.Max(values))
	u := best(units, max(high, -low))
	marks := u.marks(ticks(low/u.size, high/u.size, stepsUp))
	s := scale{from: marks[0].value, to: marks[len(marks)-1].value, start: plotBottom, end: plotTop}
	return ruler{scale: s, unit: u.name, marks: marks}
}

// upwardsLog fits a logarithmic vertical axis, which ends near low and high,
// both above 0.
func upwardsLog(units []unit, low, high float64) ruler {
	low, high = niceBelow(low), niceAbove(high)
	u := best(units, high)
	s := scale{from: low, to: high, start: plotBottom, end: plotTop, log: true}
	return ruler{scale: s, unit: u.name, marks: u.marks(logTicks(low/u.size, high/u.size))}
}

// percentiles is the horizontal axis of latencies: 1/(1-p) for the fraction p
// on a logarithmic scale, which gives every further nine the same room. It ends
// at limit, which is above 1.
func percentiles(limit float64) ruler {
	var marks []mark
	if limit >= 2 {
		marks = append(marks, mark{2, "50 %"})
	}
	for i, nines := 1, 10.0; nines <= limit*(1+roundingError); i, nines = i+1, nines*10 {
		marks = append(marks, mark{nines, percentText(i)})
	}
	return ruler{scale: scale{from: 1, to: limit, start: plotLeft, end: plotRight, log: true}, marks: marks}
}

// percentText returns "90 %", "99 %", "99.9 %" for 1, 2, 3 nines.
func percentText(nines int) string {
	if nines == 1 {
		return "90 %"
	}
	if nines == 2 {
		return "99 %"
	}
	return "99." + strings.Repeat("9", nines-2) + " %"
}

// marks labels ticks, which are in the unit, with as few digits as say them.
func (u unit) marks(ticks []float64) []mark {
	marks := make([]mark, len(ticks))
	for i, t := range ticks {
		// Ten digits hide that 3 x 0.1 isn't 0.3.
		short, _ := strconv.ParseFloat(strconv.FormatFloat(t, 'g', 10, 64), 64)
		marks[i] = mark{t * u.size, grouped(strconv.FormatFloat(short, 'f', -1, 64))}
	}
	return marks
}
