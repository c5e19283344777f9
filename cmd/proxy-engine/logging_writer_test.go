package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// lossLine is a line about lines that were left out.
func lossLine(lines uint64) []byte { return fmt.Appendf(nil, "lost %d\n", lines) }

// reader takes what is written to it when it is told to, and keeps it.
type reader struct {
	taken bytes.Buffer
	leave chan struct{} // closed: it takes everything
}

func (r *reader) Write(p []byte) (int, error) {
	<-r.leave
	return r.taken.Write(p)
}

func openReader() *reader {
	r := &reader{leave: make(chan struct{})}
	close(r.leave)
	return r
}

func TestLogWriterKeepsTheOrder(t *testing.T) {
	r := openReader()
	w := newLogWriter(r, lossLine)
	var want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&want, "line %d\n", i)
		fmt.Fprintf(w, "line %d\n", i)
	}
	w.close(time.Minute)
	if r.taken.String() != want.String() {
		t.Error("lines are missing or out of order")
	}
	if n := w.dropped.Load(); n != 0 {
		t.Errorf("%d lines were dropped", n)
	}
}

func TestLogWriterFromManyGoroutines(t *testing.T) {
	const writers, lines = 8, 500
	r := openReader()
	w := newLogWriter(r, lossLine)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for n := range lines {
				fmt.Fprintf(w, "%d %d\n", i, n)
			}
		})
	}
	all.Wait()
	w.close(time.Minute)
	next := make([]int, writers)
	for line := range strings.Lines(r.taken.String()) {
		var i, n int
		if _, err := fmt.Sscanf(line, "%d %d\n", &i, &n); err != nil || n != next[i] {
			t.Fatalf("the line %q, want %d of writer %d: %v", line, next[i], i, err)
		}
		next[i]++
	}
	for i, n := range next {
		if n != lines {
			t.Errorf("writer %d: %d lines, want %d", i, n, lines)
		}
	}
}

// A reader that stops costs lines, which are counted where they are missing, and
// stops nobody.
func TestLogWriterBehindAStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{leave: make(chan struct{})}
		w := newLogWriter(r, lossLine)
		line := []byte(strings.Repeat("x", 1023) + "\n")
		_, _ = w.Write(line)
		synctest.Wait() // it is on its way, and stuck
		const room = maxLogBacklog / 1024
		for range room + 7 {
			_, _ = w.Write(line)
		}
		_, _ = w.Write([]byte("short, but behind a gap\n"))
		if n := w.dropped.Load(); n != 8 {
			t.Errorf("%d lines were dropped, want 8", n)
		}
		close(r.leave)
		synctest.Wait()
		_, _ = w.Write([]byte("after\n"))
		w.close(time.Minute)
		got := strings.SplitAfter(r.taken.String(), "\n")
		if len(got) != 1+room+2+1 {
			t.Fatalf("%d lines, want %d", len(got)-1, 1+room+2)
		}
		if last := strings.Join(got[1+room:], ""); last != "lost 8\nafter\n" {
			t.Errorf("the last lines are %q", last)
		}
	})
}

// The process ends though nobody reads its log.
func TestLogWriterEndsBehindAStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{leave: make(chan struct{})}
		w := newLogWriter(r, lossLine)
		_, _ = w.Write([]byte("last words\n"))
		began := time.Now()
		w.close(lastWords)
		if waited := time.Since(began); waited != lastWords {
			t.Errorf("waited for %v, want %v", waited, lastWords)
		}
		_, _ = w.Write([]byte("too late\n"))
		if n := w.dropped.Load(); n != 1 {
			t.Errorf("%d lines were dropped, want 1", n)
		}
		close(r.leave)
		<-w.ended
	})
}

func TestLogWriterWithoutReader(t *testing.T) {
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	w := newLogWriter(to, lossLine)
	_, _ = io.WriteString(w, "one\ntwo\n")
	w.close(time.Minute)
	if n := w.dropped.Load(); n != 2 {
		t.Errorf("%d lines were dropped, want 2", n)
	}
}

// halfWriter takes one line and fails.
type halfWriter struct{}

var errHalf = errors.New("no room")

func (halfWriter) Write(p []byte) (int, error) { return bytes.IndexByte(p, '\n') + 1, errHalf }

func TestLogWriterCountsWhatAFailedWriteLost(t *testing.T) {
	w := newLogWriter(halfWriter{}, lossLine)
	_, _ = io.WriteString(w, "one\ntwo\nthree\n")
	w.close(time.Minute)
	if n := w.dropped.Load(); n != 2 {
		t.Errorf("%d lines were dropped, want 2", n)
	}
}

func TestLogWriterAllocatesNothing(t *testing.T) {
	w := newLogWriter(io.Discard, lossLine)
	defer w.close(time.Minute)
	line := []byte(strings.Repeat("x", 200) + "\n")
	for range 10_000 { // to the size of its memory
		_, _ = w.Write(line)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = w.Write(line) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// failOnce has no room for the first write.
type failOnce struct {
	failed bool
	text   strings.Builder
}

func (w *failOnce) Write(p []byte) (int, error) {
	if !w.failed {
		w.failed = true
		return 0, errHalf
	}
	return w.text.Write(p)
}

// TestLogWriterTellsWhatAFailedWriteLost: once there is room again, as on a disk that was full.
func TestLogWriterTellsWhatAFailedWriteLost(t *testing.T) {
	var to failOnce
	w := newLogWriter(&to, lossLine)
	_, _ = w.Write([]byte("one\n"))
	enginetest.Eventually(t, "the first is lost", func() bool { return w.dropped.Load() == 1 })
	_, _ = w.Write([]byte("two\n"))
	w.close(time.Minute)
	if text := to.text.String(); !strings.HasPrefix(text, string(lossLine(1))) {
		t.Errorf("%q", text)
	}
}
