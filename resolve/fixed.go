package resolve

import (
	"context"
	"errors"
	"net/url"
)

// Fixed is the Resolver that answers every request with the same endpoint,
// itself: Fixed("10.0.0.1:5432"). Use NewFixed to have the endpoint validated.
type Fixed string

var _ Resolver = Fixed("")

// NewFixed returns a Fixed for an endpoint that ParseEndpoint takes.
func NewFixed(endpoint string) (Fixed, error) {
	if _, _, err := ParseEndpoint(endpoint); err != nil {
		return "", err
	}
	return Fixed(endpoint), nil
}

// Resolve answers with the endpoint. It never fails.
func (f Fixed) Resolve(context.Context, Request) (Result, error) {
	return Result{Endpoint: string(f)}, nil
}

func openFixed(u *url.URL) (Resolver, error) {
	if extras(u) || u.Path != "" {
		return nil, errors.New("fixed takes a host and a port only: want fixed://host:port")
	}
	f, err := NewFixed(u.Host)
	if err != nil {
		return nil, err
	}
	return f, nil
}
