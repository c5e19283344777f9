package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Processes are the processes of the server under test: those named, and
// their descendants at the time of each look.
type Processes struct {
	// Roots are the process ids named by the user.
	Roots []int
	// Proc is where the proc file system is; "/proc" if empty.
	Proc string
}

// userHz is the unit of times in /proc/PID/stat. It is 100 on every
// architecture Go supports (proc(5), sysconf(_SC_CLK_TCK)).
const userHz = 100

// Usage is what processes have used and hold, added up.
type Usage struct {
	Processes   int           `json:"processes"`
	Memory      uint64        `json:"pss_bytes"` // proportional set size
	User        time.Duration `json:"user_ns"`
	System      time.Duration `json:"system_ns"`
	Descriptors int           `json:"descriptors"`
}

// CPU returns the time spent in user and kernel mode.
func (u Usage) CPU() time.Duration { return u.User + u.System }

// Usage reads everything. Without Roots it is zero. It is an error if a root
// can't be read; a descendant that ended meanwhile is left out.
func (p Processes) Usage() (Usage, error) {
	return p.sum(p.memory, p.cpu, p.descriptors)
}

// CPU reads only the CPU times, which costs the server nothing.
func (p Processes) CPU() (Usage, error) { return p.sum(p.cpu) }

func (p Processes) sum(readers ...func(int, *Usage) error) (Usage, error) {
	var sum Usage
	for pid, root := range p.tree() {
		one := Usage{Processes: 1}
		err := readAll(pid, &one, readers)
		if err != nil && root {
			return Usage{}, fmt.Errorf("process %d: %w", pid, err)
		}
		if err == nil {
			sum.add(one)
		}
	}
	return sum, nil
}

func readAll(pid int, u *Usage, readers []func(int, *Usage) error) error {
	for _, read := range readers {
		if err := read(pid, u); err != nil {
			return err
		}
	}
	return nil
}

func (u *Usage) add(other Usage) {
	u.Processes += other.Processes
	u.Memory += other.Memory
	u.User += other.User
	u.System += other.System
	u.Descriptors += other.Descriptors
}

// tree returns the roots (true) and their descendants (false).
func (p Processes) tree() map[int]bool {
	found := map[int]bool{}
	next := append([]int(nil), p.Roots...)
	for len(next) > 0 {
		pid := next[0]
		next = next[1:]
		if _, seen := found[pid]; !seen {
			found[pid] = false
			next = append(next, p.children(pid)...)
		}
	}
	for _, pid := range p.Roots {
		found[pid] = true
	}
	return found
}

func (p Processes) children(pid int) []int {
	lists, _ := filepath.Glob(p.path(pid, "task", "*", "children"))
	var pids []int
	for _, list := range lists {
		// A thread that ended since has no children to tell of.
		text, _ := os.ReadFile(list)
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func (p Processes) path(pid int, parts ...string) string {
	proc := p.Proc
	if proc == "" {
		proc = "/proc"
	}
	return filepath.Join(append([]string{proc, strconv.Itoa(pid)}, parts...)...)
}

// memory reads the proportional set size: private pages, and the process's
// share of shared ones, so that adding up workers counts nothing twice.
func (p Processes) memory(pid int, u *Usage) error {
	text, err := os.ReadFile(p.path(pid, "smaps_rollup"))
	if err != nil {
		return err
	}
	kib, err := labelled(string(text), "Pss:")
	u.Memory = kib << 10
	return err
}

// cpu reads the times of all the process's threads, also of those that ended.
func (p Processes) cpu(pid int, u *Usage) error {
	text, err := os.ReadFile(p.path(pid, "stat"))
	if err != nil {
		return err
	}
	// The second field, the name in parentheses, may hold spaces and
	// parentheses itself. What follows it starts with field 3.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return fmt.Errorf("unexpected contents of stat: %q", text)
	}
	if u.User, err = ticks(fields[11]); err != nil {
		return err
	}
	u.System, err = ticks(fields[12])
	return err
}

func ticks(field string) (time.Duration, error) {
	n, err := strconv.ParseInt(field, 10, 64)
	return time.Duration(n) * time.Second / userHz, err
}

// descriptors counts the open ones. In the real proc file system the folder's
// size tells since Linux 6.2; listing tens of thousands disturbs the server.
func (p Processes) descriptors(pid int, u *Usage) error {
	path := p.path(pid, "fd")
	if info, err := os.Stat(path); err == nil && p.Proc == "" && info.Size() > 0 {
		u.Descriptors = int(info.Size())
		return nil
	}
	entries, err := os.ReadDir(path)
	u.Descriptors = len(entries)
	return err
}

// labelled returns the number after the line's label.
func labelled(text, label string) (uint64, error) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, label); ok {
			fields := strings.Fields(rest)
			if len(fields) == 0 {
				break
			}
			return strconv.ParseUint(fields[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("no number after %q", label)
}
