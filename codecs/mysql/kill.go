package mysql

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// Clients stop a statement by connecting anew, without a database, and sending
// KILL with the connection id they were greeted with, which is ours. Every
// session registers that id with the backend's own once it is logged in; a
// client bound late that sends KILL is logged in to that backend, which decides
// whether it may.

// kill is a KILL statement.
type kill struct {
	// id is the connection's that is meant, as its client was greeted with it.
	id uint32
	// words are the statement without the id.
	words string
}

// detailThread is also what the server says.
const detailThread = "Unknown thread id"

// killWords are what may stand between KILL and the id, in this order, one of
// each: the first are MariaDB's.
var killWords = [][]string{{"HARD", "SOFT"}, {"CONNECTION", "QUERY"}}

// parseKill reads what follows KILL. Users and the ids of queries are no
// connection that could be found.
func parseKill(l lexer) statement {
	words, t := "KILL ", l.next()
	for _, options := range killWords {
		if at := slices.IndexFunc(options, t.word); at >= 0 {
			words += options[at] + " "
			t = l.next()
		}
	}
	id, err := strconv.ParseUint(string(t.text), 10, 32)
	if t.kind != tokenWord || err != nil || !l.end() {
		return statement{}
	}
	return statement{verb: verbKill, kill: kill{uint32(id), words}}
}

// processKill serves COM_PROCESS_KILL, which is KILL with an id of four bytes.
func (c *codec) processKill(payload []byte) codecs.Step {
	r := reader{rest: payload[1:]}
	id := r.uint32()
	if r.bad {
		return c.noDatabase()
	}
	return c.routeToKill(kill{id, "KILL "})
}

// routeToKill routes the client to the backend of the session it wants killed.
func (c *codec) routeToKill(k kill) codecs.Step {
	c.late.kill = &k
	c.phase = phaseRouted
	return codecs.Step{Action: codecs.RouteKey, Key: sessionKey(k.id)}
}

// keyPrefix tells the keys of MySQL's sessions from those of other protocols.
const keyPrefix = "mysql"

// sessionKey is what a session is registered under. What differs most between
// ids comes last.
func sessionKey(id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte(keyPrefix), id)
}

// aim replaces the id to be killed by the backend's own, which was kept with
// the session's key; ok is false if that isn't one of MySQL's.
func (k *kill) aim(data string) (ok bool) {
	if len(data) != 4 {
		return false
	}
	k.id = binary.BigEndian.Uint32([]byte(data))
	return true
}

// register adds to a step that the backend has logged the client in.
func (c *codec) register(step codecs.Step) codecs.Step {
	step.Key = sessionKey(c.id)
	step.KeyData = binary.BigEndian.AppendUint32(nil, c.login.backendID)
	return step
}

// sendKill sends the statement to the backend.
func (c *codec) sendKill() codecs.Step {
	c.phase = phaseKill
	c.backend.next = 0
	k := c.late.kill
	query := []byte{commandQuery}
	if c.login.identity.capabilities.has(QueryAttributes) {
		query = append(query, 0, 1) // no attributes, one set of them
	}
	query = append(query, k.words...)
	return c.tellBackend(strconv.AppendUint(query, uint64(k.id), 10))
}

// killed passes on the backend's answer and ends the session. Clients have made
// the connection for this; to go on with it would be to stay at a backend that
// nobody has routed to.
func (c *codec) killed(payload []byte) codecs.Step {
	if !isLastOK(payload) && !isERR(payload) {
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
	step := c.tellClient(payload)
	c.backend.next = 0
	step.ToBackend = c.tellBackend([]byte{commandQuit}).ToBackend
	step.Action = codecs.Close
	return step
}
