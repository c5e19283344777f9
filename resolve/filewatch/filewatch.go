// Package filewatch tells when files may have changed: routes, certificates,
// keys. It watches their folders, since editors and deployment tools replace
// files instead of writing to them, and the folders the files really are in
// where there are symbolic links. Kubernetes mounts a ConfigMap or a Secret as
// a link through a second link, which it swaps: that second link stands in the
// same folder.
//
//	w, err := filewatch.New("cert.pem", "key.pem") // from here on nothing is missed
//	read()
//	w.Start(read, filewatch.Options{})
//	defer w.Close()
//
// A sign of change is only that: whoever is called reads the files and decides
// for himself whether they differ.
package filewatch

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
)

// Watch watches files, which may come, go and be replaced.
type Watch struct {
	files   []*file
	watcher *fsnotify.Watcher
	// done is closed when the goroutine of Start has ended, nil before Start.
	done chan struct{}
}

// file is one that is watched.
type file struct {
	path string // absolute
	// real is path with all links followed, as of the last sync; "" if the
	// file wasn't there.
	real string
}

// New begins to watch files, all of which must be there. What changes from now
// on is told once Start is called; without Start, Close is to be called all
// the same.
func New(paths ...string) (*Watch, error) {
	w := &Watch{}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		w.files = append(w.files, &file{path: abs})
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching files: %w", err)
	}
	w.watcher = watcher
	if err := w.sync(); err != nil {
		return nil, errors.Join(err, watcher.Close())
	}
	return w, nil
}

// Close stops watching and waits until a call of the function given to Start
// has returned, so it mustn't be called by that one; none comes afterwards. It
// may be called more than once.
func (w *Watch) Close() error {
	err := w.watcher.Close()
	if w.done != nil {
		<-w.done
	}
	return err
}

// sync watches the folders that matter by now and no others.
func (w *Watch) sync() error {
	var errs []error
	var wanted []string
	for _, f := range w.files {
		errs = append(errs, f.follow())
		wanted = append(wanted, f.folders()...)
	}
	for _, dir := range w.watcher.WatchList() {
		if !slices.Contains(wanted, dir) {
			errs = append(errs, w.watcher.Remove(dir))
		}
	}
	slices.Sort(wanted)
	for _, dir := range slices.Compact(wanted) {
		errs = append(errs, w.watcher.Add(dir)) // no harm if it is watched already
	}
	return errors.Join(errs...)
}

// follow finds out where the file really is.
func (f *file) follow() (err error) {
	f.real, err = filepath.EvalSymlinks(f.path)
	return err
}

// folders are those whose events concern the file.
func (f *file) folders() []string {
	dirs := []string{filepath.Dir(f.path)}
	if f.real != "" {
		dirs = append(dirs, filepath.Dir(f.real))
	}
	return dirs
}

// concerns says whether an event at a name may mean a new version of the file.
func (f *file) concerns(name string) bool {
	if name == f.path || name == f.real {
		return true
	}
	real, err := filepath.EvalSymlinks(f.path)
	return err != nil || real != f.real
}
