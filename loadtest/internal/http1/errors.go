package http1

import "fmt"

// Error is what is wrong with a message. The connection is of no use after it.
type Error uint8

// The errors.
const (
	// BadLine: a line that doesn't end in CRLF, or has a control character within.
	BadLine Error = iota
	// BadStart: the first line is no request line or status line of HTTP/1.0
	// or HTTP/1.1.
	BadStart
	// BadField: a header line without a name, with an invalid one, with
	// space before the colon, or folded.
	BadField
	// TooLarge: a head, trailer or chunk line beyond its limit.
	TooLarge
	// BadLength: a Content-Length that is no number, comes twice, or comes
	// together with Transfer-Encoding.
	BadLength
	// BadCoding: a Transfer-Encoding other than exactly "chunked", twice, or in
	// HTTP/1.0.
	BadCoding
	// BadChunk: a chunk without a size, or longer than it.
	BadChunk
	// BadHost: an HTTP/1.1 request without Host, or any with more than one.
	BadHost
	// BadTag: a tag that isn't TagSize hexadecimal digits.
	BadTag
	// Switched: status 101, which no Request asks for.
	Switched
	// WrongBody: a complete or incomplete body other than the expected one.
	WrongBody
)

// Error says it in words.
func (e Error) Error() string {
	switch e {
	case BadLine:
		return "malformed line"
	case BadStart:
		return "malformed first line"
	case BadField:
		return "malformed header line"
	case TooLarge:
		return "head too large"
	case BadLength:
		return "bad Content-Length"
	case BadCoding:
		return "bad Transfer-Encoding"
	case BadChunk:
		return "malformed chunk"
	case BadHost:
		return "missing or repeated Host"
	case BadTag:
		return "malformed tag"
	case Switched:
		return "unasked switch of protocols"
	case WrongBody:
		return "wrong body"
	default:
		return fmt.Sprintf("Error(%d)", uint8(e))
	}
}
