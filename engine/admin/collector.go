package admin

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// collector is a prometheus.Collector over an engine: what is counted is read when
// somebody asks, which costs sessions nothing.
type collector struct {
	engine  source
	version string
	top     int // the most series of one kind, other apart
	metrics []metric
	descs   []*prometheus.Desc // of metrics

	histograms     []histogram
	histogramDescs []*prometheus.Desc // of histograms
	bounds         []float64

	mu                   sync.Mutex // guards what follows: scrapes take turns
	next                 time.Time  // when each session may be looked at again
	looking              chan found // where a look under way tells what it has found, nil if none is
	endpoints, resources ranking
}

// source is an engine.Engine.
type source interface {
	Stats() engine.Stats
	Traffic() ([]upstream.EndpointStats, []upstream.ResourceStats)
}

// found are the rows of endpoints and resources, from a look that took so long.
type found struct {
	endpoints, resources []row
	took                 time.Duration
}

const (
	// lookShare is of which part of the time each session is looked at, at most, which
	// the figures per resource and endpoint take. Among a million sessions they get half
	// a minute old, among a thousand they are of now.
	lookShare = 50
	// patience is how long a scrape waits for them. A loop that hangs must not hide it.
	patience = time.Second
)

func newCollector(e source, version string, top int) *collector {
	c := &collector{engine: e, version: version, top: top, metrics: metrics(), histograms: histograms()}
	for _, m := range c.metrics {
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, m.labels, nil))
	}
	for _, h := range c.histograms {
		c.histogramDescs = append(c.histogramDescs, prometheus.NewDesc(h.name, h.help, h.labels, nil))
	}
	for _, d := range engine.HistogramBounds() {
		c.bounds = append(c.bounds, d.Seconds())
	}
	return c
}

// newRegistry holds the engine's metrics, and those of the process and its runtime.
func newRegistry(c *collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
	for _, d := range c.histogramDescs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	s := &snapshot{Stats: c.engine.Stats(), version: c.version, endpoints: c.endpoints.rows, resources: c.resources.rows}
	for i, m := range c.metrics {
		m.collect(s, func(v float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v, labels...)
		})
	}
	for i, m := range c.histograms {
		m.collect(s, func(h engine.Histogram, labels ...string) { to <- c.histogram(c.histogramDescs[i], h, labels) })
	}
}

// look brings the rankings up to date, if it is time and as long as it is patient.
func (c *collector) look() {
	if c.looking == nil {
		if time.Now().Before(c.next) {
			return
		}
		c.looking = make(chan found, 1)
		go find(c.engine, c.looking)
	}
	select {
	case f := <-c.looking:
		c.endpoints.update(f.endpoints, c.top, []string{other})
		c.resources.update(f.resources, c.top, []string{other, other})
		c.looking, c.next = nil, time.Now().Add(lookShare*f.took)
	case <-time.After(patience): // the next scrape may have it
	}
}

// find looks at each session.
func find(e source, to chan<- found) {
	begun := time.Now()
	endpoints, resources := e.Traffic()
	to <- found{endpointRows(endpoints), resourceRows(resources), time.Since(begun)}
}

func (c *collector) histogram(desc *prometheus.Desc, h engine.Histogram, labels []string) prometheus.Metric {
	cumulative := make(map[float64]uint64, len(c.bounds))
	sum := uint64(0)
	for i, bound := range c.bounds {
		sum += h.Counts[i]
		cumulative[bound] = sum
	}
	return prometheus.MustNewConstHistogram(desc, h.Count(), h.Sum.Round(time.Microsecond).Seconds(), cumulative, labels...)
}
