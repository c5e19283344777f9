package mysql

import (
	"bytes"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const detailDatabase = "the route names a database that cannot be asked for"

// route turns what a handshake response names into a resource id, or logs the
// client in without one. The response stays unconsumed for Open.
func (c *codec) route(r *response) codecs.Step {
	name := c.name(r)
	if len(name) == 0 {
		return c.lateLogin(r)
	}
	return c.routeTo(name)
}

// routeTo routes to the resource within a name from the wire.
func (c *codec) routeTo(name []byte) codecs.Step {
	id := c.settings.ResourcePattern.Cut(name)
	if id == nil {
		step := fail(codecs.NotFound, "")
		step.Failure.Resource = string(name)
		return step
	}
	c.phase = phaseRouted
	return codecs.Step{Action: codecs.Route, Resource: id}
}

// name returns the name of the resource: the first there is of database, user
// form, attribute and server name.
func (c *codec) name(r *response) []byte {
	if len(r.database) > 0 {
		return r.database
	}
	if _, resource := c.splitUser(r.user); len(resource) > 0 {
		return resource
	}
	if resource := r.attribute(c.settings.Attribute); len(resource) > 0 {
		return resource
	}
	if c.settings.RouteBySNI && c.serverName != "" {
		return []byte(strings.ToLower(c.serverName))
	}
	return nil
}

// splitUser splits a user of the configured form; others are the backend's as
// they are.
func (c *codec) splitUser(user []byte) (bare, resource []byte) {
	separator := c.settings.UserSeparator
	if separator == "" {
		return user, nil
	}
	at := bytes.LastIndex(user, []byte(separator))
	if at < 0 {
		return user, nil
	}
	return user[:at], user[at+len(separator):]
}

// validDatabase says that a name fits where it is written.
func validDatabase(name string) bool {
	return strings.IndexByte(name, 0) < 0 && len(name) <= maxName
}

// maxName is the length of the longest name of a database, in bytes: 64
// characters of up to four.
const maxName = 64 * 4
