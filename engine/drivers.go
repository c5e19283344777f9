package engine

import (
	"errors"
	"os"
)

// drivers are several that share an engine's listeners.
type drivers []driver

func (d drivers) start() error {
	for _, one := range d {
		if err := one.start(); err != nil {
			return err
		}
	}
	return nil
}

func (d drivers) listen(all []Listener, had inheritance) (*listening, error) {
	whole := &listening{commit: func() {}, abort: func() {}}
	for _, one := range d {
		part, err := one.listen(all, had)
		if err != nil {
			whole.abort()
			return nil, err
		}
		whole = whole.and(part)
	}
	return whole, nil
}

func (d drivers) files() (all []*os.File, err error) {
	for _, one := range d {
		part, failure := one.files()
		all, err = append(all, part...), errors.Join(err, failure)
	}
	return all, err
}

func (d drivers) stopAccepting() {
	for _, one := range d {
		one.stopAccepting()
	}
}

func (d drivers) leave(to homes) {
	for _, one := range d {
		one.leave(to)
	}
}

func (d drivers) stop() {
	for _, one := range d {
		one.stop()
	}
}

// newDriver makes what the configuration asks for: event loops don't serve the
// listeners that multiplex, which goroutines do beside them.
func newDriver(e *Engine) (driver, error) {
	if e.cfg().Impl == Goroutine {
		return newGoroutineDriver(e, func(*Listener) bool { return true }), nil
	}
	loops, err := newReactorDriver(e)
	if err != nil {
		return nil, err
	}
	return drivers{loops, newGoroutineDriver(e, (*Listener).multiplexes)}, nil
}
