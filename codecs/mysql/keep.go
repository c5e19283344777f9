package mysql

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// Settings made before there is a backend are answered with OK and repeated to
// the backend, in their order, before it is told of the database. If it
// refuses one its ERR is the answer to the selection of the database, and the
// session ends: to go on would be to lie about its state.

// The bounds of what is repeated: what drivers set when they connect is far
// less.
const (
	maxKept     = 64
	maxKeptSize = 16 << 10
)

// keep notes a command that is to be repeated; ok is false if there are too
// many.
func (l *late) keep(payload []byte) (ok bool) {
	if len(l.kept) >= maxKept || l.size+len(payload) > maxKeptSize {
		return false
	}
	l.kept = append(l.kept, bytes.Clone(payload))
	l.size += len(payload)
	return true
}

// set keeps a SET and says OK. The one setting that shows in the status flags
// is followed, because drivers believe those.
func (c *codec) set(s statement, payload []byte) codecs.Step {
	if !c.late.keep(payload) {
		return c.noDatabase()
	}
	switch s.autocommit {
	case settingOn:
		c.late.status |= statusAutocommit
	case settingOff:
		c.late.status &^= statusAutocommit
	}
	return c.reply(appendOK(nil, c.late.status))
}

// setOption keeps a COM_SET_OPTION.
func (c *codec) setOption(payload []byte) codecs.Step {
	if !c.late.keep(payload) {
		return c.noDatabase()
	}
	return c.reply(appendEnd(nil, c.login.identity.capabilities, c.late.status))
}

// reset forgets every setting.
func (c *codec) reset() codecs.Step {
	c.late.kept, c.late.size, c.late.status = nil, 0, statusAutocommit
	return c.reply(appendOK(nil, c.late.status))
}

// replay repeats the next setting. When none is left the backend is told of
// the database; its answer is the first thing the relay brings, and what the
// client sees is as if it had been talking to the backend all along.
func (c *codec) replay() codecs.Step {
	c.backend.next = 0
	if len(c.late.kept) == 0 {
		step := c.tellBackend(append([]byte{commandInitDB}, c.login.identity.database...))
		step.Action = codecs.Relay
		return step
	}
	c.phase = phaseReplay
	next := c.late.kept[0]
	c.late.kept = c.late.kept[1:]
	return c.tellBackend(next)
}

const detailSetting = "the backend does not accept what was set before the database was selected"

// replayed takes the backend's answer to a setting.
func (c *codec) replayed(payload []byte) codecs.Step {
	switch {
	case isLastOK(payload):
		return c.replay()
	case isERR(payload):
		step := fail(codecs.Unsupported, detailSetting)
		step.ToClient = c.denied(payload).ToClient
		return step
	default:
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
}
