package http

import "strconv"

// Static is one response for every request, whatever is asked for. It is read
// only and safe for concurrent use.
type Static struct {
	// Status is the HTTP status, 200 to 999.
	Status int
	// Type is the value of Content-Type; "" for no such field.
	Type string
	// Body isn't sent where a response has none: to HEAD, and with 204 and 304.
	Body []byte
}

// Append appends the response to dst and returns it. The client's connection
// goes on iff ex says KeepAlive.
func (s *Static) Append(dst []byte, ex *Exchange) []byte {
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(s.Status), 10)
	dst = append(append(append(dst, ' '), statusPhrases[s.Status]...), "\r\n"...)
	if !isBodiless(s.Status) {
		if s.Type != "" {
			dst = appendLine(dst, "Content-Type", s.Type)
		}
		dst = appendLength(dst, int64(len(s.Body)))
	}
	dst = append(appendPersistence(dst, ex.KeepAlive, ex.Minor), "\r\n"...)
	if ex.Head || isBodiless(s.Status) {
		return dst
	}
	return append(dst, s.Body...)
}
