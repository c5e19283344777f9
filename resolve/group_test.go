package resolve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// full is a Resolver with every optional interface, which notes its calls. It
// knows the resources whose names begin with its own.
type full struct {
	name    string
	calls   *[]string
	changed *func(string)
	doubt   *func()
}

func newFull(name string, calls *[]string) full {
	return full{name: name, calls: calls, changed: new(func(string)), doubt: new(func())}
}

func (r full) note(call string) { *r.calls = append(*r.calls, r.name+" "+call) }

func (r full) Resolve(_ context.Context, req Request) (Result, error) {
	r.note("Resolve")
	if !strings.HasPrefix(req.Resource, r.name) {
		return Result{}, Errorf(NotFound, "%s doesn't know it", r.name)
	}
	return Result{Endpoint: r.name + ":1", Wake: "own"}, nil
}

func (r full) OnConnect(Request, Result)                    { r.note("OnConnect") }
func (r full) Track(Request, Result, uint64, uint64)        { r.note("Track") }
func (r full) OnDisconnect(Request, Result, uint64, uint64) { r.note("OnDisconnect") }
func (r full) Purge(resource string)                        { r.note("Purge " + resource) }
func (r full) Notify(changed func(string))                  { r.note("Notify"); *r.changed = changed }
func (r full) NotifyDoubt(doubt func())                     { r.note("NotifyDoubt"); *r.doubt = doubt }
func (r full) Stats() map[string]any                        { return map[string]any{"name": r.name} }

func (r full) Wake(_ context.Context, _ Request, res Result) error {
	r.note("Wake " + res.Wake)
	return nil
}

func (r full) Close() error {
	r.note("Close")
	return errors.New(r.name)
}

// taken returns the calls so far, and forgets them.
func taken(calls *[]string) string {
	all := strings.Join(*calls, ", ")
	*calls = nil
	return all
}

func wantCalled(t *testing.T, calls *[]string, want string) {
	t.Helper()
	if got := taken(calls); got != want {
		t.Errorf("called: %s\nwant: %s", got, want)
	}
}

// use has a session of a resource, and wakes it.
func use(t *testing.T, r Resolver, protocol, resource string) {
	t.Helper()
	req := Request{Protocol: protocol, Resource: resource}
	res, err := r.Resolve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	tracker := r.(Tracker)
	tracker.OnConnect(req, res)
	tracker.Track(req, res, 1, 2)
	tracker.OnDisconnect(req, res, 1, 2)
	if err := r.(Waker).Wake(t.Context(), req, res); err != nil {
		t.Error(err)
	}
}

const session = "%[1]s OnConnect, %[1]s Track, %[1]s OnDisconnect, %[1]s Wake own"

// TestGroups: what is about a session is told the resolver that answered, whatever
// else all of them, once each, however they are put together.
func TestGroups(t *testing.T) {
	var calls []string
	a, b, c := newFull("a", &calls), newFull("b", &calls), newFull("c", &calls)
	inner := Chain(b, c)
	r := WithWake(ByProtocol(map[string]Resolver{"http": Chain(a, inner), "": inner, "none": nil}), "https://api.internal/wake", nil)
	r = ByProtocol(map[string]Resolver{"": r})

	use(t, r, "http", "c")
	wantCalled(t, &calls, "a Resolve, b Resolve, c Resolve, "+fmt.Sprintf(session, "c"))
	use(t, r, "http", "a")
	wantCalled(t, &calls, "a Resolve, "+fmt.Sprintf(session, "a"))
	use(t, r, "mysql", "b")
	wantCalled(t, &calls, "b Resolve, "+fmt.Sprintf(session, "b"))
	_, err := r.Resolve(t.Context(), Request{Protocol: "none", Resource: "a"})
	if KindOf(err) != NotFound {
		t.Error(err)
	}

	var changed []string
	r.(Notifier).Notify(func(resource string) { changed = append(changed, resource) })
	doubts := 0
	r.(Doubter).NotifyDoubt(func() { doubts++ })
	r.(Purger).Purge("x")
	if err := r.(io.Closer).Close(); err == nil || err.Error() != "b\nc\na" {
		t.Errorf("Close: %v", err)
	}
	wantCalled(t, &calls, "b Notify, c Notify, a Notify, b NotifyDoubt, c NotifyDoubt, a NotifyDoubt, "+
		"b Purge x, c Purge x, a Purge x, b Close, c Close, a Close")
	for _, member := range []full{a, b, c} {
		(*member.changed)(member.name)
		(*member.doubt)()
	}
	if !slices.Equal(changed, []string{"a", "b", "c"}) || doubts != 3 {
		t.Errorf("told of %q and %d doubts", changed, doubts)
	}
	if got := fmt.Sprint(r.(StatsReporter).Stats()); got != "map[name:b name_2:c name_3:a]" {
		t.Errorf("stats: %s", got)
	}
}

// uncomparable is a Resolver of a type that == panics for.
type uncomparable struct{ Resolver }

type tableResolver map[string]Result

func (r tableResolver) Resolve(_ context.Context, req Request) (Result, error) {
	return r[req.Resource], nil
}

func TestGroupOfAnything(t *testing.T) {
	table := tableResolver{"a": public}
	r := ByProtocol(map[string]Resolver{"": table, "x": table, "y": Chain(uncomparable{table}, Fixed("a:1"))})
	r.(Purger).Purge("")
	if err := r.(io.Closer).Close(); err != nil {
		t.Error(err)
	}
	if _, tracks := r.(Tracker); tracks {
		t.Error("a Tracker without anybody to tell")
	}
	res, err := r.Resolve(t.Context(), Request{Protocol: "x", Resource: "a"})
	if err != nil || res.Endpoint != public.Endpoint {
		t.Errorf("Resolve = %v, %v", res, err)
	}
	if err := r.(Waker).Wake(t.Context(), Request{}, Result{Wake: "x"}); err != nil {
		t.Errorf("Wake with nobody who could: %v", err)
	}
}
