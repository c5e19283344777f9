package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// client is the driver with a job, and what is watched of it.
type client struct {
	*mongo.Client
	job job
	// beaten is closed when the job's heartbeats have come.
	beaten chan struct{}

	mu                   sync.Mutex // guards what follows
	beats, busy, busiest int
	report
}

// do connects and does the job.
func (c *client) do(ctx context.Context) error {
	if err := c.connect(); err != nil {
		return err
	}
	if len(c.job.Tour) > 0 {
		return c.tour(ctx)
	}
	return c.work(ctx)
}

// close ends the connections, if there are any.
func (c *client) close(ctx context.Context) {
	if c.Client != nil {
		_ = c.Disconnect(ctx) // fails if it has been called before
	}
}

func (c *client) connect() error {
	c.beaten = make(chan struct{})
	o := options.Client().ApplyURI(c.job.URI).SetServerMonitor(&event.ServerMonitor{
		ServerHeartbeatSucceeded:   func(*event.ServerHeartbeatSucceededEvent) { c.beat() },
		ServerDescriptionChanged:   func(e *event.ServerDescriptionChangedEvent) { c.changed(e.PreviousDescription) },
		TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) { c.changed(e.PreviousDescription.Servers...) },
	}).SetMonitor(&event.CommandMonitor{Started: c.started}).SetPoolMonitor(&event.PoolMonitor{Event: c.pooled})
	if c.job.ResolveTo != "" {
		o.SetDialer(dialer(c.job.ResolveTo))
	}
	var err error
	c.Client, err = mongo.Connect(o)
	return err
}

// dialer connects to one address whatever the host.
type dialer string

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var plain net.Dialer
	return plain.DialContext(ctx, network, net.JoinHostPort(string(d), port))
}

// beat counts the heartbeats.
func (c *client) beat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.beats++; c.beats == c.job.Beats {
		close(c.beaten)
	}
}

// changed counts the changes of a server that was known, and of the topology it
// belongs to.
func (c *client) changed(from ...event.ServerDescription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(from, func(d event.ServerDescription) bool { return d.Kind != "Unknown" }) {
		c.Changes++
	}
}

func (c *client) started(_ context.Context, e *event.CommandStartedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := e.Command.LookupErr("txnNumber"); err == nil {
		c.Retryable = true
	}
}

// pooled counts the connections in use.
func (c *client) pooled(e *event.PoolEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Type {
	case event.ConnectionCheckedOut:
		c.busy++
		c.busiest = max(c.busiest, c.busy)
	case event.ConnectionCheckedIn:
		c.busy--
	}
}

// reported returns what there is to report, with why it is no more.
func (c *client) reported(err error) report {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Error, c.Code = "", 0
	if err != nil {
		c.Error = err.Error()
		if command := (mongo.CommandError{}); errors.As(err, &command) {
			c.Code = command.Code
		}
	}
	return c.report
}
