package smtp

import (
	"unicode/utf8"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// maxName is the length of the longest domain name, in bytes (RFC 5321 section
// 4.5.3.1.2).
const maxName = 255

const detailNoServerName = "the TLS handshake has named no host"

// greet takes the client's name, and answers it or routes by it. A second
// hello begins anew (RFC 5321 section 4.1.4).
func (c *codec) greet(v verb, name, in []byte, n int) codecs.Step {
	if !validName(name) {
		return c.object(n, replyNoName)
	}
	c.remember(in[:n])
	c.extended, c.mail = v == verbEHLO, nil
	if c.routesByHello() && (c.secured || !c.cfg.negotiable()) {
		return c.routeByHello(n)
	}
	c.answered = true
	return codecs.Step{ToClient: c.welcome(), Consumed: n}
}

// remember keeps the hello, CRLF included.
func (c *codec) remember(line []byte) {
	if c.hello == nil {
		c.hello = c.inline[:0]
	}
	c.hello = append(c.hello[:0], line...)
}

// name is the client's name as it said hello with.
func (c *codec) name() []byte {
	_, name := cutVerb(c.hello[:len(c.hello)-len(crlf)])
	return name
}

// welcome is the answer to the client's hello.
func (c *codec) welcome() []byte {
	switch {
	case !c.extended:
		return c.cfg.helo
	case c.secured:
		return c.cfg.secure
	default:
		return c.cfg.plain
	}
}

// routesByHello says that the hello is all there is to wait for.
func (c *codec) routesByHello() bool {
	return c.cfg.RouteBy == RouteByEHLO || c.cfg.RouteBy == RouteBySNI
}

// routeByHello routes by the client's name or the one in its TLS handshake. n
// bytes of the input are dealt with.
func (c *codec) routeByHello(n int) codecs.Step {
	if c.cfg.RouteBy == RouteByEHLO {
		return c.route(c.name(), n)
	}
	if c.serverName == "" {
		return fail(codecs.NotFound, detailNoServerName)
	}
	return c.route([]byte(c.serverName), n)
}

// routeLate routes a client whose hello was answered here, because it could
// have encrypted, and which goes on without: what it has just said stays
// unconsumed for the backend. ok is false where there is nothing to route by.
func (c *codec) routeLate() (step codecs.Step, ok bool) {
	if !c.routesByHello() || c.hello == nil {
		return codecs.Step{}, false
	}
	return c.routeByHello(0), true
}

// route ends the part before the backend. A name that is in lower case already
// isn't copied.
func (c *codec) route(name []byte, n int) codecs.Step {
	c.phase = phaseRouted
	if hasUpper(name) {
		c.resource = appendLower(c.resource[:0], name)
		name = c.resource
	}
	return codecs.Step{Action: codecs.Route, Resource: name, Consumed: n}
}

func hasUpper(name []byte) bool {
	for _, b := range name {
		if lowerCase(b) != b {
			return true
		}
	}
	return false
}

// validName says whether a client may call itself that. Names of hosts aren't
// all host names (RFC 5321 section 4.1.4: many are wrong, and are to be put up
// with): anything goes that is one word of text.
func validName(name []byte) bool {
	if len(name) == 0 || len(name) > maxName || !utf8.Valid(name) {
		return false
	}
	for _, b := range name {
		if b <= ' ' || b == 0x7f {
			return false
		}
	}
	return true
}
