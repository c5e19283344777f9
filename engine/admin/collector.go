package admin

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/proxy-engine/proxy-engine/engine"
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
	endpoints, resources ranking
}

// source is an engine.Engine.
type source interface {
	Stats() engine.Stats
	LiveStats() engine.Stats
}

// lookShare is of which part of the time each session is looked at, at most, which the
// figures per resource and endpoint take. Among a million sessions they get half a minute
// old, among a thousand they are of now.
const lookShare = 50

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
	s := &snapshot{Stats: c.look(), version: c.version, endpoints: c.endpoints.rows, resources: c.resources.rows}
	for i, m := range c.metrics {
		m.collect(s, func(v float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v, labels...)
		})
	}
	for i, m := range c.histograms {
		m.collect(s, func(h engine.Histogram, labels ...string) { to <- c.histogram(c.histogramDescs[i], h, labels) })
	}
}

// look returns the engine's figures, and brings the rankings up to date if it is time.
func (c *collector) look() engine.Stats {
	now := time.Now()
	if now.Before(c.next) {
		return c.engine.Stats()
	}
	s := c.engine.LiveStats()
	c.endpoints.update(endpointRows(s.Endpoints), c.top, []string{other})
	c.resources.update(resourceRows(s.Resources), c.top, []string{other, other})
	c.next = now.Add(lookShare * time.Since(now))
	return s
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
