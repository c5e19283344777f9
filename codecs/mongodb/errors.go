package mongodb

import (
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// refusal is how a kind of failure is spoken.
type refusal struct {
	// code and name are what drivers act on (the server's error_codes.yml).
	code int32
	name string
	// text is the message; namePlace stands for the resource's name.
	text string
}

// namePlace becomes ` "name"`, or nothing when the name is unknown.
const namePlace = "%"

// refusals has an entry for every kind. These texts, the constant details and
// the quoted resource are all a client is ever shown. None of the codes is one
// of those by which a server says that it is no longer the primary: a refused
// session is no reason to ask for the topology again.
var refusals = [...]refusal{
	codecs.Internal:    {1, "InternalError", "internal error"},
	codecs.NotFound:    {26, "NamespaceNotFound", "database% does not exist"},
	codecs.Forbidden:   {13, "Unauthorized", "not allowed to use database%"},
	codecs.Unavailable: {6, "HostUnreachable", "database% is not accepting connections: try again in a moment"},
	codecs.Timeout:     {89, "NetworkTimeout", "database% did not accept the connection in time: try again in a moment"},
	codecs.TooMany:     {202, "NetworkInterfaceExceededTimeLimit", "too many connections for database%: try again in a moment"},
	codecs.Malformed:   {17, "ProtocolError", "invalid message"},
	codecs.Unsupported: {115, "CommandNotSupported", "feature not supported"},
}

const (
	// detailElsewhere is for clients that use one connection for databases at
	// several backends.
	detailElsewhere = "this connection serves another database's resource: use a client (connection string) for each"
	// detailUsersDatabase is for clients whose users stand in a database that
	// names no resource.
	detailUsersDatabase = "the resource is named by the authentication database: set authSource"
)

// maxQuoted is how much of a name is quoted, in bytes: a valid one whole.
const maxQuoted = maxDatabase

// Refuse speaks f as the reply to the request that awaits one: the last one, if
// they are several. It says nothing within a reply of the backend's, or when
// nobody waits, but to those who don't speak the protocol.
func (c *codec) Refuse(dst []byte, f codecs.Failure) []byte {
	unasked := c.waiting == 0 && f.Kind != codecs.Malformed
	if unasked || c.request.mute || c.down.left > 0 && c.phase != phaseReplaying {
		return dst
	}
	if f.Detail == "" {
		f.Detail = c.advice(f)
	}
	return appendRefusal(dst, c.request, f)
}

// advice says what helps where the failure comes from how the client connects.
func (c *codec) advice(f codecs.Failure) string {
	switch {
	case c.asking && f.Kind == codecs.Forbidden:
		return detailElsewhere
	case c.by != byCommand && f.Kind == codecs.NotFound && everywhere([]byte(f.Resource)):
		return detailUsersDatabase
	default:
		return ""
	}
}

// refusalOf returns the refusal of a kind; one it doesn't know is a fault of
// ours.
func refusalOf(k codecs.Kind) refusal {
	if int(k) < len(refusals) {
		return refusals[k]
	}
	return refusals[codecs.Internal]
}

// appendRefusal appends f as the reply to r. It has no errorLabels: with
// RetryableWriteError the Go driver repeats a write as fast as it can until its
// context ends, and the caller never hears that the backend is away.
func appendRefusal(dst []byte, r request, f codecs.Failure) []byte {
	words := refusalOf(f.Kind)
	from := len(dst)
	dst = appendDouble(openReply(dst, r), "ok", 0)
	dst = appendText(dst, "errmsg", message(words, f))
	dst = appendInt32(dst, "code", words.code)
	return closeReply(appendText(dst, "codeName", words.name), from, r)
}

// message is what an error says. Where no resource is known, as in every
// failure before the routing, the detail says more than the kind's own text and
// takes its place.
func message(words refusal, f codecs.Failure) string {
	if f.Resource == "" && f.Detail != "" {
		return f.Detail
	}
	name := ""
	if f.Resource != "" {
		name = string(naming.AppendQuoted([]byte{' '}, f.Resource, maxQuoted))
	}
	text := strings.Replace(words.text, namePlace, name, 1)
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}
