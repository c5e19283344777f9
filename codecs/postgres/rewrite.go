package postgres

import (
	"encoding/binary"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const detailDatabase = "the route names a database that cannot be asked for"

// rewrite opens the backend with the startup at the start of in, asking for
// another database, and passes on what follows it. It allocates: routes that
// rename are the exception.
func rewrite(in []byte, database string) codecs.Step {
	if strings.IndexByte(database, 0) >= 0 {
		return fail(codecs.Internal, detailDatabase)
	}
	size := int(binary.BigEndian.Uint32(in))
	room := len(in) + len(parameterDatabase) + 1 + len(database) + 1
	renamed := appendRenamed(make([]byte, 0, room), in[:size], database)
	if len(renamed) > maxOpening {
		return fail(codecs.Internal, detailDatabase)
	}
	return codecs.Step{ToBackend: append(renamed, in[size:]...), Consumed: len(in)}
}

// appendRenamed appends a copy of the valid startup whose only database
// parameter is the one given. Everything else stays, in its order.
func appendRenamed(dst, startup []byte, database string) []byte {
	from := len(dst)
	dst = append(dst, startup[:headerSize]...)
	list := parameters{rest: startup[headerSize:]}
	for list.next() {
		if string(list.name) != parameterDatabase {
			dst = appendString(dst, list.name)
			dst = appendString(dst, list.value)
		}
	}
	dst = appendString(dst, parameterDatabase)
	dst = appendString(dst, database)
	dst = append(dst, 0)
	binary.BigEndian.PutUint32(dst[from:], uint32(len(dst)-from))
	return dst
}

// appendString appends s and its terminator.
func appendString[S string | []byte](dst []byte, s S) []byte {
	return append(append(dst, s...), 0)
}
