//go:build linux

package loadtest

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// spareDescriptors are left for everything but sessions.
const spareDescriptors = 64

// descriptorsFor says whether this process may open so many sessions. The Go
// runtime has raised the limit as far as it may be raised.
func descriptorsFor(sessions int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading the descriptor limit: %w", err)
	}
	if uint64(max(sessions, 0))+spareDescriptors > limit.Cur {
		return fmt.Errorf("%d sessions need as many descriptors; this process may open %d, of which it keeps %d for itself",
			sessions, limit.Cur, spareDescriptors)
	}
	return nil
}
