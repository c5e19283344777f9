package resolve

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve/filewatch"
)

// maxFile bounds a routes file, in bytes; 16 MiB hold about 190,000 routes.
const maxFile = 16 << 20

// File is the Resolver that reads its answers from a YAML file:
//
//	routes:
//	  orders:                       # the resource id
//	    endpoint: "10.0.0.7:5432"   # this or endpoints is required
//	    endpoints: ["10.0.0.8:5432"] # further ones, 16 with that of endpoint
//	    balance: least-sessions     # Result.Balance, where there are several
//	    state: cold                 # Result.State: ready, cold or draining
//	    wake: https://api.internal/wake # Result.Wake, a URL for OpenOptions.Wake
//	    drain: 30s                  # Result.Drain; negative: at once
//	    max_sessions: 100           # Result.MaxSessions; 0: what is configured
//	    session_rate: 10            # Result.SessionRate, likewise
//	    timeout: 5s                 # Result.Timeout
//	    ttl: 60s                    # Result.TTL; negative: not cached
//	    metadata: {database: main}  # Result.Metadata
//
// Resource ids are compared byte by byte, for PostgreSQL's database names are
// case sensitive: "Orders" isn't "orders".
//
// The file is watched. A new version replaces the table as a whole and at
// once, and the caches in front are told which resources changed. A version
// with any fault in it is logged and ignored, what stood before stands.
// Replace the file by renaming another over it: one that is written in place
// may be read half done.
//
// Safe for concurrent use. Close ends the watching.
type File struct {
	path    string
	log     *slog.Logger
	wake    WakeFunc
	table   atomic.Pointer[routeTable]
	changed atomic.Pointer[func(resource string)]

	reloads, failed atomic.Uint64

	// seen is what the last reading came upon. It belongs to the goroutine of
	// watch, before that runs to OpenFile.
	seen  fingerprint
	watch *filewatch.Watch
}

var (
	_ Resolver      = (*File)(nil)
	_ Notifier      = (*File)(nil)
	_ Waker         = (*File)(nil)
	_ StatsReporter = (*File)(nil)
	_ io.Closer     = (*File)(nil)
)

// fingerprint tells versions of the file apart, and ways of not being able to
// read it.
type fingerprint [sha256.Size]byte

// OpenFile reads the routes of a file and watches it. A file that is missing
// or broken is an error here, while later it is only logged. Of the options Logger
// and Wake matter.
func OpenFile(path string, o OpenOptions) (*File, error) {
	return openFile(path, o, nil)
}

func openFile(path string, o OpenOptions, poll <-chan time.Time) (*File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// Watch first: no change may fall between reading and watching.
	w, err := filewatch.New(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, log: orDiscard(o.Logger).With("file", path), wake: o.Wake, watch: w}
	if err := f.readFirst(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	w.Start(f.reload, filewatch.Options{Logger: f.log, Poll: poll})
	return f, nil
}

// Close stops watching and waits until the watching goroutine has ended. The
// routes stay usable. It may be called more than once.
func (f *File) Close() error { return f.watch.Close() }

// Resolve answers from the table, NotFound if the resource isn't in it.
func (f *File) Resolve(_ context.Context, req Request) (Result, error) {
	res, ok := (*f.table.Load())[req.Resource]
	if !ok {
		return Result{}, Errorf(NotFound, "%q isn't among the routes of %s", req.Resource, f.path)
	}
	return res, nil
}

// Notify has changed called for each resource whose route a new version of the
// file changes, adds or removes.
func (f *File) Notify(changed func(resource string)) { f.changed.Store(&changed) }

// Wake has a resource started under the URL that its route names.
func (f *File) Wake(ctx context.Context, req Request, res Result) error {
	if f.wake == nil {
		return Errorf(Internal, "%q names a URL to wake it by, which isn't provided for", req.Resource)
	}
	return f.wake(ctx, res.Wake, req, res)
}

// Stats returns the number of routes, and of new versions of the file that
// were taken and that were ignored as broken.
func (f *File) Stats() map[string]any {
	return map[string]any{
		"routes":         len(*f.table.Load()),
		"reloads":        f.reloads.Load(),
		"failed_reloads": f.failed.Load(),
	}
}

func (f *File) readFirst() error {
	table, seen, err := f.read()
	if err != nil {
		return err
	}
	f.seen = seen
	f.table.Store(&table)
	return nil
}

// reload takes over a new version of the file, or says once why not.
func (f *File) reload() {
	table, seen, err := f.read()
	if seen == f.seen {
		return
	}
	f.seen = seen
	if err != nil {
		f.failed.Add(1)
		f.log.Error("the routes file is broken, the old routes stay", "error", err)
		return
	}
	f.swap(table)
}

func (f *File) swap(table routeTable) {
	old := *f.table.Swap(&table)
	f.reloads.Add(1)
	d := diff(old, table)
	if changed := f.changed.Load(); changed != nil {
		for _, resource := range d.resources {
			(*changed)(resource)
		}
	}
	f.log.Info("routes reloaded", "routes", len(table),
		"added", d.added, "changed", d.changed, "removed", d.removed)
}

func (f *File) read() (routeTable, fingerprint, error) {
	content, err := filewatch.Read(f.path, maxFile)
	if err != nil {
		return nil, sha256.Sum256([]byte(err.Error())), err
	}
	seen := sha256.Sum256(content)
	if seen == f.seen {
		return nil, seen, nil
	}
	table, err := parseRoutes(content)
	if err != nil {
		return nil, seen, fmt.Errorf("%s: %w", f.path, err)
	}
	return table, seen, nil
}

func openFileURL(u *url.URL, o OpenOptions) (Resolver, error) {
	if extras(u) || u.Host != "" || !filepath.IsAbs(u.Path) {
		return nil, errors.New("want file:///absolute/path, with three slashes and nothing behind the path")
	}
	f, err := OpenFile(u.Path, o)
	if err != nil {
		return nil, err
	}
	return f, nil
}
