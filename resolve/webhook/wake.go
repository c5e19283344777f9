package webhook

import (
	"context"
	"errors"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Waker has resources started by the URLs their routes name. Safe for concurrent
// use.
type Waker struct{ *client }

var _ resolve.WakeFunc = (*Waker)(nil).Wake

// NewWaker returns a Waker. It is closed after the last Wake.
func NewWaker(o Options) (*Waker, error) {
	if o.Token != "" && len(o.Origins) == 0 {
		return nil, errors.New("a token for wake hooks needs origins: it would be sent to wherever a route says")
	}
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Waker{c}, nil
}

// Wake is a resolve.WakeFunc.
func (w *Waker) Wake(ctx context.Context, target string, req resolve.Request, res resolve.Result) error {
	return w.wake(ctx, target, req, res)
}

// wake POSTs the call. Any 2xx will do; what else is in the answer is for errors.
func (c *client) wake(ctx context.Context, target string, req resolve.Request, res resolve.Result) error {
	u, err := parseTarget(target)
	if err != nil {
		return resolve.Errorf(resolve.Internal, "wake: %w", err)
	}
	if !c.o.mayWake(u) {
		return resolve.Errorf(resolve.Internal, "wake: %s isn't among the origins", origin(u))
	}
	a, err := c.post(ctx, u, newWakeCall(target, req, res))
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return c.o.failure(a)
	}
	return nil
}
