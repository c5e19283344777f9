package webhook

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// maxRetry is the longest time clients are sent away for.
const maxRetry = 24 * time.Hour

// result reads an answer to a question. Errors are *resolve.Error.
func (o *Options) result(a answer) (resolve.Result, error) {
	if a.status != http.StatusOK {
		return resolve.Result{}, o.failure(a)
	}
	r, err := parseReply(a.body)
	if err == nil && r.Kind != "" {
		return resolve.Result{}, o.refused(resolve.Internal, &r, a)
	}
	res := resolve.Result{}
	if err == nil {
		res, err = r.result()
	}
	if err != nil {
		return resolve.Result{}, resolve.Errorf(resolve.Internal, "the webhook's answer: %w", err)
	}
	return res, nil
}

// failure makes the error of a status that says so. Its body may be anything: an
// error of the service's, or the page of a server in front of it, which says
// nothing to us.
func (o *Options) failure(a answer) error {
	kind, known := kindOf(a.status)
	r, err := parseReply(a.body)
	if !known && (err != nil || r.Kind == "") {
		return resolve.Errorf(kind, "the webhook answered with status %d", a.status)
	}
	if err != nil {
		r = reply{}
	}
	return o.refused(kind, &r, a)
}

// kindOf is the kind of a status; known says that it was meant for us.
func kindOf(status int) (kind resolve.Kind, known bool) {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway:
		return resolve.Unavailable, true
	}
	return resolve.KindOfStatus(status)
}

// refused makes the error of a reply; kind is the status's, which the reply's own
// overrides.
func (o *Options) refused(kind resolve.Kind, r *reply, a answer) error {
	if r.Kind != "" {
		named, ok := resolve.ParseKind(r.Kind)
		if !ok {
			return resolve.Errorf(resolve.Internal, "the webhook's answer: unknown kind %.50q", r.Kind)
		}
		kind = named
	}
	err := &resolve.Error{
		Kind: kind, TTL: time.Duration(r.TTL), Text: o.Messages[r.MessageKey], RetryAfter: retryAfter(r, a.header),
		Err: fmt.Errorf("the webhook's answer, status %d", a.status),
	}
	if r.MessageKey != "" {
		err.Err = fmt.Errorf("%w, message %.100q", err.Err, r.MessageKey)
		if err.Text == "" {
			err.Err = fmt.Errorf("%w, which isn't among the messages", err.Err)
		}
	}
	return err
}

// retryAfter takes the body's, or else the header's if it is in seconds.
func retryAfter(r *reply, h http.Header) time.Duration {
	d := time.Duration(r.RetryAfter)
	if d == 0 {
		seconds, _ := strconv.ParseUint(h.Get("Retry-After"), 10, 31)
		d = time.Duration(seconds) * time.Second
	}
	return min(max(0, d), maxRetry)
}
