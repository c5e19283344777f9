package report

import (
	"math"
	"slices"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

const (
	// manyNines is where percentile plots end: 99.9999 %.
	manyNines = 1e6
	// pointsPerDecade is how finely their curves are drawn.
	pointsPerDecade = 16
	// wide is the spread of latencies from which their axis is logarithmic.
	wide = 20
)

// latencyPlot shows latencies and lags by percentile; nil without samples.
func (r *Report) latencyPlot() *plot {
	if r.Latency == nil || r.Latency.Count() == 0 {
		return nil
	}
	curves := []curve{{name: "latency", points: quantiles(r.Latency), dots: namedQuantiles(r.Latency)}}
	if r.Lag != nil && r.Lag.Count() > 0 {
		curves = append(curves, curve{name: "begun late", points: quantiles(r.Lag)})
	}
	return &plot{
		title: "Latency by percentile", xLabel: "share of operations that took no longer",
		x: percentiles(plotEnd(r.Latency)), y: latencyRuler(ys(curves[0].points)), curves: curves,
	}
}

// latencyRuler is fitted to latencies, of which lags are a part. It is
// logarithmic if a linear one would press most of the curve flat; it then
// leaves room below for lags, and those too small for it lie on its edge.
func latencyRuler(values []float64) ruler {
	low, high := slices.Min(values), slices.Max(values)
	if high < wide*low {
		return upwards(latencyUnits(), values)
	}
	return upwardsLog(latencyUnits(), low/10, high)
}

// plotEnd returns the place on the axis where the samples of l end: n samples
// say nothing beyond the fraction 1-1/n.
func plotEnd(l *measure.Latencies) float64 { return min(float64(l.Count()), manyNines) }

// quantiles returns latencies at places of the axis of percentiles. The last is
// the longest unless the axis ends before it.
func quantiles(l *measure.Latencies) []point {
	var points []point
	end := plotEnd(l)
	for i := 1; math.Pow(10, float64(i)/pointsPerDecade) < end; i++ {
		p := quantileAt(l, math.Pow(10, float64(i)/pointsPerDecade))
		if p.y > 0 { // 0 stands for less than the first of very few samples
			points = append(points, p)
		}
	}
	if end < manyNines {
		return append(points, point{end, l.Max().Seconds()})
	}
	return append(points, quantileAt(l, end))
}

// namedQuantiles returns those that people ask for, with their values.
func namedQuantiles(l *measure.Latencies) []dot {
	var dots []dot
	for _, place := range []float64{2, 10, 100, 1e3, 1e4} {
		if place < plotEnd(l) {
			p := quantileAt(l, place)
			dots = append(dots, dot{p, latencyText(p.y)})
		}
	}
	return dots
}

func quantileAt(l *measure.Latencies, place float64) point {
	return point{place, l.Quantile(100 * (1 - 1/place)).Seconds()}
}

func latencyText(seconds float64) string {
	u := best(latencyUnits(), seconds)
	return threeDigits(seconds/u.size) + " " + u.name
}
