package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

func html(t *testing.T, r *Report) string {
	t.Helper()
	var out strings.Builder
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// embedded reads the report in a page.
func embedded(t *testing.T, page string) *Report {
	t.Helper()
	_, after, found := strings.Cut(page, `<script type="application/json" id="report">`)
	text, _, ended := strings.Cut(after, "</script>")
	if !found || !ended {
		t.Fatal("no JSON in the page")
	}
	r := new(Report)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPageAloneSufficesToRecompute(t *testing.T) {
	want := held()
	want.Series = series(5)
	got := embedded(t, html(t, want))
	if !reflect.DeepEqual(got.Rows(), want.Rows()) || !reflect.DeepEqual(got.drawings(), want.drawings()) {
		t.Errorf("got  %v\nwant %v", got.Rows(), want.Rows())
	}
}

func TestPageShowsEveryRow(t *testing.T) {
	r := known()
	r.Failures[measure.Rejected] = 12345
	r.Answers = measure.Answers{"HTTP 503": 12345}
	page := html(t, r)
	for _, s := range r.sections() {
		for _, row := range s.Rows {
			if want := "<tr><td>" + row.Name + "</td><td>" + row.Value + "</td><td>" + row.Unit + "</td></tr>"; !strings.Contains(page, want) {
				t.Errorf("no %s", want)
			}
		}
	}
}

func TestHostileTextsAreEscaped(t *testing.T) {
	const hostile = "</script><script>alert(1)</script><!--\"'><img src=x onerror=alert(1)>\u2028{{.}}"
	r := known()
	r.Mode, r.Target, r.Server.Error = hostile, hostile, hostile
	r.Settings = []Setting{{hostile, hostile}}
	r.Failures.Add(measure.Rejected)
	r.Answers = measure.Answers{hostile: 1}
	page := html(t, r)
	for _, bad := range []string{"<script>", "<img", "<!--"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if strings.Count(page, "<script") != 1 || strings.Count(page, "</script") != 1 {
		t.Error("a script was added")
	}
	if got := embedded(t, page); got.Target != hostile || got.Answers[hostile] != 1 {
		t.Errorf("%q", got.Target)
	}
}

// Nothing but data: and the page's own parts may be named.
func TestPageNeedsNoNetwork(t *testing.T) {
	r := held()
	r.Series = series(20)
	page := html(t, r)
	if found := regexp.MustCompile(`(?i)(https?:|//|\b(src|href|action)=|url\(|@import|<link|<iframe)`).FindAllString(page, -1); found != nil {
		t.Errorf("the page has %q", found)
	}
}

// The plots must be well formed and free of what isn't a number, whatever the
// samples are.
func TestPlotsOfFewSamples(t *testing.T) {
	gap := series(3)
	gap[1] = Sample{At: time.Second}
	still := []Sample{{}, {}, {}}
	for name, samples := range map[string][]Sample{
		"none": nil, "one": series(1), "one, later": series(2)[1:], "two": series(2), "a gap": gap, "no time": still, "many": series(500),
	} {
		for mode, r := range map[string]*Report{"rr": known(), "hold": held()} {
			r.Kernel.Before.Available = 1 << 30
			r.Series = samples
			checkPlots(t, name+" "+mode, html(t, r))
		}
	}
	for name, n := range map[string]int{"no operation": 0, "one operation": 1, "two operations": 2} {
		r := known()
		r.Latency, r.Lag = upTo(n), upTo(n)
		checkPlots(t, name, html(t, r))
	}
}

func checkPlots(t *testing.T, name, page string) {
	t.Helper()
	visible, _, _ := strings.Cut(page, "<script")
	if strings.Contains(visible, "NaN") || strings.Contains(visible, "Inf") || strings.Contains(visible, "ZgotmplZ") {
		t.Errorf("%s: no number", name)
	}
	for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1) {
		if err := wellFormed(svg); err != nil {
			t.Errorf("%s: %v in %s", name, err, svg)
		}
	}
}

func wellFormed(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func TestDrawing(t *testing.T) {
	r := held()
	r.Series = series(3)
	d := r.drawings()[2] // open sessions over time: 0, 1,000 and 2,000
	if want := "56.0,200.0 300.0,108.0 544.0,16.0"; d.Curves[0].Line != want {
		t.Errorf("line %s, want %s", d.Curves[0].Line, want)
	}
	if want := "56.0,200.0 56.0,200.0 300.0,108.0 544.0,16.0 544.0,200.0"; d.Curves[0].Area != want {
		t.Errorf("area %s, want %s", d.Curves[0].Area, want)
	}
	if d.XLabel != "time since the start, s" || d.Legend() || !d.Filled || len(d.Curves[0].Dots) != 0 {
		t.Errorf("%+v", d)
	}
}

func TestLegendOnlyForSeveralCurves(t *testing.T) {
	r := known()
	if page := html(t, r); !strings.Contains(page, "begun late</span>") {
		t.Error("no legend")
	}
	r.Lag = nil
	if page := html(t, r); strings.Contains(page, `class="legend"`) {
		t.Error("a legend for one curve")
	}
}

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   verdict
	}{
		"all well":    {func(*Report) {}, verdict{"good", "no failures"}},
		"failures":    {func(r *Report) { r.Failures[measure.Reset] = 1234 }, verdict{"bad", "1,234 failed"}},
		"missing":     {func(r *Report) { r.Sessions.Alive-- }, verdict{"bad", "incomplete"}},
		"interrupted": {func(r *Report) { r.Interrupted = true }, verdict{"cut", "interrupted"}},
	} {
		r := known()
		c.change(r)
		if got := r.verdict(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestKeyRows(t *testing.T) {
	bulk := known()
	bulk.Operations, bulk.Latency = 0, nil
	for name, c := range map[string]struct {
		report *Report
		want   []Row
	}{
		"rr": {known(), []Row{
			{"per second", "500", "1/s"}, {"latency p50", "500.2", "us"}, {"latency p99", "990.2", "us"},
			{"server CPU per operation", "500.0", "us"}, {"server CPU", "0.25", "cores"},
		}},
		"hold": {held(), []Row{
			{"sessions alive at the end", "4", ""}, {"opened per second", "2,000", "1/s"}, {"server memory per session", "1,024", "bytes"},
		}},
		"bulk": {bulk, []Row{{"throughput", "1.07", "GB/s"}, {"server CPU", "0.25", "cores"}}},
	} {
		if got := c.report.keyRows(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
