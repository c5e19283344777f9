package mysql

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// The commands that are answered without a backend, by their first byte.
// (MySQL: include/my_command.h.)
const (
	commandQuit            = 0x01
	commandInitDB          = 0x02
	commandQuery           = 0x03
	commandStatistics      = 0x09
	commandProcessKill     = 0x0c
	commandPing            = 0x0e
	commandSetOption       = 0x1b
	commandResetConnection = 0x1f
)

// statistics is what COM_STATISTICS tells, as a text: nothing is known.
const statistics = "Uptime: 0  Threads: 0  Questions: 0"

// command serves the client's command.
func (c *codec) command(payload []byte) codecs.Step {
	if len(payload) == 0 {
		return c.noDatabase()
	}
	switch payload[0] {
	case commandQuit:
		return codecs.Step{Action: codecs.Close}
	case commandInitDB:
		return c.bind(bytes.Clone(payload[1:]))
	case commandQuery:
		return c.query(payload)
	case commandStatistics:
		return c.reply([]byte(statistics))
	case commandProcessKill:
		return c.processKill(payload)
	case commandPing:
		return c.reply(appendOK(nil, c.late.status))
	case commandSetOption:
		return c.setOption(payload)
	case commandResetConnection:
		return c.reset()
	default:
		return c.noDatabase()
	}
}

// reply answers the client with a command's last packet and goes on serving it.
// The next command begins to count anew.
func (c *codec) reply(payload []byte) codecs.Step {
	step := c.tellClient(payload)
	step.Patient = true
	c.client.next = 0
	return step
}

// noDatabase is the answer to what only a backend can do.
func (c *codec) noDatabase() codecs.Step {
	return c.reply(append(appendERR(nil, 1046, "3D000"), "No database selected"...))
}

// query serves a statement.
func (c *codec) query(payload []byte) codecs.Step {
	sql, ok := c.statementOf(payload)
	if !ok {
		return c.noDatabase()
	}
	s := parseStatement(sql)
	switch s.verb {
	case verbUse:
		return c.bind(s.database)
	case verbSet:
		return c.set(s, payload)
	case verbSelect:
		return c.selectValues(s.items)
	case verbKill:
		return c.routeToKill(s.kill)
	case verbWarnings:
		return c.result(warningColumns(), false)
	default:
		return c.noDatabase()
	}
}

// statementOf returns the text of a COM_QUERY. With QueryAttributes two counts
// come first, of attributes, which aren't understood here, and of sets of
// them, always one.
func (c *codec) statementOf(payload []byte) (sql []byte, ok bool) {
	if !c.login.identity.capabilities.has(QueryAttributes) {
		return payload[1:], true
	}
	r := reader{rest: payload[1:]}
	attributes, sets := r.length(), r.length()
	return r.rest, !r.bad && attributes == 0 && sets == 1
}

// bind routes the client to the database it selects. The name is ours.
func (c *codec) bind(database []byte) codecs.Step {
	if len(database) == 0 || !validDatabase(string(database)) {
		return c.noDatabase()
	}
	c.login.identity.database = database
	return c.routeTo(database)
}
