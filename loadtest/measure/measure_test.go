package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestFailureOf(t *testing.T) {
	for err, want := range map[error]Failure{
		io.EOF: Ended,
		os.NewSyscallError("connect", syscall.ECONNREFUSED): Refused,
		syscall.ENETUNREACH:   Unreachable,
		syscall.EHOSTUNREACH:  Unreachable,
		syscall.EADDRNOTAVAIL: NoPorts,
		syscall.EADDRINUSE:    NoPorts,
		syscall.EMFILE:        NoDescriptors,
		syscall.ENFILE:        NoDescriptors,
		syscall.ECONNRESET:    Reset,
		syscall.EPIPE:         Reset,
		syscall.ETIMEDOUT:     Late,
		syscall.EINVAL:        Other,
		io.ErrNoProgress:      Other,
	} {
		if got := FailureOf(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}

func TestFailuresRoundTrip(t *testing.T) {
	var want Failures
	for kind := range failures {
		for range kind + 1 {
			want.Add(kind)
		}
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Failures
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if total := uint64(failures) * uint64(failures+1) / 2; got.Total() != total {
		t.Errorf("total %d, want %d", got.Total(), total)
	}
	got.Merge(&want)
	if got[Other] != 2*want[Other] {
		t.Errorf("merged %d, want %d", got[Other], 2*want[Other])
	}
	if json.Unmarshal([]byte(`{"hiccup":1}`), &got) == nil {
		t.Error("an unknown kind is accepted")
	}
}

func TestLatenciesMergeExactly(t *testing.T) {
	parts := []*Latencies{NewLatencies(), NewLatencies(), NewLatencies()}
	whole := NewLatencies()
	for i := range 30000 {
		d := time.Duration(i*i) * time.Nanosecond
		parts[i%len(parts)].Add(d)
		whole.Add(d)
	}
	merged := NewLatencies()
	for _, part := range parts {
		merged.Merge(part)
	}
	if !merged.histogram.Equals(whole.histogram) {
		t.Error("merged parts differ from the whole")
	}
	if merged.Count() != 30000 {
		t.Errorf("count %d", merged.Count())
	}
}

func TestLatenciesKeepOutliers(t *testing.T) {
	l := NewLatencies()
	l.Add(-time.Second)
	l.Add(3 * time.Hour)
	if l.Count() != 2 {
		t.Errorf("count %d, want 2", l.Count())
	}
	if max := l.Max(); max < longestLatency*999/1000 {
		t.Errorf("max %v, want about %v", max, longestLatency)
	}
}

func TestLatenciesRoundTrip(t *testing.T) {
	want := NewLatencies()
	for i := range 1000 {
		want.Add(time.Duration(i) * time.Microsecond)
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := NewLatencies()
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	for _, q := range []float64{1, 50, 90, 99, 99.9, 100} {
		if got.Quantile(q) != want.Quantile(q) {
			t.Errorf("p%v: %v, want %v", q, got.Quantile(q), want.Quantile(q))
		}
	}
	if got.Count() != want.Count() || got.Max() != want.Max() {
		t.Errorf("count %d max %v; want %d %v", got.Count(), got.Max(), want.Count(), want.Max())
	}
}

// fakeProcess writes a process's files into a fake /proc.
func fakeProcess(t *testing.T, proc string, pid int, name string, utime, stime, pss int, children string) {
	t.Helper()
	write := func(text string, path ...string) {
		file := filepath.Join(append([]string{proc, fmt.Sprint(pid)}, path...)...)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 9 9 9 9 %d %d 70 80 20 0 1", pid, name, utime, stime), "stat")
	write(fmt.Sprintf("00400000-7ffd [rollup]\nRss:  99 kB\nPss:  %d kB\nPss_Dirty: 7 kB\n", pss), "smaps_rollup")
	write(children, "task", fmt.Sprint(pid), "children")
	write("", "fd", "0")
	write("", "fd", "1")
}

func TestUsageAddsUpDescendants(t *testing.T) {
	proc := t.TempDir()
	fakeProcess(t, proc, 10, "master", 1, 2, 100, "11 12 ")
	fakeProcess(t, proc, 11, "a (b) c) d", 10, 20, 200, "13")
	fakeProcess(t, proc, 12, "worker", 100, 200, 400, "")
	fakeProcess(t, proc, 13, "grandchild", 1000, 2000, 800, "14") // 14 has ended
	fakeProcess(t, proc, 99, "stranger", 7, 7, 7, "")
	got, err := Processes{Roots: []int{10, 12}, Proc: proc}.Usage()
	if err != nil {
		t.Fatal(err)
	}
	want := Usage{
		Processes: 4, Memory: 1500 << 10,
		User: 11110 * time.Millisecond, System: 22220 * time.Millisecond, Descriptors: 8,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestUsageOfAMissingRoot(t *testing.T) {
	if _, err := (Processes{Roots: []int{10}, Proc: t.TempDir()}).Usage(); err == nil {
		t.Error("no error")
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Log("no /proc here: nothing to compare with")
		return
	}
	got, err := Processes{Roots: []int{os.Getpid()}}.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if got.Memory == 0 || got.Descriptors == 0 || got.Processes < 1 {
		t.Errorf("%+v", got)
	}
}

func TestReadKernel(t *testing.T) {
	proc := t.TempDir()
	if err := os.Mkdir(filepath.Join(proc, "net"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		"meminfo":      "MemTotal: 100 kB\nMemAvailable:   50 kB\nSlab:   7 kB\n",
		"net/sockstat": "sockets: used 9\nTCP: inuse 5 orphan 0 tw 0 alloc 8 mem 3\nUDP: inuse 0 mem 1\n",
	} {
		if err := os.WriteFile(filepath.Join(proc, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadKernel(proc)
	want := Kernel{Slab: 7 << 10, Sockets: 3 * uint64(os.Getpagesize()), Available: 50 << 10}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := ReadKernel(t.TempDir()); err == nil {
		t.Error("no error without files")
	}
}
