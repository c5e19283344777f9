package report

import (
	"math"
	"slices"
	"strconv"
)

// plots returns those that apply to the report's mode and have something to
// show.
func (r *Report) plots() []plot {
	var all []*plot
	if r.holds() {
		all = r.holdPlots()
	} else {
		all = []*plot{
			r.latencyPlot(),
			r.throughputPlot(),
			overTime("Server CPU in use", plain("cores"), slopes(r.sampled(cpuSeconds))),
			overTime("Server memory (PSS)", memoryUnits(), r.sampled(serverMemory)),
		}
	}
	all = append(all, overTime("Failures so far", plain(""), r.sampled(failures)))
	var some []plot
	for _, p := range all {
		if p != nil {
			some = append(some, *p)
		}
	}
	return some
}

func (r *Report) holdPlots() []*plot {
	return []*plot{
		r.againstSessions("Server memory (PSS)", serverMemory),
		r.againstSessions("Memory taken on the whole machine", r.machineMemory),
		overTime("Open sessions", plain(""), r.sampled(openSessions)),
		overTime("Server CPU in use", plain("cores"), slopes(r.sampled(cpuSeconds))),
	}
}

// throughputPlot shows operations where there are any.
func (r *Report) throughputPlot() *plot {
	if r.Operations > 0 {
		return overTime("Operations per second", plain("1/s"), slopes(r.sampled(operations)))
	}
	return overTime("Throughput", byteRateUnits(), slopes(r.sampled(payload)))
}

// overTime is nil if there is nothing but zeros.
func overTime(title string, units []unit, points []point) *plot {
	if !slices.ContainsFunc(points, func(p point) bool { return p.y != 0 }) {
		return nil
	}
	return &plot{
		title: title, xLabel: "time since the start",
		x: across(timeUnits(), xs(points)), y: upwards(units, ys(points)),
		curves: []curve{{points: points}},
	}
}

func (r *Report) againstSessions(title string, y func(Sample) float64) *plot {
	points := r.points(openSessions, y)
	if len(points) == 0 {
		return nil
	}
	return &plot{
		title: title, xLabel: "open sessions",
		x: across(plain(""), xs(points)), y: upwards(memoryUnits(), ys(points)),
		curves: []curve{{points: points}},
	}
}

// sampled returns a quantity over time.
func (r *Report) sampled(y func(Sample) float64) []point { return r.points(sinceStart, y) }

// points returns one quantity against another, without the samples that lack
// one of them.
func (r *Report) points(x, y func(Sample) float64) []point {
	var points []point
	for _, s := range r.Series {
		points = append(points, point{x(s), y(s)})
	}
	return drawable(points)
}

// The quantities of a sample; NaN if it lacks them.

func sinceStart(s Sample) float64   { return s.At.Seconds() }
func openSessions(s Sample) float64 { return float64(s.Open) }
func operations(s Sample) float64   { return float64(s.Operations) }
func payload(s Sample) float64      { return float64(s.Bytes) }
func failures(s Sample) float64     { return float64(s.Failures) }

func serverMemory(s Sample) float64 {
	if s.Usage == nil {
		return math.NaN()
	}
	return float64(s.Usage.Memory)
}

func cpuSeconds(s Sample) float64 {
	if s.Usage == nil {
		return math.NaN()
	}
	return s.Usage.CPU().Seconds()
}

// machineMemory is how much less is available than before the run.
func (r *Report) machineMemory(s Sample) float64 {
	if r.Kernel.Before.Available == 0 || s.Kernel.Available == 0 {
		return math.NaN()
	}
	return float64(r.Kernel.Before.Available) - float64(s.Kernel.Available)
}

// slopes returns the rate at which a counter grew from each point to the next.
// Where it shrank, because a process that was counted has ended, or no time
// passed, there is none.
func slopes(points []point) []point {
	var rates []point
	for i := 1; i < len(points); i++ {
		run, rise := points[i].x-points[i-1].x, points[i].y-points[i-1].y
		if run > 0 && rise >= 0 {
			rates = append(rates, point{points[i].x, rise / run})
		}
	}
	return rates
}

// threeDigits writes v with three significant digits.
func threeDigits(v float64) string {
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return grouped(strconv.FormatFloat(short, 'f', -1, 64))
}
