package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Kernel is the memory the whole machine's kernel uses for connections. All
// sockets count: those of the generator, of the server under test and of its
// backend.
type Kernel struct {
	Slab      uint64 `json:"slab_bytes"`          // kernel objects, sockets among them
	Sockets   uint64 `json:"socket_buffer_bytes"` // pages accounted to TCP buffers
	Available uint64 `json:"available_bytes"`     // MemAvailable
}

// ReadKernel reads the values; proc is where the proc file system is,
// "/proc" if empty.
func ReadKernel(proc string) (Kernel, error) {
	if proc == "" {
		proc = "/proc"
	}
	var k Kernel
	text, err := os.ReadFile(filepath.Join(proc, "meminfo"))
	if err != nil {
		return k, err
	}
	slab, err := labelled(string(text), "Slab:")
	if err != nil {
		return k, err
	}
	available, err := labelled(string(text), "MemAvailable:")
	if err != nil {
		return k, err
	}
	pages, err := socketPages(filepath.Join(proc, "net", "sockstat"))
	if err != nil {
		return k, err
	}
	return Kernel{slab << 10, pages * uint64(os.Getpagesize()), available << 10}, nil
}

// socketPages reads "TCP: inuse 5 orphan 0 tw 0 alloc 8 mem 3".
func socketPages(path string) (uint64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if tcp, ok := strings.CutPrefix(line, "TCP:"); ok {
			_, after, _ := strings.Cut(tcp, " mem ")
			return labelled("mem "+after, "mem ")
		}
	}
	return 0, fmt.Errorf("no line for TCP in %s", path)
}
