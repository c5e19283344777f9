package resolve

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestChain(t *testing.T) {
	ok, other := Result{Endpoint: "a:1", TTL: time.Minute}, Result{Endpoint: "b:1"}
	unknown := func(e Error) error { e.Kind = NotFound; return &e }
	type member struct {
		res Result
		err error
	}
	tests := []struct {
		name    string
		members []member
		want    Result
		err     Error
	}{
		{"the first knows", []member{{res: ok}, {res: other}}, ok, Error{}},
		{"the second knows", []member{{err: unknown(Error{})}, {res: ok}}, ok, Error{}},
		{"the second knows what the first may soon", []member{{err: unknown(Error{TTL: time.Second})}, {res: ok}}, ok, Error{}},
		{"the second knows what the first wouldn't tell another", []member{{err: unknown(Error{TTL: -1})}, {res: ok}}, Result{Endpoint: "a:1", TTL: -1}, Error{}},
		{"the first fails", []member{{err: Errorf(Unavailable, "down")}, {res: ok}}, Result{}, Error{Kind: Unavailable}},
		{"the first refuses", []member{{err: Errorf(Forbidden, "no")}, {res: ok}}, Result{}, Error{Kind: Forbidden}},
		{"the first breaks", []member{{err: errors.New("x")}, {res: ok}}, Result{}, Error{Kind: Internal}},
		{"the second fails", []member{{err: unknown(Error{})}, {err: Errorf(Timeout, "slow")}, {res: ok}}, Result{}, Error{Kind: Timeout}},
		{"nobody knows", []member{{err: unknown(Error{})}, {err: unknown(Error{})}}, Result{}, Error{Kind: NotFound}},
		{"nobody knows, for shorter", []member{{err: unknown(Error{TTL: time.Hour})}, {err: unknown(Error{TTL: time.Second})}}, Result{}, Error{Kind: NotFound, TTL: time.Second}},
		{"nobody knows, by default", []member{{err: unknown(Error{TTL: time.Hour})}, {err: unknown(Error{})}}, Result{}, Error{Kind: NotFound}},
		{"nobody knows, once", []member{{err: unknown(Error{TTL: -1})}, {err: unknown(Error{TTL: time.Second})}}, Result{}, Error{Kind: NotFound, TTL: -1}},
		{"nobody knows, in words", []member{{err: unknown(Error{})}, {err: unknown(Error{Text: "Moved.", RetryAfter: 1})}, {err: unknown(Error{Text: "Gone."})}},
			Result{}, Error{Kind: NotFound, Text: "Moved.", RetryAfter: 1}},
		{"there is nobody", nil, Result{}, Error{Kind: NotFound}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var members []Resolver
			for _, m := range tt.members {
				members = append(members, answering(m.res, m.err))
			}
			got, err := Chain(members...).Resolve(t.Context(), db("x"))
			if (err == nil) != (tt.want.Endpoint != "") {
				t.Fatalf("Resolve = %+v, %v", got, err)
			}
			if !sameResult(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			var e *Error
			if errors.As(err, &e) && (e.Kind != tt.err.Kind || e.TTL != tt.err.TTL || e.Text != tt.err.Text || e.RetryAfter != tt.err.RetryAfter) {
				t.Errorf("error %+v, want %+v", e, tt.err)
			}
		})
	}
}

func TestChainNamesAllMisses(t *testing.T) {
	_, err := Chain(answering(Result{}, Errorf(NotFound, "not in the file")), answering(Result{}, &Error{Kind: NotFound})).Resolve(t.Context(), db("x"))
	if text := err.Error(); !strings.Contains(text, "not in the file") || strings.Count(text, "not_found") != 2 {
		t.Error(text)
	}
}

func TestChainOfOne(t *testing.T) {
	if r := Chain(Fixed("a:1")); r != Resolver(Fixed("a:1")) {
		t.Errorf("%v", r)
	}
}

// TestChainThroughCache: who is told of a session is the one whose answer its route
// is, also when another one has the resource by now, and its endpoint is another of
// the answer's.
func TestChainThroughCache(t *testing.T) {
	var calls []string
	second := teller{newFull("second", &calls), Result{Endpoint: "192.0.0.9:1", Others: []string{"192.0.0.10:1"}, Wake: "x"}}
	r := Chain(newFull("first", &calls), second)
	c := NewCache(r, CacheOptions{})
	route := mustFetch(t, c, "orders")
	wantCalled(t, &calls, "first Notify, second Notify, first NotifyDoubt, second NotifyDoubt, first Resolve, second Resolve")
	for _, route := range []*Route{route, route.Alternatives[0], mustFetch(t, c, "orders"), c.Woken(route)} {
		r.(Tracker).OnConnect(route.Request, route.Result)
		if err := r.(Waker).Wake(t.Context(), route.Request, route.Result); err != nil {
			t.Error(err)
		}
		wantCalled(t, &calls, "second OnConnect, second Wake x")
	}
	c.Purge("orders")
	wantCalled(t, &calls, "first Purge orders, second Purge orders")
}

// teller is a full that knows everything.
type teller struct {
	full
	res Result
}

func (r teller) Resolve(context.Context, Request) (Result, error) {
	r.note("Resolve")
	return r.res, nil
}

// TestStrangersResult: one that didn't come from the chain is nobody's.
func TestStrangersResult(t *testing.T) {
	var calls []string
	r := Chain(newFull("a", &calls), newFull("b", &calls))
	foreign, err := Chain(newFull("c", &calls), newFull("d", &calls)).Resolve(t.Context(), db("c"))
	if err != nil {
		t.Fatal(err)
	}
	_ = taken(&calls)
	for _, res := range []Result{{}, foreign} {
		r.(Tracker).OnConnect(db("a"), res)
		if err := r.(Waker).Wake(t.Context(), db("a"), res); err != nil {
			t.Error(err)
		}
	}
	wantCalled(t, &calls, "")
}
