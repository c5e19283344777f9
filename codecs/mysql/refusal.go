package mysql

import (
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// refusal is how a failure is spoken.
type refusal struct {
	// code and state are what drivers act on (MySQL's error reference).
	code  uint16
	state sqlState
	// text is the message; namePlace stands for the resource's name.
	text string
}

// namePlace becomes ` "name"`, or nothing when the name is unknown.
const namePlace = "%"

// maxQuoted is how much of a name is quoted, in bytes.
const maxQuoted = 64

// refusals has an entry for every kind. These texts, the constant details and
// the quoted resource are all a client is ever shown.
var refusals = [...]refusal{
	codecs.Internal:    {1105, "HY000", "internal error"},
	codecs.NotFound:    {1049, "42000", "Unknown database%"},
	codecs.Forbidden:   {1044, "42000", "Access denied to database%"},
	codecs.Unavailable: {1040, "08S01", "Database% is not accepting connections, try again in a moment"},
	codecs.Timeout:     {1159, "08S01", "Database% did not accept the connection in time, try again in a moment"},
	codecs.TooMany:     {1040, "08004", "Too many connections"},
	codecs.Malformed:   {1043, "08S01", "Bad handshake"},
	codecs.Unsupported: {1235, "42000", "This is not supported"},
}

// ownRefusals are the codes of details for which the kind's would mislead.
var ownRefusals = map[string]refusal{
	detailLong:        {code: 1153, state: "08S01"},
	detailOrder:       {code: 1156, state: "08S01"},
	detailOld:         {code: 1251, state: "08004"},
	detailTLSRequired: {code: 3159, state: "HY000"},
	detailMissing:     {code: 1043, state: "08S01"},
	detailDenied:      {code: 1045, state: "28000"},
	detailThread:      {code: 1094, state: "HY000"},
	detailNoDatabase:  {code: 1046, state: "3D000"},
	detailCompressed:  {code: 1046, state: "3D000"},
	detailNoPlugin:    {code: 1046, state: "3D000"},
	detailNoSafeWay:   {code: 1046, state: "3D000"},
}

// refusalOf returns the refusal of a failure; a kind it doesn't know is a fault
// of ours.
func refusalOf(f codecs.Failure) refusal {
	r := refusals[codecs.Internal]
	if int(f.Kind) < len(refusals) {
		r = refusals[f.Kind]
	}
	if own, ok := ownRefusals[f.Detail]; ok {
		r.code, r.state = own.code, own.state
	}
	return r
}

// appendRefusal appends f as an ERR packet. Where no resource is known, as in
// every failure before the routing, the detail says more than the kind's own
// text and takes its place.
func appendRefusal(dst []byte, f codecs.Failure) []byte {
	r := refusalOf(f)
	dst = appendERR(dst, r.code, r.state)
	if f.Resource == "" && f.Detail != "" {
		return append(dst, f.Detail...)
	}
	before, after, named := strings.Cut(r.text, namePlace)
	dst = append(dst, before...)
	if named && f.Resource != "" {
		dst = naming.AppendQuoted(append(dst, ' '), f.Resource, maxQuoted)
	}
	dst = append(dst, after...)
	if f.Detail != "" {
		dst = append(append(dst, ": "...), f.Detail...)
	}
	return dst
}
