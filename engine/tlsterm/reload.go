package tlsterm

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve/filewatch"
)

// maxPEM bounds a file of certificates or keys, in bytes. The bundle of all
// public CAs has 220 KiB.
const maxPEM = 4 << 20

// contents are what files hold at one time, each read once.
type contents map[string]content

type content struct {
	text []byte
	err  error
}

func readAll(paths []string) contents {
	c := make(contents, len(paths))
	for _, path := range paths {
		if _, ok := c[path]; !ok {
			text, err := filewatch.Read(path, maxPEM)
			c[path] = content{text, err}
		}
	}
	return c
}

func (c contents) read(path string) ([]byte, error) { return c[path].text, c[path].err }

// fingerprint tells versions of a set of files apart, and ways of not being
// able to read them.
type fingerprint [sha256.Size]byte

func (c contents) fingerprint(paths []string) (sum fingerprint) {
	h := sha256.New()
	for _, path := range paths {
		text, err := c.read(path)
		if err != nil {
			text = []byte("\x00" + err.Error())
		}
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write(text)
	}
	h.Sum(sum[:0])
	return sum
}

// reloader keeps what is made of a set of files up to date. A new version that
// isn't sound changes nothing and is logged, once.
type reloader struct {
	paths []string
	log   *slog.Logger
	// build makes something of the files and returns what puts it into use.
	build func(contents) (use func(), err error)
	watch *filewatch.Watch // nil without files

	// mu: one reload at a time. It guards the fingerprints.
	mu sync.Mutex
	// standing is what is in use. faulty is the last version that couldn't be
	// used, and told says that this has been logged.
	standing, faulty fingerprint
	told             bool

	reloads, failed atomic.Uint64
}

// open loads the files and begins to watch them, unless there are faults in
// what they are wanted for: then it only adds those of the files. poll is for
// tests, nil otherwise.
func (r *reloader) open(faults error, poll <-chan time.Time) error {
	// Watch first: no change may fall between reading and watching.
	watch, watchErr := r.newWatch()
	c := readAll(r.paths)
	use, err := r.build(c)
	if err == nil {
		err = watchErr // where a file is missing the same again
	}
	if err = errors.Join(faults, err); err != nil {
		if watch != nil {
			err = errors.Join(err, watch.Close())
		}
		return err
	}
	r.standing = c.fingerprint(r.paths)
	use()
	if r.watch = watch; watch != nil {
		watch.Start(func() { _ = r.Reload() }, filewatch.Options{Logger: r.log, Poll: poll})
	}
	return nil
}

// newWatch returns nil where there is nothing to watch.
func (r *reloader) newWatch() (*filewatch.Watch, error) {
	if len(r.paths) == 0 {
		return nil, nil
	}
	return filewatch.New(r.paths...)
}

// Reload reads the files and takes over what has changed; an error says why a
// new version can't be used, and then the old one stays. Changes are found
// without it, so it is for signals. Safe for concurrent use.
func (r *reloader) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := readAll(r.paths)
	seen := c.fingerprint(r.paths)
	if seen == r.standing {
		r.faulty, r.told = fingerprint{}, false
		return nil
	}
	use, err := r.build(c)
	if err != nil {
		r.refuse(seen, err)
		return err
	}
	r.standing, r.faulty, r.told = seen, fingerprint{}, false
	r.reloads.Add(1)
	use()
	return nil
}

// refuse tells of a version that can't be used. A key that doesn't belong to
// its certificate is told when it is still so at the next look: until then the
// other file may be about to be replaced too.
func (r *reloader) refuse(seen fingerprint, err error) {
	again := seen == r.faulty
	if again && r.told {
		return
	}
	r.faulty = seen
	r.told = again || !errors.Is(err, errUnpaired)
	if !r.told {
		r.log.Debug("a certificate and its key differ, waiting for the other file", "error", err)
		return
	}
	r.failed.Add(1)
	r.log.Error("new TLS files are broken, the old ones stay in use", "error", err)
}

// Reloads returns how many new versions of the files were taken over, and how
// many were ignored as broken. Safe for concurrent use.
func (r *reloader) Reloads() (taken, ignored uint64) { return r.reloads.Load(), r.failed.Load() }

// Close stops watching the files and waits for a reload under way.
// Configurations stay usable. It may be called more than once.
func (r *reloader) Close() error {
	if r.watch == nil {
		return nil
	}
	return r.watch.Close()
}
