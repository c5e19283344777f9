//go:build !linux

package engine

import "errors"

// newReactorDriver fails: event loops need epoll.
func newReactorDriver(*Engine) (driver, error) {
	return nil, errors.New("the reactor needs Linux: use the goroutine implementation")
}
