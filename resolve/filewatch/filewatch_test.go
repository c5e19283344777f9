package filewatch

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watched are files under watch.
type watched struct {
	*Watch
	t       *testing.T
	poll    chan time.Time
	changed chan struct{} // each call of the function
	log     *bytes.Buffer // read after Close only
}

func watch(t *testing.T, paths ...string) *watched {
	t.Helper()
	w, err := New(paths...)
	must(t, err)
	o := &watched{Watch: w, t: t, poll: make(chan time.Time), changed: make(chan struct{}, 1000), log: new(bytes.Buffer)}
	w.Start(func() { o.changed <- struct{}{} }, Options{
		Logger: slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Poll:   o.poll,
	})
	t.Cleanup(o.close)
	return o
}

func (w *watched) close() {
	w.t.Helper()
	must(w.t, w.Close())
}

// untilRead waits for calls until a reading of the file gives the content.
func (w *watched) untilRead(path, want string) {
	w.t.Helper()
	for {
		<-w.changed
		if got, err := Read(path, 1<<10); err == nil && string(got) == want {
			return
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

// made makes a file in a folder of its own.
func made(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, content)
	return path
}

// TestEachFile: every one of several files is watched, wherever it is.
func TestEachFile(t *testing.T) {
	cert, ca := made(t, "cert", "1"), made(t, "ca", "1")
	key := filepath.Join(filepath.Dir(cert), "key")
	write(t, key, "1")
	w := watch(t, cert, key, ca)
	for _, path := range []string{ca, key, cert, ca} {
		content := path + " anew"
		write(t, path+".new", content)
		must(t, os.Rename(path+".new", path))
		w.untilRead(path, content)
		must(t, os.WriteFile(path, []byte("in place"), 0o600))
		w.untilRead(path, "in place")
	}
}

// TestSecret: a Kubernetes Secret of two files, swapped as one.
func TestSecret(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"1", "2", "3"} {
		must(t, os.Mkdir(filepath.Join(dir, ".."+version), 0o700))
		write(t, filepath.Join(dir, ".."+version, "tls.crt"), "cert "+version)
		write(t, filepath.Join(dir, ".."+version, "tls.key"), "key "+version)
	}
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	must(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	must(t, os.Symlink("..data/tls.crt", cert))
	must(t, os.Symlink("..data/tls.key", key))
	w := watch(t, cert, key)
	for _, version := range []string{"2", "3"} {
		must(t, os.Symlink(".."+version, filepath.Join(dir, "..tmp")))
		must(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		w.untilRead(cert, "cert "+version)
		w.untilNow(key, "key "+version)
	}
}

// untilNow is untilRead for what may have come with the last call.
func (w *watched) untilNow(path, want string) {
	w.t.Helper()
	if got, err := Read(path, 1<<10); err != nil || string(got) != want {
		w.untilRead(path, want)
	}
}

// TestNeighbours: other files of the folder are nobody's business. That the
// calls don't come is seen by the one for a change of the file itself, which
// comes after their events.
func TestNeighbours(t *testing.T) {
	path := made(t, "routes", "1")
	w := watch(t, path)
	for range 20 {
		write(t, path+".other", "1")
	}
	must(t, os.Remove(path+".other"))
	write(t, path+"~", "2")
	must(t, os.Rename(path+"~", path))
	<-w.changed
	w.close()
	if n := len(w.changed); n != 0 {
		t.Errorf("%d more calls for one change", n)
	}
}

// TestPoll: a folder that is removed and made anew sends no events; the next
// look finds it, and from then on it is watched again.
func TestPoll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	path := filepath.Join(dir, "routes")
	must(t, os.Mkdir(dir, 0o700))
	write(t, path, "1")
	w := watch(t, path)
	must(t, os.RemoveAll(dir))
	<-w.changed
	must(t, os.Mkdir(dir, 0o700))
	write(t, path, "2")
	w.poll <- time.Time{}
	w.untilNow(path, "2")
	w.poll <- time.Time{} // when it is taken, the one before has been dealt with
	write(t, path, "3")
	w.untilRead(path, "3")
	w.close()
	if !strings.Contains(w.log.String(), "read now and then") {
		t.Errorf("logged: %s", w.log)
	}
}

// TestLostEvents: when events may have been lost that is said, and the files
// are looked at.
func TestLostEvents(t *testing.T) {
	w := watch(t, made(t, "routes", "1"))
	w.watcher.Errors <- fsnotify.ErrEventOverflow
	<-w.changed
	w.close()
	if !strings.Contains(w.log.String(), fsnotify.ErrEventOverflow.Error()) {
		t.Errorf("logged: %s", w.log)
	}
}

// TestCloseWaits: Close returns after the call under way, and may be repeated.
func TestCloseWaits(t *testing.T) {
	w, err := New(made(t, "routes", "1"))
	must(t, err)
	poll, inside, over := make(chan time.Time), make(chan struct{}), false
	w.Start(func() {
		close(inside)
		for range 1000 {
			_, _ = os.Stat(".") // a moment in which Close could come back
		}
		over = true
	}, Options{Poll: poll})
	poll <- time.Time{}
	<-inside
	must(t, w.Close())
	if !over {
		t.Error("Close has returned before the call")
	}
	must(t, w.Close())
}

func TestCloseWithoutStart(t *testing.T) {
	w, err := New(made(t, "routes", "1"))
	must(t, err)
	must(t, w.Close())
}

func TestNewRefuses(t *testing.T) {
	there := made(t, "routes", "1")
	for _, missing := range []string{there + ".missing", filepath.Join(there+".missing", "routes")} {
		if w, err := New(there, missing); err == nil || w != nil || !strings.Contains(err.Error(), missing) && !strings.Contains(err.Error(), filepath.Dir(missing)) {
			t.Errorf("New(%s) = %v, %v", missing, w, err)
		}
	}
}

func TestRead(t *testing.T) {
	path := made(t, "routes", "12345")
	if got, err := Read(path, 5); err != nil || string(got) != "12345" {
		t.Errorf("Read = %q, %v", got, err)
	}
	for path, want := range map[string]string{
		path:                "more than 4 bytes",
		path + ".missing":   "no such file",
		filepath.Dir(path):  "is a directory",
		path + "/something": "not a directory",
	} {
		if got, err := Read(path, 4); got != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%s) = %q, %v, want %q in it", path, got, err, want)
		}
	}
}
