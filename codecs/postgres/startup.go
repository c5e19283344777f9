package postgres

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const (
	parameterDatabase = "database"
	parameterUser     = "user"
)

const (
	detailLayout = "invalid startup packet layout"
	detailNoUser = "no PostgreSQL user name specified in startup packet"
)

// startup routes by a StartupMessage. It stays unconsumed: Open passes it on.
func (c *codec) startup(in []byte, size int) codecs.Step {
	if len(in) < size {
		return codecs.Step{}
	}
	user, database, ok := identity(in[headerSize:size])
	switch {
	case !ok:
		return fail(codecs.Malformed, detailLayout)
	case len(user) == 0:
		return fail(codecs.Forbidden, detailNoUser)
	case len(database) == 0:
		database = user
	}
	return c.route(database)
}

// route turns a database's or a server's name into a resource id.
func (c *codec) route(name []byte) codecs.Step {
	id := c.options.ResourcePattern.Cut(name)
	if id == nil {
		step := fail(codecs.NotFound, "")
		step.Failure.Resource = string(name)
		return step
	}
	return codecs.Step{Action: codecs.Route, Resource: id}
}

// identity finds the two parameters that say who wants what. ok is false when
// the server would call the layout invalid.
func identity(body []byte) (user, database []byte, ok bool) {
	list := parameters{rest: body}
	for list.next() {
		switch string(list.name) {
		case parameterUser:
			user = list.value
		case parameterDatabase:
			database = list.value
		}
	}
	return user, database, list.complete()
}

// parameters walks over a StartupMessage's parameters without copying them.
type parameters struct {
	name, value []byte
	// rest is what follows them.
	rest []byte
}

// next moves to the next parameter and reports whether there is one.
func (p *parameters) next() bool {
	name, rest, ok := cutString(p.rest)
	if !ok || len(name) == 0 {
		return false
	}
	value, rest, ok := cutString(rest)
	if !ok {
		return false
	}
	p.name, p.value, p.rest = name, value, rest
	return true
}

// complete reports, after the last parameter, whether the terminator follows
// and nothing else.
func (p *parameters) complete() bool {
	return len(p.rest) == 1 && p.rest[0] == 0
}

// cutString cuts a NUL-terminated string off b; ok is false if there is none.
func cutString(b []byte) (s, rest []byte, ok bool) {
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return nil, nil, false
	}
	return b[:end], b[end+1:], true
}
