package http

import (
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// Answer is a response of ours. All of its text is constant but Resource.
type Answer struct {
	// Status is the HTTP status, error or not.
	Status int
	// Code says what happened in one word, for programs; Text in a sentence.
	Code, Text string
	// Detail says more than Text, "" for nothing.
	Detail string
	// Resource is quoted back to the client unless it is "".
	Resource string
	// RetryAfter is when to come again, in seconds; 0 says nothing about it.
	RetryAfter int
	// Extra is whole lines, made with AppendField.
	Extra []byte
}

// statusPhrases are the phrases of the statuses we answer with (RFC 9110
// section 15, RFC 6585).
var statusPhrases = map[int]string{
	200: "OK",
	400: "Bad Request",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	408: "Request Timeout",
	413: "Content Too Large",
	414: "URI Too Long",
	417: "Expectation Failed",
	431: "Request Header Fields Too Large",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
}

// Append appends the answer to dst and returns it: the head, and unless the
// request was HEAD, or the status has none, a body in the form that the client
// takes. Its connection
// goes on iff ex says KeepAlive. The Exchange{} of a request that couldn't be
// read is right: 1.0 and close suit everybody.
func (a *Answer) Append(dst []byte, ex *Exchange) []byte {
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(a.Status), 10)
	dst = append(append(dst, ' '), statusPhrases[a.Status]...)
	dst = append(dst, "\r\nCache-Control: no-store\r\n"...)
	if !isBodiless(a.Status) {
		dst = appendLine(dst, "Content-Type", bodyType(ex.JSON))
		dst = appendLength(dst, int64(a.bodySize(ex.JSON)))
	}
	if a.RetryAfter > 0 {
		dst = strconv.AppendInt(append(dst, "Retry-After: "...), int64(a.RetryAfter), 10)
		dst = append(dst, "\r\n"...)
	}
	if a.Status == MethodRefused.Status() {
		dst = append(dst, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"...)
	}
	dst = append(dst, a.Extra...)
	dst = append(appendPersistence(dst, ex.KeepAlive, ex.Minor), "\r\n"...)
	if ex.Head || isBodiless(a.Status) {
		return dst
	}
	return a.appendBody(dst, ex.JSON)
}

func bodyType(json bool) string {
	if json {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// bodySize is the length of the body, without making it elsewhere than on the
// stack: the texts are short.
func (a *Answer) bodySize(json bool) int {
	var room [512]byte
	return len(a.appendBody(room[:0], json))
}

func (a *Answer) appendBody(dst []byte, json bool) []byte {
	if json {
		return a.appendJSON(dst)
	}
	return a.appendPlain(dst)
}

func (a *Answer) appendPlain(dst []byte) []byte {
	dst = append(dst, a.Text...)
	if a.Resource != "" {
		dst = append(dst, ": "...)
		dst = appendSafe(dst, a.Resource)
	}
	if a.Detail != "" {
		dst = append(append(append(dst, " ("...), a.Detail...), ')')
	}
	return append(dst, '\n')
}

// appendJSON appends an object of strings and the status.
func (a *Answer) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"status":`...)
	dst = strconv.AppendInt(dst, int64(a.Status), 10)
	for _, member := range [...]struct{ name, value string }{
		{"error", a.Code}, {"message", a.Text}, {"detail", a.Detail}, {"resource", a.Resource},
	} {
		if member.value != "" {
			dst = append(append(append(dst, `,"`...), member.name...), `":"`...)
			dst = append(appendSafe(dst, member.value), '"')
		}
	}
	return append(dst, "}\n"...)
}

// appendSafe appends text that may stand in any document: quotes and what
// isn't visible ASCII or a space are replaced.
func appendSafe(dst []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '"':
			c = '\''
		case c < ' ' || c >= 0x7f || c == '\\' || c == '<' || c == '>' || c == '&':
			c = '?'
		}
		dst = append(dst, c)
	}
	return dst
}

// Answer returns what a client is told for a reason.
func (r Reason) Answer() Answer {
	if r >= reasons {
		return Refusal(codecs.Failure{})
	}
	known := &reasonTable[r]
	return Answer{Status: known.status, Code: known.label, Text: known.text}
}
