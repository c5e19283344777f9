//go:build linux

// Package tune runs scripts/tune.sh on machines that are made up: folders with
// the files of /proc/sys that it reads and writes.
package tune

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	script = "../tune.sh"
	// persisted is the file of --persist, and state that of the values before.
	persisted = "etc/sysctl.d/90-proxy-engine.conf"
	state     = "var/lib/proxy-engine/tune.state"
	bootID    = "proc/sys/kernel/random/boot_id"
)

// The memory of a made up machine, and its processors.
const (
	memory     = 1 << 20 // KiB
	processors = 4
)

// untuned are values as the kernel has them, on a machine of 1 GiB.
func untuned() map[string]string {
	return map[string]string{
		"fs.file-max":                        "98304",
		"fs.nr_open":                         "1048576",
		"fs.pipe-user-pages-soft":            "16384",
		"net.core.somaxconn":                 "4096",
		"net.core.netdev_max_backlog":        "1000",
		"net.ipv4.tcp_max_syn_backlog":       "128",
		"net.ipv4.ip_local_port_range":       "32768\t60999",
		"net.ipv4.tcp_tw_reuse":              "2",
		"net.ipv4.tcp_max_tw_buckets":        "8192",
		"net.ipv4.tcp_max_orphans":           "4096",
		"net.ipv4.tcp_mem":                   "11000\t15000\t22000",
		"net.netfilter.nf_conntrack_max":     "65000",
		"net.ipv4.tcp_slow_start_after_idle": "1",
		"net.ipv4.tcp_fin_timeout":           "60",
		"kernel.pid_max":                     "32768",
		// These are nobody's business.
		"net.ipv4.tcp_rmem":           "4096\t131072\t6291456",
		"net.ipv4.tcp_keepalive_time": "7200",
	}
}

// tcpMem is what tcp_mem should be: shares of the memory, in pages.
func tcpMem() string {
	pages := memory * 1024 / os.Getpagesize()
	return fmt.Sprintf("%d %d %d", pages/8, pages*3/16, pages/4)
}

// tunedForBoth is what both profiles make of untuned.
func tunedForBoth() map[string]string {
	return map[string]string{
		"fs.file-max":                    "262144",
		"fs.nr_open":                     "4194304",
		"fs.pipe-user-pages-soft":        "32768",
		"net.core.somaxconn":             "65535",
		"net.core.netdev_max_backlog":    "16384",
		"net.ipv4.tcp_max_syn_backlog":   "65535",
		"net.ipv4.ip_local_port_range":   "10240 65535",
		"net.ipv4.tcp_tw_reuse":          "1",
		"net.ipv4.tcp_max_tw_buckets":    "65536",
		"net.ipv4.tcp_max_orphans":       "32768",
		"net.ipv4.tcp_mem":               tcpMem(),
		"net.netfilter.nf_conntrack_max": "65536",
	}
}

func tunedForProduction() map[string]string {
	values := tunedForBoth()
	values["net.ipv4.tcp_slow_start_after_idle"] = "0"
	values["net.ipv4.tcp_fin_timeout"] = "15"
	return values
}

func tunedForBench() map[string]string {
	values := tunedForBoth()
	values["kernel.pid_max"] = "131072"
	return values
}

// machine is the root folder of one.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T, settings map[string]string) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir()}
	m.write("proc/meminfo", fmt.Sprintf("MemTotal:       %d kB\nMemFree:        1 kB", memory))
	m.write("proc/cpuinfo", strings.Repeat("processor\t: 0\nmodel name\t: some\n", processors))
	m.write(bootID, "first")
	for key, value := range settings {
		m.write(file(key), value)
	}
	return m
}

// file is where a setting is.
func file(key string) string { return "proc/sys/" + strings.ReplaceAll(key, ".", "/") }

// write writes a file as the kernel shows it, with the end of a line.
func (m *machine) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.root, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// all returns every file there is and its bytes.
func (m *machine) all() map[string]string {
	m.t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(m.root), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files[name] = m.read(name)
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return files
}

// result is what a run of the script did.
type result struct {
	stdout, stderr string
	status         int
}

// try runs the script on the machine.
func (m *machine) try(options ...string) result {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "bash", append([]string{script}, options...)...)
	cmd.Env = append(os.Environ(), "TUNE_ROOT="+m.root)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// run is try for a run that must do.
func (m *machine) run(options ...string) result {
	m.t.Helper()
	r := m.try(options...)
	if r.status != 0 || r.stderr != "" {
		m.t.Fatalf("tune.sh %v: status %d: %s", options, r.status, r.stderr)
	}
	return r
}

// is checks settings, and that no other has changed from those before.
func (m *machine) is(before, want map[string]string) {
	m.t.Helper()
	for key, value := range before {
		if changed, ok := want[key]; ok {
			value = changed
		}
		if got := strings.TrimSuffix(m.read(file(key)), "\n"); got != value {
			m.t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
}

// has checks that a text contains all words.
func has(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q isn't in:\n%s", word, text)
		}
	}
}

func (m *machine) same(before map[string]string) {
	m.t.Helper()
	after := m.all()
	if maps.Equal(before, after) {
		return
	}
	for name, text := range after {
		if was, ok := before[name]; !ok || was != text {
			m.t.Errorf("%s is %q, was %q", name, text, was)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			m.t.Errorf("%s is gone", name)
		}
	}
}

var profiles = []struct {
	option string
	tuned  func() map[string]string
}{
	{"--production", tunedForProduction},
	{"--bench", tunedForBench},
}

func TestProfiles(t *testing.T) {
	for _, p := range profiles {
		t.Run(p.option, func(t *testing.T) {
			m := newMachine(t, untuned())
			before := m.all()

			r := m.run(p.option, "--persist", "--dry-run")
			m.same(before)
			for key, value := range p.tuned() {
				has(t, r.stdout, key, strings.ReplaceAll(untuned()[key], "\t", " ")+" -> "+value+"\n    ")
			}

			m.run(p.option)
			m.is(untuned(), p.tuned())
			m.run("--undo", "--dry-run")
			m.is(untuned(), p.tuned())
			has(t, m.run("--undo").stdout, "65535 -> 4096")
			m.same(before)
		})
	}
}

// TestOriginalsAreKept runs one profile after the other, several times.
func TestOriginalsAreKept(t *testing.T) {
	m := newMachine(t, untuned())
	before := m.all()
	for _, option := range []string{"--bench", "--production", "--production", "--bench"} {
		m.run(option)
	}
	want := tunedForProduction()
	maps.Copy(want, tunedForBench())
	m.is(untuned(), want)
	if r := m.run("--production"); strings.Contains(r.stdout, "->") {
		t.Errorf("nothing is left to set, but:\n%s", r.stdout)
	}
	m.run("--undo")
	m.same(before)
	has(t, m.run("--undo").stdout, "No setting of ours")
	m.same(before)
}

func TestPersist(t *testing.T) {
	m := newMachine(t, untuned())
	before := m.all()
	m.run("--production")
	// Nothing is left to set, and it persists all the same.
	has(t, m.run("--production", "--persist").stdout, "Written: "+filepath.Join(m.root, persisted))
	settings := make(map[string]string)
	for line := range strings.Lines(m.read(persisted)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && !strings.HasPrefix(line, "#") {
			settings[key] = value
		} else if !strings.HasPrefix(line, "# ") {
			t.Errorf("neither a setting nor a comment: %q", line)
		}
	}
	if want := tunedForProduction(); !maps.Equal(settings, want) {
		t.Errorf("persistent are %v, want %v", settings, want)
	}
	has(t, m.run("--undo", "--dry-run").stdout, "Would remove")
	has(t, m.run("--undo").stdout, "Removed: "+filepath.Join(m.root, persisted))
	m.same(before)
}

// TestBetterIsKept has values that are better already, each in its way.
func TestBetterIsKept(t *testing.T) {
	better := maps.Clone(untuned())
	maps.Copy(better, map[string]string{
		"fs.file-max":                        "18446744073709551615", // all 64 bits
		"fs.nr_open":                         "1073741816",
		"fs.pipe-user-pages-soft":            "0", // no limit
		"net.core.somaxconn":                 "100000",
		"net.core.netdev_max_backlog":        "16384",
		"net.ipv4.tcp_max_syn_backlog":       "262144",
		"net.ipv4.ip_local_port_range":       "1024\t65535",
		"net.ipv4.tcp_tw_reuse":              "1",
		"net.ipv4.tcp_max_tw_buckets":        "2000000",
		"net.ipv4.tcp_max_orphans":           "2000000",
		"net.ipv4.tcp_mem":                   "1000000\t2000000\t3000000",
		"net.netfilter.nf_conntrack_max":     "2000000",
		"net.ipv4.tcp_slow_start_after_idle": "0",
		"net.ipv4.tcp_fin_timeout":           "5",
		"kernel.pid_max":                     "4194304",
	})
	m := newMachine(t, better)
	before := m.all()
	for _, p := range profiles {
		has(t, m.run(p.option, "--persist").stdout, "18446744073709551615, kept", "Nothing to persist")
		m.same(before)
	}
}

// TestNumbersOfOneValue are judged each for itself.
func TestNumbersOfOneValue(t *testing.T) {
	m := newMachine(t, map[string]string{
		"net.ipv4.ip_local_port_range": "1024\t60999",
		"net.ipv4.tcp_mem":             "1\t2\t9000000000",
	})
	m.run("--production")
	numbers := strings.Fields(tcpMem())
	for key, want := range map[string]string{
		"net.ipv4.ip_local_port_range": "1024 65535",
		"net.ipv4.tcp_mem":             numbers[0] + " " + numbers[1] + " 9000000000",
	} {
		if got := m.read(file(key)); got != want+"\n" {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestMissingSettings(t *testing.T) {
	m := newMachine(t, map[string]string{"net.core.somaxconn": "128"})
	before := m.all()
	r := m.run("--production")
	has(t, r.stdout, "Not on this machine: fs.file-max ", " net.netfilter.nf_conntrack_max ")
	m.is(map[string]string{"net.core.somaxconn": "128"}, tunedForBoth())
	m.run("--undo")
	m.same(before)
}

// TestSettingThatVanishes unloads a module between a run and --undo.
func TestSettingThatVanishes(t *testing.T) {
	m := newMachine(t, untuned())
	m.run("--production")
	if err := os.Remove(filepath.Join(m.root, file("net.netfilter.nf_conntrack_max"))); err != nil {
		t.Fatal(err)
	}
	has(t, m.run("--undo").stdout, "no longer on this machine")
	before := untuned()
	delete(before, "net.netfilter.nf_conntrack_max")
	m.is(before, nil)
}

// TestOddValues are left alone, and the others are set.
func TestOddValues(t *testing.T) {
	odd := maps.Clone(untuned())
	odd["net.core.somaxconn"] = "many"
	odd["net.ipv4.tcp_mem"] = "1\t2"
	m := newMachine(t, odd)
	r := m.try("--production")
	if r.status != 1 {
		t.Errorf("status %d, want 1", r.status)
	}
	has(t, r.stderr, "net.core.somaxconn: is 'many'", "net.ipv4.tcp_mem: is '1 2'")
	want := tunedForProduction()
	delete(want, "net.core.somaxconn")
	delete(want, "net.ipv4.tcp_mem")
	m.is(odd, want)
}

// TestRefusedSettings has a setting that the kernel lets nobody write.
func TestRefusedSettings(t *testing.T) {
	settings := untuned()
	delete(settings, "fs.nr_open")
	m := newMachine(t, settings)
	before := m.all()
	if err := os.Symlink("/proc/sys/kernel/cap_last_cap", filepath.Join(m.root, file("fs.nr_open"))); err != nil {
		t.Fatal(err)
	}
	r := m.try("--production", "--persist")
	if r.status != 1 {
		t.Errorf("status %d, want 1", r.status)
	}
	has(t, r.stderr, "fs.nr_open: the kernel refuses 4194304")
	m.is(settings, tunedForProduction())
	if strings.Contains(m.read(persisted), "fs.nr_open") {
		t.Error("the next start would try what has failed")
	}
	has(t, m.run("--undo").stdout, "as it was")
	m.same(before)
}

// TestRestart forgets what was before the machine restarted, unless the
// settings are persistent: then they were made again.
func TestRestart(t *testing.T) {
	t.Run("lost", func(t *testing.T) {
		m := newMachine(t, untuned())
		m.run("--production")
		m.write(bootID, "second")
		m.write(file("net.core.somaxconn"), "5000")
		has(t, m.run("--production").stdout, "restarted", "5000 -> 65535")
		m.run("--undo")
		if got := m.read(file("net.core.somaxconn")); got != "5000\n" {
			t.Errorf("somaxconn is %q, want 5000", got)
		}
	})
	t.Run("persistent", func(t *testing.T) {
		m := newMachine(t, untuned())
		before := m.all()
		m.run("--production", "--persist")
		m.write(bootID, "second")
		m.run("--production", "--persist")
		m.run("--undo")
		before[bootID] = "second\n"
		m.same(before)
	})
}

func TestUsage(t *testing.T) {
	m := newMachine(t, untuned())
	before := m.all()
	has(t, m.try().stdout, "--production", "--bench", "--undo", "--dry-run", "--persist")
	for _, c := range []struct {
		options []string
		say     string
	}{
		{nil, ""},
		{[]string{"--dry-run"}, "want --production, --bench or --undo"},
		{[]string{"--production", "--bench"}, "--production or --bench?"},
		{[]string{"--undo", "--persist"}, "--persist goes with"},
		{[]string{"--production", "--fast"}, "unknown option '--fast'"},
	} {
		r := m.try(c.options...)
		has(t, r.stderr, c.say)
		if r.status != 2 {
			t.Errorf("%v: status %d, want 2", c.options, r.status)
		}
	}
	m.same(before)
}

// TestDescriptorHint runs the script where a process may have few descriptors.
func TestDescriptorHint(t *testing.T) {
	m := newMachine(t, untuned())
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "ulimit -n 512 && exec bash "+script+" --production --dry-run")
	cmd.Env = append(os.Environ(), "TUNE_ROOT="+m.root)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	has(t, string(text), "may have 512 descriptors", "LimitNOFILE=")
}
