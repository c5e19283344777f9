//go:build linux

package headline

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

const (
	// spareDescriptors of a proxy process aren't for sessions.
	spareDescriptors = 512
	// A proxied session takes two descriptors of the proxy, one of the
	// generator and one of the backend.
	proxyDescriptors, allDescriptors = 2, 4
	// memoryShare of what is available may be used.
	memoryShare = 0.8
	// processMemory is what a process of proxy-engine takes without sessions,
	// about, and with it its part of the generators and backends, in bytes.
	processMemory = 24 << 20
)

// room is what the machine has for sessions.
type room struct {
	descriptors uint64 // a process may open
	files       uint64 // all processes may open more; 0 for any number
	memory      uint64 // available, in bytes
}

func readRoom() (room, error) {
	var r room
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return r, fmt.Errorf("reading the descriptor limit: %w", err)
	}
	kernel, err := measure.ReadKernel("")
	if err != nil {
		return r, err
	}
	r.descriptors, r.memory = limit.Cur, kernel.Available
	// fs.file-max doesn't bind root.
	if os.Geteuid() != 0 {
		r.files, err = freeFiles()
	}
	return r, err
}

// freeFiles reads "open unused limit".
func freeFiles() (uint64, error) {
	text, err := os.ReadFile("/proc/sys/fs/file-nr")
	if err != nil {
		return 0, err
	}
	var open, unused, limit uint64
	if _, err := fmt.Sscan(string(text), &open, &unused, &limit); err != nil {
		return 0, fmt.Errorf("/proc/sys/fs/file-nr: %w", err)
	}
	return limit - min(open, limit), nil
}

// perProcess is how many sessions one process of proxy-engine may hold.
func (r room) perProcess() int {
	return max(int(min(r.descriptors, 1<<30))-spareDescriptors, proxyDescriptors) / proxyDescriptors
}

// fit returns how many of the sessions wanted there is room for, if each takes
// so many bytes of the machine, and says what bounds them.
func (r room) fit(wanted int, bytes float64) (sessions int, notes []string) {
	sessions = wanted
	perProcess := float64(processMemory) / float64(r.perProcess())
	if most := int(memoryShare * float64(r.memory) / (bytes + perProcess)); most < sessions {
		sessions = most
		notes = append(notes, fmt.Sprintf("%d sessions instead of %d: each takes %.0f bytes of this machine, both ends included, "+
			"of whose %.1f GiB available %.0f %% are used", most, wanted, bytes+perProcess, float64(r.memory)/(1<<30), 100*memoryShare))
	}
	if most := int(r.files / allDescriptors); r.files > 0 && most < sessions {
		sessions = most
		notes = append(notes, fmt.Sprintf("%d sessions instead of %d: fs.file-max leaves %d descriptors, and each takes %d",
			most, wanted, r.files, allDescriptors))
	}
	if n := processesFor(sessions, r.perProcess()); n > 1 {
		notes = append(notes, fmt.Sprintf("%d processes of proxy-engine instead of one: a process may open %d descriptors here", n, r.descriptors))
	}
	return sessions, notes
}

// processesFor is how many processes hold so many sessions.
func processesFor(sessions, perProcess int) int { return (sessions + perProcess - 1) / perProcess }
