package admin

import (
	"math"
	gauges "runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// process tells what the proxy uses of the machine: the figures of /metrics that
// every process has, where the system has them, and the runtime's.
type process struct {
	system    *prometheus.Registry
	collector prometheus.Collector // registered there
}

func newProcess() *process {
	p := &process{prometheus.NewRegistry(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})}
	p.system.MustRegister(p.collector)
	return p
}

// figures returns those of now; 0 is what the system doesn't tell.
func (p *process) figures() api.Process {
	system := p.systemFigures()
	heap, goroutines := runtimeFigures()
	return api.Process{
		CPU: system["process_cpu_seconds_total"], Memory: uint64(system["process_resident_memory_bytes"]), Heap: heap,
		Files: int(system["process_open_fds"]), MaxFiles: int(min(system["process_max_fds"], math.MaxInt32)), Goroutines: int(goroutines),
	}
}

// systemFigures are by the names of metrics.
func (p *process) systemFigures() map[string]float64 {
	values := make(map[string]float64)
	families, _ := p.system.Gather() // what can't be had isn't among them
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue() // it has one of them
		}
	}
	return values
}

// runtimeFigures are the bytes of the heap that are in use, and the goroutines.
func runtimeFigures() (heap, goroutines uint64) {
	samples := []gauges.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	gauges.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
