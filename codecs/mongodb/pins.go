package mongodb

import (
	"slices"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// pins are the databases a session may use without asking. A driver's pooled
// connection serves all databases of its client, but only the first one's name
// has chosen the backend: another one's data must not end up there.
type pins struct {
	// names are those found to live at this backend, at most maxPins.
	names []string
}

// maxPins is how many databases are remembered of a session; with more the
// oldest is asked for again.
const maxPins = 8

// everywhere are the databases every server has of its own.
func everywhere(database []byte) bool {
	switch string(database) {
	case "admin", "config", "local", "$external":
		return true
	default:
		return false
	}
}

// pin binds the session to the database it was routed by, unless something else
// has named the resource: a client that has logged in is kept to its databases
// by the backend, and one that is told apart by a name of its own brings them
// all.
func (c *codec) pin(in []byte) {
	if c.by == byCommand && c.named == nil {
		c.pins = &pins{names: []string{string(c.database(in))}}
	}
}

// hold reports whether a database needs no asking.
func (p *pins) hold(database []byte) bool {
	return everywhere(database) || slices.ContainsFunc(p.names, func(name string) bool {
		return name == string(database)
	})
}

func (p *pins) add(database []byte) {
	if len(p.names) == maxPins {
		p.names = slices.Delete(p.names, 0, 1)
	}
	p.names = append(p.names, string(database))
}

// ask asks for the resource of another database. The request has passed up to
// its $db; the backend makes nothing of half a message. If the answer isn't
// another Open, the session ends with Refuse. Until the session stands the
// request waits.
func (c *codec) ask(database []byte) codecs.Step {
	if !validDatabase(database) {
		return fail(codecs.Malformed, detailDatabase)
	}
	id := c.options.ResourcePattern.Cut(database)
	switch {
	case id == nil:
		return unknown(database)
	case c.phase != phaseStanding:
		c.up.findAgain()
		return codecs.Step{}
	}
	c.asking = true
	return codecs.Step{Action: codecs.Route, Resource: id}
}

// allow goes on with the request whose $db in begins with, whose database lives
// at this backend, under the name that the resolver gives it.
func (c *codec) allow(in []byte, name string) codecs.Step {
	c.asking = false
	e, _ := readElement(in)
	if renamed(e.text(), name) {
		return fail(codecs.Internal, detailRename)
	}
	c.pins.add(e.text())
	return codecs.Step{Action: codecs.Stand}
}
