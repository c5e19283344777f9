//go:build linux

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain also is the peer that is this very program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == cryptoTLS {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// update writes the golden files anew: go test ./bench/peers -update.
var update = flag.Bool("update", false, "write the golden files")

// golden compares a text with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"--only", "rr1k-50, http", "--peers", "haproxy,direct", "--quick"})
	if err != nil || len(o.rows) != 2 || len(o.peers) != 2 || o.rounds != 1 || o.name != "peers-part" {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = parse([]string{"--only", "tea", "--peers", "coffee", "--rounds", "0"})
	for _, word := range []string{"tea", "coffee", "rounds"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v says nothing of %s", err, word)
		}
	}
}

func TestFilesByPart(t *testing.T) {
	for line, want := range map[string]string{
		"":                    "peers",
		"--quick":             "peers-quick",
		"--only http":         "peers-part",
		"--only tls":          "peers-tls",
		"--only tls --quick":  "peers-part",
		"--quick --only idle": "peers-part",
	} {
		if o, err := parse(strings.Fields(line)); err != nil || o.name != want {
			t.Errorf("%q: writes %s, %v; want %s", line, o.name, err, want)
		}
	}
}

// everything is the cells of one round where everybody can be measured.
func everything(o options) []cell {
	var cells []cell
	for _, r := range rows() {
		if !r.chosen(o) {
			continue
		}
		if r.rival != nil {
			cells = append(cells, cell{row: r, column: ours}, cell{row: r, column: r.rival.name})
			continue
		}
		for _, p := range peers("") {
			if p.serves[r.workload] != nil && strings.Contains(strings.Join(o.peers, " ")+" ", p.name+" ") {
				cells = append(cells, cell{row: r, column: p.name})
			}
		}
		if r.direct() {
			cells = append(cells, cell{row: r, column: direct})
		}
	}
	return cells
}

// TestPlannedTime leaves a third for what is slower than estimated and for the
// preparations.
func TestPlannedTime(t *testing.T) {
	for line, limit := range map[string]time.Duration{"": 15 * time.Minute, "--quick": 2 * time.Minute, "--only tls": 15 * time.Minute} {
		o, err := parse(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		if planned := newPace(o, everything(o)).planned; planned > limit*5/6 {
			t.Errorf("%q: %v planned, want at most %v", line, planned, limit*5/6)
		}
	}
}

func TestPace(t *testing.T) {
	o := options{rounds: 2, duration: time.Second}
	one := cell{row: row{takes: func(options) time.Duration { return 10*time.Second - between }}}
	p := newPace(o, []cell{one, one})
	if p.all != 4 || p.planned != 40*time.Second {
		t.Fatalf("%d measurements in %v", p.all, p.planned)
	}
	p.done(one)
	if left := p.left(20 * time.Second); left != time.Minute {
		t.Errorf("after 20 s for what was planned as 10 of 40 s, %v are left", left)
	}
	if !strings.HasPrefix(p.String(), "[1/4, ") {
		t.Errorf("%q", p.String())
	}
}
