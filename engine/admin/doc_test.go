package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// nobody knows no resource.
type nobody struct{}

func (nobody) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	return resolve.Result{}, errors.New("nobody is known")
}

const docsHead = `# Metrics

What ` + "`/metrics`" + ` of the admin listener (` + "`--admin`" + `) serves to Prometheus, beside those of the process and the Go runtime
(` + "`process_*`, `go_*`" + `). Only ` + "`--metrics-top`" + ` resources and endpoints have series of their own; the others are counted
together as ` + "`other`" + `. That counter has what was moved since the last scrape by whom wasn't among the top then, and never falls.
Bytes count as they are read. For those of resources and endpoints each session is looked at, a fiftieth of the time at most, so
among hundreds of thousands they are some seconds old. The series of event loops are there with ` + "`--impl=reactor`" + ` only.

This page is written by ` + "`go test ./engine/admin -update`" + `.

`

func TestMetricsAreDocumented(t *testing.T) {
	const page = "../../docs/metrics.md"
	var want bytes.Buffer
	want.WriteString(docsHead)
	enginetest.Must(t, WriteMetrics(&want))
	if *update {
		enginetest.Must(t, os.WriteFile(page, want.Bytes(), 0o644))
	}
	got, err := os.ReadFile(page)
	enginetest.Must(t, err)
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/metrics.md isn't what -update writes")
	}
}

// nameInQuery is a metric of ours, as the dashboard's queries name it.
var nameInQuery = regexp.MustCompile(`\b(proxy_engine|process|go)_[a-z_]+`)

// The dashboard asks for nothing that isn't served.
func TestDashboardNamesExist(t *testing.T) {
	text, err := os.ReadFile("../../scripts/package/grafana/dashboard.json")
	enginetest.Must(t, err)
	known := make(map[string]bool)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		families, err := newRegistry(newCollector(start(t, impl, nil), "v1", 20)).Gather()
		enginetest.Must(t, err)
		for _, f := range families {
			known[f.GetName()] = true
		}
	})
	named := nameInQuery.FindAllString(string(text), -1)
	if len(named) == 0 || !json.Valid(text) {
		t.Fatal("no dashboard")
	}
	for _, name := range named {
		if !known[strings.TrimSuffix(name, "_bucket")] {
			t.Errorf("there is no %s", name)
		}
	}
}
