//go:build linux

package headline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Headline are the settings. Of Common, Loops, Timeout, Worker and Progress
// count, and Targets and Server if the proxy under test is running already.
type Headline struct {
	loadtest.Common
	// Sessions is how many to hold; fewer if the machine has no room.
	Sessions int
	// Ramp is how many are opened per second.
	Ramp int
	// Duration is how long the connection rate is measured.
	Duration time.Duration
	// ProxyEngine is the binary under test, Loadtest the one of the backend.
	ProxyEngine, Loadtest string
}

const (
	// pilotSessions are held first, to see how much memory one takes.
	pilotSessions = 4000
	// leastSessionMemory is what four sockets take at least, in bytes.
	leastSessionMemory = 16 << 10
	// hold is how long sessions are idle before the last look at the server.
	hold = 5 * time.Second
	// rateConns are the connections at the same time that measure the rate.
	rateConns = 100
	// payload of the exchange on each session, in bytes.
	payload = 64
)

// Run measures. Sessions that failed are in the result's reports; an error
// means that there is no result.
func (h Headline) Run(ctx context.Context) (*Result, error) {
	if h.Sessions < 1 || h.Ramp < 1 || h.Duration <= 0 {
		return nil, errors.New("sessions, ramp and duration must be positive")
	}
	result := newResult(h.Sessions)
	for _, step := range []func(context.Context, *Result) error{h.size, h.holdAll, h.rateAll} {
		if err := errors.Join(step(ctx, result), ctx.Err()); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// on runs a measurement against n processes of proxy-engine or, if one runs
// already, against that.
func (h Headline) on(ctx context.Context, n int, measure func(loadtest.Common) error) error {
	if len(h.Targets) > 0 {
		return measure(h.Common)
	}
	stage, err := h.start(ctx, n)
	if err != nil {
		return err
	}
	defer stage.stop()
	c := h.Common
	c.Targets, c.Server = stage.targets, stage.server
	return measure(c)
}

// size finds out how many sessions there is room for, by holding a few.
func (h Headline) size(ctx context.Context, r *Result) error {
	if len(h.Targets) > 0 {
		return nil
	}
	room, err := readRoom()
	if err != nil {
		return err
	}
	r.PerProcess = room.perProcess()
	if err := h.on(ctx, 1, func(c loadtest.Common) (err error) {
		r.Pilot, err = h.hold(ctx, c, min(pilotSessions, r.PerProcess, h.Sessions))
		return err
	}); err != nil {
		return err
	}
	if r.Pilot.Failed() {
		return fmt.Errorf("the first %d sessions failed: %v", r.Pilot.Sessions.Wanted, r.Pilot.Rows())
	}
	r.Sessions, r.Notes = room.fit(h.Sessions, sessionMemory(r.Pilot))
	r.Notes = append(r.Notes, keepaliveNote)
	return nil
}

// keepaliveNote says what stage.run asks of the proxy beyond its defaults.
const keepaliveNote = "TCP keepalive begins after 1 h instead of 30 s: on one machine nobody vanishes, " +
	"and probing more than a million sockets every 30 s would be a load of its own"

// sessionMemory is what a session takes of the machine, in bytes. Whatever else
// comes and goes on the machine shows in what is available, so that isn't
// believed if it is less than the kernel's objects or than it can be.
func sessionMemory(pilot *report.Report) float64 {
	return max(pilot.MachinePerSession(), pilot.SlabPerSession(), leastSessionMemory)
}

// holdAll holds all sessions there is room for.
func (h Headline) holdAll(ctx context.Context, r *Result) error {
	n := 1
	if r.PerProcess > 0 {
		n = processesFor(r.Sessions, r.PerProcess)
	}
	return h.on(ctx, n, func(c loadtest.Common) (err error) {
		r.Hold, err = h.hold(ctx, c, r.Sessions)
		return err
	})
}

// rateAll has connections come and go, at one process with all cores.
func (h Headline) rateAll(ctx context.Context, r *Result) error {
	return h.on(ctx, 1, func(c loadtest.Common) (err error) {
		r.Rate, err = h.rate(ctx, c)
		return err
	})
}

func (h Headline) hold(ctx context.Context, c loadtest.Common, sessions int) (*report.Report, error) {
	// There are many processes, and to read their memory is work for the machine.
	c.SampleEvery = 2 * time.Second
	return loadtest.Hold{Common: c, Sessions: sessions, Ramp: h.Ramp, Payload: payload, Hold: hold}.Run(ctx)
}

func (h Headline) rate(ctx context.Context, c loadtest.Common) (*report.Report, error) {
	return loadtest.Rate{
		Exchanges: loadtest.Exchanges{Common: c, Conns: rateConns, WarmUp: time.Second, Duration: h.Duration},
		Payload:   payload,
	}.Run(ctx)
}
