package dns

import (
	"os"
	"sync"
	"time"
)

// checkEvery is how often a lookup looks whether a file has changed.
const checkEvery = 5 * time.Second

// file is the parsed content of a file that may change. Safe for concurrent use.
type file[T any] struct {
	path string
	// parse gets what the file holds, nothing if it can't be read: there are
	// systems without.
	parse func(content []byte) T

	mu      sync.Mutex
	checked time.Time
	modTime time.Time
	size    int64
	parsed  T
}

// get returns the content, read again if the file has changed since.
func (f *file[T]) get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); f.checked.IsZero() || now.Sub(f.checked) >= checkEvery {
		f.check(f.checked.IsZero())
		f.checked = now
	}
	return f.parsed
}

func (f *file[T]) check(first bool) {
	var modTime time.Time
	var size int64
	if info, err := os.Stat(f.path); err == nil {
		modTime, size = info.ModTime(), info.Size()
	}
	if !first && modTime.Equal(f.modTime) && size == f.size {
		return
	}
	content, err := os.ReadFile(f.path)
	if err != nil {
		content = nil
	}
	f.modTime, f.size, f.parsed = modTime, size, f.parse(content)
}
