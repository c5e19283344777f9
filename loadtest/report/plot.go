package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The size of a plot and the edges of its field, in SVG units, which are about
// pixels where two plots stand side by side.
const (
	plotWidth  = 560
	plotHeight = 240
	plotLeft   = 56
	plotRight  = plotWidth - 16
	plotTop    = 16
	plotBottom = plotHeight - 40
)

// point is one value of a plot, in base units: seconds, bytes.
type point struct{ x, y float64 }

// curve is a line of a plot.
type curve struct {
	name   string
	points []point
	dots   []dot
}

// dot is a point with its value in words.
type dot struct {
	point
	text string
}

// plot is what is to be drawn. Every curve has at least one point.
type plot struct {
	title, xLabel string
	x, y          ruler
	curves        []curve
}

// drawing is a plot in the page's coordinates, for the template.
type drawing struct {
	Title, XLabel, YUnit string
	Field                field
	XTicks, YTicks       []label
	Filled               bool    // fill the area below: for one curve over time or sessions
	Zero                 float64 // height of 0 or, on a logarithmic axis, of the lowest value
	Curves               []drawnCurve
}

// field has the size of a plot and the edges of what is drawn on.
type field struct{ Width, Height, Left, Right, Top, Bottom, Middle int }

// label is a text at a place.
type label struct {
	X, Y float64
	Text string
}

// Legend says whether the curves must be told apart.
func (d drawing) Legend() bool { return len(d.Curves) > 1 }

// drawnCurve is a curve in the page's coordinates, as an SVG list of points.
// Area is what it encloses with the axis.
type drawnCurve struct {
	Name, Line, Area string
	Dots             []label
}

// draw computes the drawing.
func (p plot) draw() drawing {
	d := drawing{
		Title: p.title, XLabel: p.xLabel, YUnit: p.y.unit,
		Filled: !p.x.log, Zero: p.y.at(0),
		Field: field{plotWidth, plotHeight, plotLeft, plotRight, plotTop, plotBottom, (plotLeft + plotRight) / 2},
	}
	if p.x.unit != "" {
		d.XLabel += ", " + p.x.unit
	}
	for _, m := range p.x.marks {
		d.XTicks = append(d.XTicks, label{p.x.at(m.value), plotBottom, m.text})
	}
	for _, m := range p.y.marks {
		d.YTicks = append(d.YTicks, label{plotLeft, p.y.at(m.value), m.text})
	}
	for _, c := range p.curves {
		d.Curves = append(d.Curves, p.drawCurve(c, d.Zero))
	}
	return d
}

func (p plot) drawCurve(c curve, zero float64) drawnCurve {
	line := p.line(c.points)
	first, last := c.points[0], c.points[len(c.points)-1]
	drawn := drawnCurve{
		Name: c.name, Line: line,
		Area: fmt.Sprintf("%.1f,%.1f %s %.1f,%.1f", p.x.at(first.x), zero, line, p.x.at(last.x), zero),
	}
	if len(c.points) == 1 && len(c.dots) == 0 {
		c.dots = []dot{{point: first}} // a line of one point can't be seen
	}
	for _, q := range c.dots {
		drawn.Dots = append(drawn.Dots, label{p.x.at(q.x), p.y.at(q.y), q.text})
	}
	return drawn
}

func (p plot) line(points []point) string {
	var line strings.Builder
	for i, q := range points {
		if i > 0 {
			line.WriteByte(' ')
		}
		fmt.Fprintf(&line, "%.1f,%.1f", p.x.at(q.x), p.y.at(q.y))
	}
	return line.String()
}

// drawable leaves out what has no place on a page.
func drawable(points []point) []point {
	return slices.DeleteFunc(slices.Clone(points), func(p point) bool {
		sum := math.Abs(p.x) + math.Abs(p.y)
		return math.IsNaN(sum) || math.IsInf(sum, 0)
	})
}

func xs(points []point) []float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.x
	}
	return values
}

func ys(points []point) []float64 {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.y
	}
	return values
}
