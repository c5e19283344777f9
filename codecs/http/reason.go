package http

// Reason says why a message isn't forwarded. It is the metric label, it
// selects the status, and its text is all of it that a client is told.
type Reason uint8

// The reasons. The number is the status a client is answered with when its
// request is at fault; whatever is wrong with a response, the client is
// answered with BadResponse.
const (
	// OK: there is nothing wrong. The zero value.
	OK Reason = iota
	// BadRequestLine: not "method SP target SP version CRLF" (400).
	BadRequestLine
	// BadTarget: a character, a form or an escape that a target may not have (400).
	BadTarget
	// BadHost: missing, repeated or malformed, or at odds with the target (400).
	BadHost
	// BadLineEnd: a CR or LF that isn't part of a CRLF (400).
	BadLineEnd
	// BadFieldName: no token, or something between it and the colon (400).
	BadFieldName
	// BadFieldValue: a control character in a value (400).
	BadFieldValue
	// BadFold: a field continued on the next line (obs-fold) (400).
	BadFold
	// BadLength: a Content-Length that isn't one plain number (400).
	BadLength
	// BadCoding: a Transfer-Encoding that isn't exactly one "chunked" (400).
	BadCoding
	// BothFramings: Content-Length and Transfer-Encoding (400).
	BothFramings
	// BadConnection: a Connection field that isn't a short list of tokens (400).
	BadConnection
	// BadChunk: a malformed chunk (400).
	BadChunk
	// BadTrailer: a malformed or forbidden trailer field (400).
	BadTrailer
	// Disputed: fasthttp reads the head differently (400).
	Disputed
	// MethodRefused: CONNECT or TRACE (405).
	MethodRefused
	// HeadTimeout: the head didn't arrive in time (408). For drivers.
	HeadTimeout
	// BodyTimeout: the body stalled (408). For drivers.
	BodyTimeout
	// BodyTooLarge: Limits.Body is exceeded (413).
	BodyTooLarge
	// TargetTooLong: Limits.Target is exceeded (414).
	TargetTooLong
	// BadExpectation: Expect is something else than 100-continue (417).
	BadExpectation
	// HeadTooLarge: Limits.Head is exceeded (431).
	HeadTooLarge
	// TooManyFields: Limits.Fields is exceeded (431).
	TooManyFields
	// MethodUnknown: longer than any method there is (501).
	MethodUnknown
	// BadVersion: HTTP, but neither 1.0 nor 1.1 (505).
	BadVersion
	// BadStatusLine: a response that doesn't start as one (502).
	BadStatusLine
	// BadUpgrade: a 101 that the request hasn't asked for (502).
	BadUpgrade
	// TooManyInterim: Limits.Interim is exceeded (502).
	TooManyInterim
	// BadResponse: the backend's answer is malformed (502). What clients are
	// told in place of the reasons above when a response has them.
	BadResponse
	// NoResponse: the backend closed before it answered (502). For drivers.
	NoResponse

	reasons
)

// reasonTable has the metric label, the status and the text of every reason.
var reasonTable = [reasons]struct {
	label  string
	status int
	text   string
}{
	OK:             {"ok", 200, "ok"},
	BadRequestLine: {"bad_request_line", 400, "malformed request line"},
	BadTarget:      {"bad_target", 400, "malformed request target"},
	BadHost:        {"bad_host", 400, "missing, ambiguous or malformed Host"},
	BadLineEnd:     {"bad_line_end", 400, "lines must end in CRLF"},
	BadFieldName:   {"bad_field_name", 400, "malformed field name"},
	BadFieldValue:  {"bad_field_value", 400, "malformed field value"},
	BadFold:        {"bad_fold", 400, "fields must not be folded"},
	BadLength:      {"bad_length", 400, "malformed or repeated Content-Length"},
	BadCoding:      {"bad_coding", 400, "the only transfer coding is one \"chunked\""},
	BothFramings:   {"both_framings", 400, "both Content-Length and Transfer-Encoding"},
	BadConnection:  {"bad_connection", 400, "malformed Connection"},
	BadChunk:       {"bad_chunk", 400, "malformed chunk"},
	BadTrailer:     {"bad_trailer", 400, "malformed or forbidden trailer field"},
	Disputed:       {"disputed", 400, "ambiguous message"},
	MethodRefused:  {"method_refused", 405, "method not allowed"},
	HeadTimeout:    {"head_timeout", 408, "the request did not arrive in time"},
	BodyTimeout:    {"body_timeout", 408, "the request body did not arrive in time"},
	BodyTooLarge:   {"body_too_large", 413, "the request body is too large"},
	TargetTooLong:  {"target_too_long", 414, "the request target is too long"},
	BadExpectation: {"bad_expectation", 417, "the only expectation is 100-continue"},
	HeadTooLarge:   {"head_too_large", 431, "the header section is too large"},
	TooManyFields:  {"too_many_fields", 431, "too many header fields"},
	MethodUnknown:  {"method_unknown", 501, "method not implemented"},
	BadVersion:     {"bad_version", 505, "HTTP version not supported"},
	BadStatusLine:  {"bad_status_line", 502, "malformed status line"},
	BadUpgrade:     {"bad_upgrade", 502, "unexpected upgrade"},
	TooManyInterim: {"too_many_interim", 502, "too many interim responses"},
	BadResponse:    {"bad_response", 502, "invalid response from the backend"},
	NoResponse:     {"no_response", 502, "no response from the backend"},
}

// Reasons returns every reason but OK, for metrics and tests. The slice is the
// caller's.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := OK + 1; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the reason's metric label, "unknown" for none.
func (r Reason) String() string {
	if r < reasons {
		return reasonTable[r].label
	}
	return "unknown"
}

// Status returns the status a client is answered with, 500 for no reason.
func (r Reason) Status() int {
	if r < reasons {
		return reasonTable[r].status
	}
	return 500
}
