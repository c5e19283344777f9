//go:build linux

package loadtest

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// patience ends a test that hangs. No outcome depends on its length.
const patience = 30 * time.Second

func arrivingAt(c Common, perSecond float64) Exchanges {
	load := exchangesTo(c, 2)
	load.Arrivals = perSecond
	return load
}

// TestRareArrivalsFillTheWindow measures for as long as was asked for, though
// the last exchange is done long before.
func TestRareArrivalsFillTheWindow(t *testing.T) {
	rig := newRig(t, backend.Echo)
	load := arrivingAt(rig.Common, 5)
	r, err := RR{Exchanges: load, Payload: 64}.Run(t.Context())
	clean(t, r, err)
	equal(t, "measured time", uint64(r.Elapsed), uint64(load.Duration))
}

// TestSessionsThatFailWhileIdle has the server end each connection after its
// first exchange, and answer to nobody who comes back.
func TestSessionsThatFailWhileIdle(t *testing.T) {
	const conns, payload = 8, 64
	first := make(chan struct{}, conns)
	for range conns {
		first <- struct{}{}
	}
	target := serveOne(t, func(conn net.Conn) {
		select {
		case <-first:
			_, _ = io.CopyN(conn, conn, payload)
		default:
			_, _ = io.Copy(io.Discard, conn)
		}
	})
	common := commonTo(target)
	common.Loops, common.Timeout = 1, 200*time.Millisecond
	load := exchangesTo(common, conns)
	load.Arrivals = 1000
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := RR{Exchanges: load, Payload: payload}.Run(ctx)
	if err != nil || r.Interrupted {
		t.Fatalf("%v, report %+v", err, r)
	}
	if !r.Failed() || r.Failures[measure.Late] == 0 || r.Sessions.Alive > 0 {
		t.Errorf("failures %v, sessions %+v", r.Failures, r.Sessions)
	}
}

// TestInterruptedBeforeAnyAnswer counts no session as established.
func TestInterruptedBeforeAnyAnswer(t *testing.T) {
	for mode, with := range map[string]func(Exchanges) runner{
		"rr":      func(e Exchanges) runner { return RR{Exchanges: e, Payload: 64} },
		"pg":      func(e Exchanges) runner { return Postgres{Exchanges: e, User: "app", Databases: []string{"app"}} },
		"mongodb": func(e Exchanges) runner { return MongoDB{Exchanges: e, Databases: []string{"app"}} },
	} {
		t.Run(mode, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			target := serveOne(t, func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1))
				cancel()
				_, _ = io.Copy(io.Discard, conn)
			})
			r, err := with(exchangesTo(commonTo(target), 2)).Run(ctx)
			if err != nil || !r.Interrupted {
				t.Fatalf("%v, report %+v", err, r)
			}
			equal(t, "established", r.Sessions.Established, 0)
			equal(t, "alive", r.Sessions.Alive, 0)
		})
	}
}

// TestHoldGivesUpVerifying has the server answer each session once: the check
// at the end doesn't wait for a timeout per batch of them.
func TestHoldGivesUpVerifying(t *testing.T) {
	const sessions, payload = atOnce + hopelessAfter, 64
	target := serveOne(t, func(conn net.Conn) {
		_, _ = io.CopyN(conn, conn, payload)
		_, _ = io.Copy(io.Discard, conn)
	})
	common := commonTo(target)
	common.Loops, common.Timeout = 1, 2*time.Second
	r, err := Hold{Common: common, Sessions: sessions, Ramp: 100_000, Payload: payload}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "established", r.Sessions.Established, sessions)
	equal(t, "alive", r.Sessions.Alive, 0)
	equal(t, "failures", r.Failures.Total(), atOnce)
}
