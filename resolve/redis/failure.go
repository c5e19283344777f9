package redis

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// passing are the errors a server gives that can't answer now, by their first
// word: while it reads its file, runs a script for too long, fails over, or a
// part of the cluster is down or moving.
var passing = []string{"LOADING", "BUSY", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "UNBLOCKED", "OOM", "NOREPLICAS", "NOSCRIPT"}

// isPassing says that a command may succeed later: the server isn't there, or
// says so itself.
func isPassing(err error) bool {
	if errors.Is(err, rueidis.ErrNoCache) {
		return false // the server is too old, or doesn't permit CLIENT TRACKING
	}
	if said := (*blamed)(nil); errors.As(err, &said) {
		err = said.err // which it doesn't look through
	}
	refused, ok := rueidis.IsRedisErr(err)
	if !ok {
		return true
	}
	word, _, _ := strings.Cut(refused.Error(), " ")
	for _, p := range passing {
		if word == p {
			return true
		}
	}
	return false
}

// failure classifies the error of a command for whoever asks for a resource.
func failure(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return resolve.Errorf(resolve.Unavailable, "redis doesn't answer in time: %w", err)
	case isPassing(err):
		return resolve.Errorf(resolve.Unavailable, "redis: %w", err)
	default:
		return resolve.Errorf(resolve.Internal, "redis: %w", err)
	}
}
