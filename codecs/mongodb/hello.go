package mongodb

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const (
	detailHello = "invalid hello"
	detailUser  = "saslSupportedMechs must be a database and a user, separated by a dot"
)

// manner is how a hello wants to be answered.
type manner struct {
	// old says that it goes by its old name and wants the old words.
	old bool
	// helloOk says that the client would rather use the new name.
	helloOk bool
}

// hello is what a client's hello says.
type hello struct {
	manner
	// auth is the database whose users the client is one of, nil if it doesn't
	// log in. Such a hello isn't answered here: the backend's reply says how to
	// log in, or has begun to.
	auth []byte
	// application is the application's name, nil if it has none.
	application []byte
	// timed says that the reply may come late, which it does in a stream.
	timed bool
}

// isHello reports whether a command is hello, by one of its names.
func isHello(name []byte) bool {
	return string(name) == "hello" || isOldHello(name)
}

func isOldHello(name []byte) bool {
	return string(name) == "isMaster" || string(name) == "ismaster"
}

// readHello reads a hello's document. detail says what is wrong with it.
func readHello(body []byte) (h hello, detail string) {
	d, ok := readDocument(body)
	if !ok || !d.next() || !isHello(d.name) {
		return hello{}, detailHello
	}
	h.old = isOldHello(d.name)
	for d.next() {
		if !h.field(&d.element) {
			return hello{}, detailUser
		}
	}
	if !d.whole {
		return hello{}, detailHello
	}
	return h, ""
}

// field notes what a field says; false if it says nothing a server takes.
func (h *hello) field(e *element) bool {
	switch string(e.name) {
	case "helloOk":
		h.helloOk = e.kind != kindBool || e.value[0] != 0
	case "saslSupportedMechs":
		return e.kind == kindString && h.authenticates(e.text())
	case "speculativeAuthenticate":
		h.speculates(e)
	case "client":
		h.application = applicationName(e)
	case "maxAwaitTimeMS", "topologyVersion":
		h.timed = true
	}
	return true
}

// authenticates takes the database from "db.user".
func (h *hello) authenticates(user []byte) bool {
	database, _, ok := bytes.Cut(user, []byte{'.'})
	if ok && validDatabase(database) {
		h.auth = database
		return true
	}
	return false
}

// speculates takes the database from a saslStart or authenticate sent along,
// unless the user's name has told it. One without a database is left out, as a
// server may do: the client starts again.
func (h *hello) speculates(e *element) {
	if h.auth != nil || e.kind != kindDocument {
		return
	}
	if db, ok := lookup(e.value, "db", kindString); ok && validDatabase(db.text()) {
		h.auth = db.text()
	}
}

// applicationName returns client.application.name.
func applicationName(client *element) []byte {
	if client.kind != kindDocument {
		return nil
	}
	application, ok := lookup(client.value, "application", kindDocument)
	if !ok {
		return nil
	}
	if name, ok := lookup(application.value, "name", kindString); ok {
		return name.text()
	}
	return nil
}

// maxDatabase is the length of a database's longest name, in bytes
// (DatabaseName::kMaxDatabaseNameLength of the server is 63).
const maxDatabase = 63

// validDatabase reports whether a server would take the name for a database's,
// on any system: no path separators, dots, spaces, quotes or NULs.
func validDatabase(name []byte) bool {
	return len(name) > 0 && len(name) <= maxDatabase && !bytes.ContainsAny(name, "/\\. \"\x00")
}

// serveHello answers a hello, or routes by one that logs in.
func (c *codec) serveHello(in []byte, cmd command, flags uint32) codecs.Step {
	h, detail := readHello(cmd.body)
	if detail != "" {
		return fail(codecs.Malformed, detail)
	}
	if p := c.options.ApplicationPattern; p != nil && c.named == nil && h.application != nil {
		c.named = bytes.Clone(p.Cut(h.application))
	}
	if h.auth != nil || c.named != nil && c.options.ShowTopology {
		return c.route(h.auth, byHello)
	}
	c.keepHello(in[:cmd.size], h.timed || !plain(flags))
	return c.served(cmd, c.helloReply(cmd.request, h.manner, nil))
}

// keepHello keeps the first hello for the backend, whom it tells the client's
// driver and application, unless its reply would be no single one at once. With
// the second one the client is known for a monitor, which will want no backend.
func (c *codec) keepHello(message []byte, odd bool) {
	if c.greeted || odd {
		c.hello = nil
	} else {
		c.hello = bytes.Clone(message)
	}
	c.greeted = true
}
