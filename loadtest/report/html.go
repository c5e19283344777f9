package report

import (
	"embed"
	"encoding/json"
	"html/template"
	"io"
)

//go:embed page.html plot.html
var templates embed.FS

// page is what the template shows.
type page struct {
	*Report
	Verdict  verdict
	Key      []Row
	Settings []Row
	Sections []section
	Plots    []drawing
	JSON     template.JS
}

// verdict is the run's result in a word; Class is "good", "bad" or "cut".
type verdict struct{ Class, Text string }

// WriteHTML writes the report as one page that needs nothing else: no network,
// no scripts. The report's JSON is in it, in the element with the id "report".
func (r *Report) WriteHTML(w io.Writer) error {
	parsed, err := template.ParseFS(templates, "page.html", "plot.html")
	if err != nil {
		return err
	}
	// json.Marshal escapes <, > and &, so that no text ends the element early.
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return parsed.Execute(w, page{
		Report: r, Verdict: r.verdict(), Key: r.keyRows(), Settings: r.settingRows(), Sections: r.sections(),
		Plots: r.drawings(), JSON: template.JS(text),
	})
}

func (r *Report) drawings() []drawing {
	var all []drawing
	for _, p := range r.plots() {
		all = append(all, p.draw())
	}
	return all
}

func (r *Report) verdict() verdict {
	switch {
	case r.Failures.Total() > 0:
		return verdict{"bad", Count(r.Failures.Total()) + " failed"}
	case r.Failed():
		return verdict{"bad", "incomplete"}
	case r.Interrupted:
		return verdict{"cut", "interrupted"}
	default:
		return verdict{"good", "no failures"}
	}
}

// keyRows are the few numbers a mode is run for.
func (r *Report) keyRows() []Row {
	if r.holds() {
		return r.holdKeyRows()
	}
	var rows []Row
	if r.Latency != nil {
		rows = append(rows, rate("per second", r.OperationRate()),
			micros("latency p50", r.Latency.Quantile(50)), micros("latency p99", r.Latency.Quantile(99)))
	} else if r.Bytes.Total() > 0 {
		rows = append(rows, Row{"throughput", number(r.ByteRate()/1e9, 2), "GB/s"})
	}
	return append(rows, r.cpuKeyRows()...)
}

func (r *Report) holdKeyRows() []Row {
	rows := []Row{
		count("sessions alive at the end", r.Sessions.Alive),
		rate("opened per second", r.OpeningRate()),
	}
	if r.Server != nil {
		rows = append(rows, bytesEach("server memory per session", r.MemoryPerSession()))
	}
	return rows
}

func (r *Report) cpuKeyRows() []Row {
	if r.Server == nil {
		return nil
	}
	cores := Row{"server CPU", number(r.Cores(), 2), "cores"}
	if r.Operations > 0 {
		return []Row{micros("server CPU per operation", r.CPUPerOperation()), cores}
	}
	return []Row{cores}
}
