package smtp

import (
	"bytes"
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// beginChunk passes BDAT on (RFC 3030 section 2). A backend without it would
// take the chunk for commands, and what hasn't the right form can't be
// followed: the client doesn't wait before it sends the chunk.
func (e *envelope) beginChunk(args, line []byte) codecs.Step {
	if !e.chunking {
		return fail(codecs.Unsupported, detailChunk)
	}
	size, ok := parseChunk(args)
	if !ok {
		return fail(codecs.Malformed, detailChunkSize)
	}
	if e.left = size; size > 0 {
		e.mode = modeChunk
	}
	return e.pass(line, answer{kind: answerPassed})
}

const detailChunkSize = "BDAT wants a size, and LAST or nothing"

// maxChunk has fewer digits than any server's integers.
const maxChunk = 18

// parseChunk reads the arguments of BDAT.
func parseChunk(args []byte) (size uint64, ok bool) {
	digits, rest, more := bytes.Cut(args, []byte{' '})
	if more && !equalFold(rest, "LAST") || len(digits) == 0 || len(digits) > maxChunk || digits[0] == '+' {
		return 0, false
	}
	size, err := strconv.ParseUint(string(digits), 10, 63)
	return size, err == nil
}

// chunk passes on what is there of the current chunk.
func (e *envelope) chunk(in []byte) codecs.Step {
	n := int(min(e.left, uint64(len(in))))
	if e.left -= uint64(n); e.left == 0 {
		e.mode = modeCommands
	}
	return codecs.Step{ToBackend: in[:n], Consumed: n}
}
