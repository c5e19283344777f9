package resolve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// routesFile is a routes file in a directory of its own, opened, with what it
// tells: logs and changed resources.
type routesFile struct {
	*File
	t       *testing.T
	path    string
	log     *logRecorder
	poll    chan time.Time
	changed chan string
}

func openRoutes(t *testing.T, path, content string) *routesFile {
	t.Helper()
	write(t, path, content)
	return openExisting(t, path)
}

func openExisting(t *testing.T, path string) *routesFile {
	t.Helper()
	r := &routesFile{t: t, path: path, log: newLogRecorder(), poll: make(chan time.Time), changed: make(chan string, 100)}
	f, err := openFile(path, OpenOptions{Logger: r.log.logger()}, r.poll)
	if err != nil {
		t.Fatal(err)
	}
	r.File = f
	f.Notify(func(resource string) { r.changed <- resource })
	t.Cleanup(func() { closeFile(t, f) })
	return r
}

func closeFile(t *testing.T, f *File) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace renames a new version over the file.
func (r *routesFile) replace(content string) {
	r.t.Helper()
	write(r.t, r.path+".new", content)
	must(r.t, os.Rename(r.path+".new", r.path))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// route returns a routes file with one route.
func route(resource, endpoint string) string {
	return fmt.Sprintf("routes:\n  %s: {endpoint: %q}\n", resource, endpoint)
}

// logged waits for a record with the message. What a file in the middle of
// being written is good for depends on timing: other records are passed over.
func (r *routesFile) logged(message string) slog.Record {
	r.t.Helper()
	for {
		if record := <-r.log.records; record.Message == message {
			return record
		}
	}
}

const (
	reloaded = "routes reloaded"
	broken   = "the routes file is broken, the old routes stay"
)

// leadsTo waits for a reload after which orders has the endpoint.
func (r *routesFile) leadsTo(endpoint string) {
	r.t.Helper()
	for r.endpoint() != endpoint {
		r.logged(reloaded)
	}
}

func (r *routesFile) endpoint() string {
	res, err := r.Resolve(context.Background(), db("orders"))
	if err != nil {
		return KindOf(err).String()
	}
	return res.Endpoint
}

func TestFileResolve(t *testing.T) {
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), `
routes:
  orders:
    endpoint: "10.0.0.7:5432"
    timeout: 5s
    ttl: 90s
    metadata: {database: main}
  Orders:
    endpoint: "10.0.0.8:5432"
`)
	want := Result{
		Endpoint: "10.0.0.7:5432", Timeout: 5 * time.Second, TTL: 90 * time.Second,
		Metadata: map[string]string{"database": "main"},
	}
	res, err := r.Resolve(t.Context(), db("orders"))
	if err != nil || !sameResult(res, want) {
		t.Errorf("orders resolves to %+v, %v, want %+v", res, err, want)
	}
	res, err = r.Resolve(t.Context(), db("Orders"))
	if err != nil || res.Endpoint != "10.0.0.8:5432" {
		t.Errorf("Orders resolves to %+v, %v", res, err)
	}
	if _, err := r.Resolve(t.Context(), db("ORDERS")); KindOf(err) != NotFound {
		t.Errorf("ORDERS fails with %v, want not_found", err)
	}
}

// TestFileReload replaces the file in every way files are replaced.
func TestFileReload(t *testing.T) {
	before, after := route("orders", "10.0.0.1:1"), route("orders", "10.0.0.2:1")
	ways := map[string]func(t *testing.T, path string){
		"written in place": func(t *testing.T, path string) { write(t, path, after) },
		"renamed over": func(t *testing.T, path string) {
			write(t, path+".new", after)
			must(t, os.Rename(path+".new", path))
		},
		"removed and made anew": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			write(t, path, after)
		},
		"moved away and made anew": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+"~"))
			write(t, path, after)
		},
		"replaced by a link": func(t *testing.T, path string) {
			target := filepath.Join(t.TempDir(), "elsewhere.yaml")
			write(t, target, after)
			must(t, os.Symlink(target, path+".new"))
			must(t, os.Rename(path+".new", path))
		},
	}
	for name, replace := range ways {
		t.Run(name, func(t *testing.T) {
			r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), before)
			replace(t, r.path)
			r.leadsTo("10.0.0.2:1")
		})
	}
}

// TestFileBehindLinks: the layout of a Kubernetes ConfigMap, and a file that
// is linked to from elsewhere.
func TestFileBehindLinks(t *testing.T) {
	t.Run("swapped", func(t *testing.T) {
		dir := t.TempDir()
		for i, endpoint := range []string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"} {
			version := filepath.Join(dir, fmt.Sprint("..", i))
			must(t, os.Mkdir(version, 0o700))
			write(t, filepath.Join(version, "routes.yaml"), route("orders", endpoint))
		}
		must(t, os.Symlink("..0", filepath.Join(dir, "..data")))
		must(t, os.Symlink("..data/routes.yaml", filepath.Join(dir, "routes.yaml")))
		r := openExisting(t, filepath.Join(dir, "routes.yaml"))
		for i, endpoint := range []string{"10.0.0.2:1", "10.0.0.3:1"} {
			must(t, os.Symlink(fmt.Sprint("..", i+1), filepath.Join(dir, "..data_tmp")))
			must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
			r.leadsTo(endpoint)
		}
	})
	t.Run("target written", func(t *testing.T) {
		target, link := filepath.Join(t.TempDir(), "real.yaml"), filepath.Join(t.TempDir(), "routes.yaml")
		write(t, target, route("orders", "10.0.0.1:1"))
		must(t, os.Symlink(target, link))
		r := openExisting(t, link)
		write(t, target, route("orders", "10.0.0.2:1"))
		r.leadsTo("10.0.0.2:1")
	})
	t.Run("target changes", func(t *testing.T) {
		first, second := filepath.Join(t.TempDir(), "a.yaml"), filepath.Join(t.TempDir(), "b.yaml")
		link := filepath.Join(t.TempDir(), "routes.yaml")
		write(t, first, route("orders", "10.0.0.1:1"))
		write(t, second, route("orders", "10.0.0.2:1"))
		must(t, os.Symlink(first, link))
		r := openExisting(t, link)
		must(t, os.Symlink(second, link+".new"))
		must(t, os.Rename(link+".new", link))
		r.leadsTo("10.0.0.2:1")
		write(t, second, route("orders", "10.0.0.3:1"))
		r.leadsTo("10.0.0.3:1")
	})
	t.Run("linked directory", func(t *testing.T) {
		real, link := t.TempDir(), filepath.Join(t.TempDir(), "conf")
		write(t, filepath.Join(real, "routes.yaml"), route("orders", "10.0.0.1:1"))
		must(t, os.Symlink(real, link))
		r := openExisting(t, filepath.Join(link, "routes.yaml"))
		for _, endpoint := range []string{"10.0.0.2:1", "10.0.0.3:1"} {
			write(t, filepath.Join(real, "routes.yaml"), route("orders", endpoint))
			r.leadsTo(endpoint)
		}
	})
}

// TestFileBroken: a broken version is said once and changes nothing, the next
// good one is taken.
func TestFileBroken(t *testing.T) {
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), route("orders", "10.0.0.1:1"))
	r.replace(route("orders", "10.0.0.2"))
	record := r.logged(broken)
	if got := attr(record, "error"); !strings.Contains(got, `line 2: route "orders": endpoint "10.0.0.2" isn't host:port`) {
		t.Errorf("logged the error %q", got)
	}
	if record.Level != slog.LevelError {
		t.Errorf("logged at level %v", record.Level)
	}
	for range 3 {
		r.poll <- time.Time{} // the third is taken when the second is done
	}
	if n := len(r.log.records); n != 0 {
		t.Errorf("%d more records of the same fault", n)
	}
	if got := r.endpoint(); got != "10.0.0.1:1" {
		t.Errorf("orders leads to %s, want the old endpoint", got)
	}
	r.replace(route("orders", "10.0.0.3:1"))
	r.leadsTo("10.0.0.3:1")
	if got := r.Stats(); got["routes"] != 1 || got["reloads"] != uint64(1) || got["failed_reloads"] != uint64(1) {
		t.Errorf("Stats() = %v", got)
	}
}

func TestFileRestored(t *testing.T) {
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), route("orders", "10.0.0.1:1"))
	must(t, os.Rename(r.path, r.path+"~"))
	if got := attr(r.logged(broken), "error"); !strings.Contains(got, "no such file") {
		t.Errorf("logged the error %q", got)
	}
	if got := r.endpoint(); got != "10.0.0.1:1" {
		t.Errorf("orders leads to %s while the file is gone", got)
	}
	must(t, os.Rename(r.path+"~", r.path))
	r.logged(reloaded)
	if n := len(r.changed); n != 0 {
		t.Errorf("%d resources are said to have changed", n)
	}
}

// TestFileNotifies: exactly the resources that are answered differently are
// named, after the table has been swapped.
func TestFileNotifies(t *testing.T) {
	const before = `
routes:
  same:     {endpoint: "10.0.0.1:1", ttl: 5s, metadata: {a: b}}
  removed:  {endpoint: "10.0.0.1:1"}
  endpoint: {endpoint: "10.0.0.1:1"}
  timeout:  {endpoint: "10.0.0.1:1", timeout: 1s}
  ttl:      {endpoint: "10.0.0.1:1"}
  metadata: {endpoint: "10.0.0.1:1", metadata: {a: b}}
`
	const after = `
routes:
  same:     {metadata: {a: b}, endpoint: "10.0.0.1:1", ttl: 5000ms}
  added:    {endpoint: "10.0.0.1:1"}
  endpoint: {endpoint: "10.0.0.1:2"}
  timeout:  {endpoint: "10.0.0.1:1", timeout: 2s}
  ttl:      {endpoint: "10.0.0.1:1", ttl: 1s}
  metadata: {endpoint: "10.0.0.1:1", metadata: {a: c}}
`
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), before)
	r.replace(after)
	want := []string{"added", "endpoint", "metadata", "removed", "timeout", "ttl"}
	var got []string
	for range want {
		got = append(got, <-r.changed)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v are said to have changed, want %v", got, want)
	}
	record := r.logged(reloaded)
	for key, want := range map[string]string{"routes": "6", "added": "1", "changed": "4", "removed": "1"} {
		if got := attr(record, key); got != want {
			t.Errorf("logged %s=%s, want %s", key, got, want)
		}
	}
}

// TestFileThroughCache: a view sees the new route on the next lookup, and
// keeps those that haven't changed.
func TestFileThroughCache(t *testing.T) {
	const before = "routes:\n  orders: {endpoint: \"192.0.0.9:1\"}\n  same: {endpoint: \"192.0.0.9:1\"}\n"
	const after = "routes:\n  orders: {endpoint: \"192.0.0.10:1\"}\n  same: {endpoint: \"192.0.0.9:1\"}\n  added: {endpoint: \"192.0.0.9:1\"}\n"
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), before)
	c := NewCache(r.File, CacheOptions{})
	l := c.Local("postgresql")
	mustFetch(t, c, "orders")
	mustFetch(t, c, "same")
	wantKind(t, c, "added", NotFound)
	for _, resource := range []string{"orders", "same", "added"} {
		if l.Lookup([]byte(resource)) == nil {
			t.Fatalf("%s isn't found", resource)
		}
	}
	r.replace(after)
	r.logged(reloaded)
	if l.Lookup([]byte("orders")) != nil || l.Lookup([]byte("added")) != nil {
		t.Error("the change doesn't reach the view")
	}
	if l.Lookup([]byte("same")) == nil {
		t.Error("the unchanged route is gone")
	}
	if got := mustFetch(t, c, "orders").Endpoint; got != "192.0.0.10:1" {
		t.Errorf("orders leads to %s", got)
	}
	mustFetch(t, c, "added")
}

// TestFilePolled: a directory that is removed and made anew sends no events
// any more; the file is found again all the same, and watched.
func TestFilePolled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	must(t, os.Mkdir(dir, 0o700))
	r := openRoutes(t, filepath.Join(dir, "routes.yaml"), route("orders", "10.0.0.1:1"))
	must(t, os.RemoveAll(dir))
	r.logged(broken)
	must(t, os.Mkdir(dir, 0o700))
	write(t, r.path, route("orders", "10.0.0.2:1"))
	r.poll <- time.Time{}
	r.leadsTo("10.0.0.2:1")
	write(t, r.path, route("orders", "10.0.0.3:1"))
	r.leadsTo("10.0.0.3:1")
}

func TestFileIgnoresNeighbours(t *testing.T) {
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), route("orders", "10.0.0.1:1"))
	for i := range 20 {
		write(t, fmt.Sprint(r.path, i), "not: routes")
	}
	write(t, r.path, route("orders", "10.0.0.2:1"))
	r.leadsTo("10.0.0.2:1")
	if got := r.Stats(); got["reloads"] != uint64(1) {
		t.Errorf("Stats() = %v, want one reload", got)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	brokenPath, big := filepath.Join(dir, "broken.yaml"), filepath.Join(dir, "big.yaml")
	write(t, brokenPath, "routes:\n  orders: {}\n")
	write(t, big, "")
	must(t, os.Truncate(big, maxFile+1))
	tests := []struct{ path, want string }{
		{filepath.Join(dir, "missing.yaml"), "no such file"},
		{filepath.Join(dir, "missing", "routes.yaml"), "no such file"},
		{brokenPath, `broken.yaml: line 2: route "orders": no endpoint`},
		{big, "more than 16777216 bytes"},
		{dir, "is a directory"},
	}
	for _, tt := range tests {
		f, err := OpenFile(tt.path, OpenOptions{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("OpenFile(%s) fails with %v, want %q in it", tt.path, err, tt.want)
		}
		if f != nil {
			t.Errorf("OpenFile(%s) fails and returns a File", tt.path)
		}
	}
}

func TestFileClosed(t *testing.T) {
	r := openRoutes(t, filepath.Join(t.TempDir(), "routes.yaml"), route("orders", "10.0.0.1:1"))
	closeFile(t, r.File)
	closeFile(t, r.File)
	if got := r.endpoint(); got != "10.0.0.1:1" {
		t.Errorf("after Close orders leads to %s", got)
	}
}
