//go:build linux

package loadtest

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// spareDescriptors are left for everything but sessions.
const spareDescriptors = 128

// maxProcesses bounds the workers, so that a slip in the number of sessions
// doesn't fill the machine with them. It allows 10 million sessions where a
// process may open 20,000 descriptors.
const maxProcesses = 512

// shape is how a load is spread: loops are event loops per process.
type shape struct{ processes, loops int }

// shapeOf spreads a load over no more loops than there are sessions, and over
// as many processes as their descriptor limit makes necessary.
func shapeOf(l load) (shape, error) {
	limit, err := descriptorLimit()
	if err != nil {
		return shape{}, err
	}
	sessions, c := l.sessions(), l.common()
	needed := (sessions-1)/limit + 1
	s := shape{processes: max(c.Processes, 1)}
	if c.Processes == 0 {
		s.processes = max(needed, 1)
	}
	s.processes = min(s.processes, max(sessions, 1))
	s.loops = max(min(c.Loops, sessions/s.processes), 1)
	switch {
	case s.processes > maxProcesses:
		return s, fmt.Errorf("%d processes for %d sessions: at most %d", s.processes, sessions, maxProcesses)
	case s.processes < needed:
		return s, fmt.Errorf("%d sessions take %d processes of %d descriptors each", sessions, needed, limit)
	case s.processes > 1 && len(c.Worker) == 0:
		return s, errors.New("more than one process, and no command to start workers with")
	default:
		return s, nil
	}
}

// descriptorLimit is how many sessions one process may open. The Go runtime has
// raised the limit as far as it may be raised.
func descriptorLimit() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("reading the descriptor limit: %w", err)
	}
	if limit.Cur <= spareDescriptors {
		return 0, fmt.Errorf("a process may open %d descriptors, too few", limit.Cur)
	}
	return int(min(limit.Cur, 1<<30)) - spareDescriptors, nil
}
