package resolve

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// gatherFor is how long after the first sign of a change more are
	// gathered before the file is read: a save is several events (truncate,
	// write, rename), and one reading does for all.
	gatherFor = 50 * time.Millisecond
	// pollEvery is how often the file is read without any sign: network file
	// systems send none, nor does a file that is bind-mounted by itself, nor a
	// directory that was removed and made anew.
	pollEvery = 30 * time.Second
)

// fileWatch watches the directory of a file, since editors and deployment
// tools replace files instead of writing to them, and the directory the file
// really is in if it is a symbolic link. Kubernetes mounts a ConfigMap as a
// link through a second link, which it swaps: that second link stands in the
// same directory.
type fileWatch struct {
	path string
	// real is path with all links followed, as of the last sync.
	real    string
	watcher *fsnotify.Watcher
	// done is closed when the goroutine reading the events has ended.
	done chan struct{}
}

func newFileWatch(path string) (*fileWatch, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", path, err)
	}
	w := &fileWatch{path: path, watcher: watcher, done: make(chan struct{})}
	if err := w.sync(); err != nil {
		return nil, errors.Join(err, watcher.Close())
	}
	return w, nil
}

func (w *fileWatch) close() error { return w.watcher.Close() }

// sync watches the directories that matter by now and no others.
func (w *fileWatch) sync() error {
	var errs []error
	real, err := filepath.EvalSymlinks(w.path)
	if err != nil {
		errs = append(errs, err)
	}
	w.real = real
	wanted := []string{filepath.Dir(w.path)}
	if real != "" {
		wanted = append(wanted, filepath.Dir(real))
	}
	for _, dir := range w.watcher.WatchList() {
		if !slices.Contains(wanted, dir) {
			errs = append(errs, w.watcher.Remove(dir))
		}
	}
	for _, dir := range wanted {
		errs = append(errs, w.watcher.Add(dir)) // no harm if it is watched already
	}
	return errors.Join(errs...)
}

// concerns says whether the event may mean a new version of the file.
func (w *fileWatch) concerns(ev fsnotify.Event) bool {
	if ev.Name == w.path || ev.Name == w.real {
		return true
	}
	real, err := filepath.EvalSymlinks(w.path)
	return err != nil || real != w.real
}

// run reloads the file when something points to a change, until Close.
func (f *File) run(poll <-chan time.Time) {
	defer close(f.watch.done)
	var gathering <-chan time.Time // nil while there is nothing to gather
	for {
		select {
		case ev, ok := <-f.watch.watcher.Events:
			if !ok {
				return
			}
			if gathering == nil && f.watch.concerns(ev) {
				gathering = time.After(gatherFor)
			}
		case err, ok := <-f.watch.watcher.Errors:
			if !ok {
				return
			}
			// Events may have been lost.
			f.log.Warn("watching the routes file failed", "error", err)
			f.refresh()
		case <-gathering:
			gathering = nil
			f.refresh()
		case <-poll:
			f.refresh()
		}
	}
}

// refresh makes sure that the right directories are watched, then reads: in
// this order no change is missed.
func (f *File) refresh() {
	if err := f.watch.sync(); err != nil {
		f.log.Debug("the routes file can't be watched, it is read now and then", "error", err)
	}
	f.reload()
}
