package mongodb

import "github.com/proxy-engine/proxy-engine/codecs"

// routing is what a client was routed by.
type routing uint8

const (
	// byCommand: the $db of a command. What the client asks of other databases
	// later may not be meant for this backend.
	byCommand routing = iota
	// byHello: a hello that logs in, whose reply the client awaits of the
	// backend.
	byHello
	// byLogin: the $db of a saslStart.
	byLogin
)

// String returns the routing's name.
func (r routing) String() string {
	switch r {
	case byCommand:
		return "command"
	case byHello:
		return "hello"
	case byLogin:
		return "login"
	default:
		return "unknown"
	}
}

// route turns a database's name into a resource id, unless the client has named
// one in other ways. The request stays unconsumed: Open passes it on.
func (c *codec) route(database []byte, by routing) codecs.Step {
	c.by = by
	if c.named != nil {
		return codecs.Step{Action: codecs.Route, Resource: c.named}
	}
	id := c.options.ResourcePattern.Cut(database)
	if id == nil {
		return unknown(database)
	}
	return codecs.Step{Action: codecs.Route, Resource: id}
}

// unknown is the step for a database whose name holds no resource id.
func unknown(database []byte) codecs.Step {
	step := fail(codecs.NotFound, "")
	step.Failure.Resource = string(database)
	return step
}
