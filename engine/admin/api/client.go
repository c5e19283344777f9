package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// actionHeader must be with what changes something, unless a token is.
const actionHeader = "X-Proxy-Engine"

const (
	// defaultTimeout bounds a request. A list of ten thousand sessions takes tens of
	// milliseconds.
	defaultTimeout = 10 * time.Second
	// maxAnswer is what a client takes of one answer, in bytes: several times the
	// longest list that a server sends.
	maxAnswer = 32 << 20
	// maxMessage is what it quotes of an answer that isn't the API's, in bytes.
	maxMessage = 200
)

// ClientOptions are those of a Client.
type ClientOptions struct {
	// Address is the server's: "host:port" (a host that is missing or unspecified,
	// such as 0.0.0.0, is this machine's loopback), or "unix:" and a socket's path.
	Address string
	// Token is the server's, "" if it wants none.
	Token string
	// Timeout bounds every request, with its answer; 0 is 10 s.
	Timeout time.Duration
}

// Client asks one proxy's admin server. Make it with NewClient. Any goroutine may
// call its methods, several at once too. They return a *StatusError where the
// server refuses, and what they return else is the caller's.
type Client struct {
	http    http.Client
	token   string
	address string
}

// StatusError is an answer of the server that isn't success.
type StatusError struct {
	// Code is the HTTP status: 401 for a wrong token, 404 for what the server
	// doesn't have, which an older one says to newer routes too.
	Code int
	// Message are the server's words, as they came.
	Message string
}

// Error has the status and the server's words.
func (e *StatusError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%d %s: %s", e.Code, http.StatusText(e.Code), e.Message), ": ")
}

// NewClient returns a client of the server at an address, which it doesn't connect
// to yet. It fails for an address that can't be one.
func NewClient(o ClientOptions) (*Client, error) {
	network, address, err := place(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", o.Address, err)
	}
	c := &Client{token: o.Token, address: o.Address}
	c.http = http.Client{
		Timeout: cmp.Or(o.Timeout, defaultTimeout),
		// No proxy of the environment: it has no business with an operator's token.
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
			MaxIdleConns: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// place is where to connect.
func place(text string) (network, address string, err error) {
	if path, unix := strings.CutPrefix(text, "unix:"); unix {
		if path == "" {
			return "", "", errors.New("want unix: and a path")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return "", "", errors.New("want host:port or unix:/path")
	}
	switch ip, err := netip.ParseAddr(host); {
	case host == "":
		host = "localhost"
	case err == nil && ip == netip.IPv6Unspecified():
		host = "::1"
	case err == nil && ip.IsUnspecified():
		host = "127.0.0.1"
	}
	return "tcp", net.JoinHostPort(host, port), nil
}

// Address is the server's, as NewClient was given it.
func (c *Client) Address() string { return c.address }

// Close gives up connections that are kept for the next request. The client can be
// used on.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// get asks for something.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (answer T, err error) {
	return call[T](ctx, c, http.MethodGet, path, query)
}

// post does something.
func post[T any](ctx context.Context, c *Client, path string, query url.Values) (answer T, err error) {
	return call[T](ctx, c, http.MethodPost, path, query)
}

// call makes a request. Errors name it, but not its query, whose words are clients'.
func call[T any](ctx context.Context, c *Client, method, path string, query url.Values) (answer T, err error) {
	body, err := c.do(ctx, method, path, query)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil {
		return *new(T), fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}

// do returns the body of a request's answer, if that is success.
func (c *Client) do(ctx context.Context, method, path string, query url.Values) ([]byte, error) {
	// The server wants a name of this machine, whatever was dialled.
	u := url.URL{Scheme: "http", Host: "localhost", Path: path, RawQuery: query.Encode()}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		r.Header.Set(actionHeader, "1")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, cause(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case answer.StatusCode != http.StatusOK:
		return nil, &StatusError{answer.StatusCode, message(body)}
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer has more than %d MiB", maxAnswer>>20)
	}
	return body, nil
}

// cause is a failed request's error without its URL, which call names.
func cause(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// message are a refusal's words: the API's, or what else there is.
func message(body []byte) string {
	var e Error
	if json.Unmarshal(body, &e) == nil && e.Error != "" {
		return e.Error
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(body[:min(len(body), maxMessage)])), "")
}
