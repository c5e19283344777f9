package admin

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/proxy-engine/proxy-engine/engine"
)

// collector is a prometheus.Collector over an engine: what is counted is read when
// somebody asks, which costs sessions nothing.
type collector struct {
	stats   func() engine.Stats
	version string
	top     int
	metrics []metric
	descs   []*prometheus.Desc // of metrics

	histograms     []histogram
	histogramDescs []*prometheus.Desc // of histograms
	bounds         []float64

	endpoints, resources others
}

func newCollector(stats func() engine.Stats, version string, top int) *collector {
	c := &collector{stats: stats, version: version, top: top, metrics: metrics(), histograms: histograms()}
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
	s := &snapshot{Stats: c.stats(), version: c.version, top: c.top, otherEndpoints: &c.endpoints, otherResources: &c.resources}
	for i, m := range c.metrics {
		m.collect(s, func(v float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(c.descs[i], m.kind, v, labels...)
		})
	}
	for i, m := range c.histograms {
		m.collect(s, func(h engine.Histogram, labels ...string) { to <- c.histogram(c.histogramDescs[i], h, labels) })
	}
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
