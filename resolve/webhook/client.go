package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Bounds of an answer, in bytes.
const (
	maxBody    = 64 << 10
	maxHeaders = 16 << 10
)

// idleTime is how long connections are kept for the next question: less than most
// servers keep theirs, so that few are found closed.
const idleTime = 45 * time.Second

// client makes POSTs. Safe for concurrent use.
type client struct {
	o         Options
	http      http.Client
	transport *http.Transport
	// slots has a value for every POST under way.
	slots chan struct{}

	calls, failed atomic.Uint64
	waiting       atomic.Int64
}

func newClient(o Options) (*client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	transport := &http.Transport{
		// Neither Proxy nor HTTP_PROXY: the way leads to where the URL says.
		Proxy:                  nil,
		DialContext:            (&net.Dialer{Timeout: o.Timeout}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:    o.Concurrency,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true,
	}
	c := &client{o: o, transport: transport, slots: make(chan struct{}, o.Concurrency)}
	c.http = http.Client{Transport: transport, CheckRedirect: refuseRedirect}
	return c, nil
}

// refuseRedirect has a redirect be the answer, which is none of ours.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends a question once it is its turn. Errors are *resolve.Error, or ctx's
// when it was cancelled.
func (c *client) post(ctx context.Context, to *url.URL, question any) (answer, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return answer{}, resolve.Errorf(resolve.Internal, "webhook: %w", err)
	}
	if err := c.enter(ctx); err != nil {
		return answer{}, transportError(err)
	}
	defer c.leave()
	c.calls.Add(1)
	a, err := c.exchange(ctx, to, body)
	if err != nil {
		c.failed.Add(1)
		return answer{}, transportError(err)
	}
	return a, nil
}

// enter waits for a slot.
func (c *client) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	c.waiting.Add(1)
	defer c.waiting.Add(-1)
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *client) leave() { <-c.slots }

func (c *client) exchange(ctx context.Context, to *url.URL, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "proxy-engine")
	// Not sent: it lets the transport try again over a connection that the
	// server had closed.
	r.Header["Idempotency-Key"] = []string{}
	c.o.authorize(r.Header, body, time.Now())
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	return read(response)
}

// read reads the whole answer, so that the connection may be used again.
func read(r *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > maxBody {
		return answer{}, errLong
	}
	return answer{status: r.StatusCode, header: r.Header, body: body}, nil
}

var errLong = resolve.Errorf(resolve.Internal, "the webhook's answer has more than %d bytes", maxBody)

// transportError classifies what kept an answer from coming. The URL isn't quoted.
func transportError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return resolve.Errorf(resolve.Timeout, "the webhook doesn't answer in time: %w", err)
	case errors.Is(err, error(errLong)):
		return err
	case errors.As(err, &certificate):
		return resolve.Errorf(resolve.Internal, "the webhook's certificate: %w", err)
	}
	return resolve.Errorf(resolve.Unavailable, "the webhook can't be asked: %w", err)
}

// Stats returns the numbers of POSTs, of those that brought no answer, of those
// under way and of those that wait for their turn.
func (c *client) Stats() map[string]any {
	return map[string]any{
		"webhook_calls":   c.calls.Load(),
		"webhook_failed":  c.failed.Load(),
		"webhook_active":  len(c.slots),
		"webhook_waiting": c.waiting.Load(),
	}
}

// Close lets go of idle connections.
func (c *client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}
