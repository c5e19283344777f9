package http

import "github.com/proxy-engine/proxy-engine/codecs"

// defaultRetry is when clients are asked to come again, in seconds: about what
// a breaker's or a waking backend's pause is.
const defaultRetry = 5

// refusal is how a kind of failure is spoken.
type refusal struct {
	status int
	text   string
	retry  int
}

// refusals has an entry for every kind. These texts, the details, which are constant
// or approved, and the quoted resource are all a client is ever shown.
var refusals = [...]refusal{
	codecs.Internal:    {500, "internal error", 0},
	codecs.NotFound:    {404, "unknown host", 0},
	codecs.Forbidden:   {403, "access denied", 0},
	codecs.Unavailable: {503, "the backend is unavailable", defaultRetry},
	codecs.Timeout:     {504, "the backend did not answer in time", 0},
	codecs.TooMany:     {503, "too many connections", defaultRetry},
	codecs.Malformed:   {400, "malformed request", 0},
	codecs.Unsupported: {501, "not supported", 0},
}

// Refusal returns what a client is told for a failure; a kind it doesn't know
// is a fault of ours.
func Refusal(f codecs.Failure) Answer {
	kind := f.Kind
	if int(kind) >= len(refusals) {
		kind = codecs.Internal
	}
	r := &refusals[kind]
	retry := r.retry
	if f.RetryAfter > 0 {
		retry = f.RetryAfter
	}
	return Answer{
		Status:     r.status,
		Code:       kind.String(),
		Text:       r.text,
		Detail:     f.Detail,
		Resource:   f.Resource,
		RetryAfter: retry,
	}
}

// Continue is the interim response that lets a client send the body it holds
// back, for drivers that answer Expect themselves.
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"
