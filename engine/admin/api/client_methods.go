package api

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Stats returns the engine's figures.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	return get[Stats](ctx, c, "/stats", nil)
}

// SessionFilter picks sessions: those of which everything is true that isn't the
// zero value.
type SessionFilter struct {
	// IDs are those of sessions that were listed.
	IDs                                    []string
	Resource, Protocol, Listener, Endpoint string
	// Client is an address, or a network as 10.0.0.0/8.
	Client string
	State  string
	// MinAge and MaxAge bound how long sessions have been there.
	MinAge, MaxAge time.Duration
	// Limit is how many to list at most; 0 leaves it to the server. Only Sessions
	// takes it.
	Limit int
}

// query is the filter as the server reads it.
func (f SessionFilter) query() url.Values {
	q := make(url.Values)
	q["id"] = f.IDs
	for name, text := range map[string]string{
		"resource": f.Resource, "protocol": f.Protocol, "listener": f.Listener, "endpoint": f.Endpoint,
		"client": f.Client, "state": f.State,
	} {
		setUnlessEmpty(q, name, text)
	}
	for name, age := range map[string]time.Duration{"min_age": f.MinAge, "max_age": f.MaxAge} {
		if age != 0 {
			q.Set(name, age.String())
		}
	}
	setLimit(q, f.Limit)
	return q
}

func setUnlessEmpty(q url.Values, name, text string) {
	if text != "" {
		q.Set(name, text)
	}
}

func setLimit(q url.Values, limit int) {
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
}

// Sessions lists sessions, the oldest first.
func (c *Client) Sessions(ctx context.Context, f SessionFilter) (Sessions, error) {
	return get[Sessions](ctx, c, "/sessions", f.query())
}

// CloseSessions ends sessions, and says how many. A server refuses a filter that
// picks all.
func (c *Client) CloseSessions(ctx context.Context, f SessionFilter) (Done, error) {
	return post[Done](ctx, c, "/sessions/close", f.query())
}

// ResourceFilter picks resources: those of which everything is true that isn't the
// zero value.
type ResourceFilter struct {
	// Name is a part of the resource's.
	Name, Protocol, State string
	// Sort says which come first: sessions (as without), name, traffic or activity.
	Sort string
	// Limit is how many to list at most; 0 leaves it to the server.
	Limit int
}

// Resources lists resources.
func (c *Client) Resources(ctx context.Context, f ResourceFilter) ([]Resource, error) {
	q := make(url.Values)
	for name, text := range map[string]string{"name": f.Name, "protocol": f.Protocol, "state": f.State, "sort": f.Sort} {
		setUnlessEmpty(q, name, text)
	}
	setLimit(q, f.Limit)
	return get[[]Resource](ctx, c, "/resources", q)
}

// Wake starts a resource as if a client had come, without waiting until it is
// ready.
func (c *Client) Wake(ctx context.Context, protocol, resource string) (Done, error) {
	return c.onResource(ctx, "wake", protocol, resource)
}

// DrainResource has a resource's sessions of now end in order. They may come back.
func (c *Client) DrainResource(ctx context.Context, protocol, resource string) (Done, error) {
	return c.onResource(ctx, "drain", protocol, resource)
}

// Block has a resource's clients refused until Unblock.
func (c *Client) Block(ctx context.Context, protocol, resource string) (Done, error) {
	return c.onResource(ctx, "block", protocol, resource)
}

// Unblock ends what Block began.
func (c *Client) Unblock(ctx context.Context, protocol, resource string) (Done, error) {
	return c.onResource(ctx, "unblock", protocol, resource)
}

func (c *Client) onResource(ctx context.Context, action, protocol, resource string) (Done, error) {
	return post[Done](ctx, c, "/resources/"+action, url.Values{"protocol": {protocol}, "resource": {resource}})
}

// Purge has the cached answers about a resource, of whatever protocol, forgotten.
func (c *Client) Purge(ctx context.Context, resource string) (Done, error) {
	return post[Done](ctx, c, "/resources/purge", url.Values{"resource": {resource}})
}

// PurgeAll has all cached answers forgotten.
func (c *Client) PurgeAll(ctx context.Context) (Done, error) {
	return post[Done](ctx, c, "/resources/purge", url.Values{"all": {"true"}})
}

// Endpoints lists backends, those with the most sessions first.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return get[[]Endpoint](ctx, c, "/endpoints", nil)
}

// The states of ForceEndpoint.
const (
	ForceAuto   = "auto"   // the breaker decides
	ForceOpen   = "open"   // nobody is let through
	ForceClosed = "closed" // everybody is
	ForceDrain  = "drain"  // nobody new is, and who is there leaves
)

// ForceEndpoint decides about an endpoint in its breaker's place.
func (c *Client) ForceEndpoint(ctx context.Context, endpoint, state string) (Done, error) {
	return post[Done](ctx, c, "/endpoints/force", url.Values{"endpoint": {endpoint}, "state": {state}})
}

// Log says how much is logged.
func (c *Client) Log(ctx context.Context) (Log, error) {
	return get[Log](ctx, c, "/log", nil)
}

// SetLog changes how much is logged, as far as l's fields aren't empty, and returns
// how much it is now.
func (c *Client) SetLog(ctx context.Context, l Log) (Log, error) {
	q := make(url.Values)
	setUnlessEmpty(q, "level", l.Level)
	setUnlessEmpty(q, "sessions", l.Sessions)
	return post[Log](ctx, c, "/log", q)
}

// Reload has the proxy read its configuration again.
func (c *Client) Reload(ctx context.Context) (Reload, error) {
	return post[Reload](ctx, c, "/config/reload", nil)
}

// Drain has the proxy end as SIGTERM does: no new clients, and those that are there
// may finish for as long as it is configured to wait.
func (c *Client) Drain(ctx context.Context) (Done, error) {
	return post[Done](ctx, c, "/drain", nil)
}
