package tlsterm

import (
	"crypto/tls"
	"sync/atomic"
)

// maxTargets bounds the configurations of backends that are kept, each with its
// last session: about 8 KiB with a certificate of its own, 32 MiB in all.
const maxTargets = 4096

// target is what a configuration is for. Each has its own session, so that none
// is resumed that was verified in another way or for another name.
type target struct {
	mode       Verify
	serverName string
	alpn       string // joined
}

// targets are the configurations in use. When half of them are new, those that
// haven't been asked for since the last time that happened are forgotten.
type targets struct{ recent, older map[target]*tls.Config }

func newTargets() *targets { return &targets{recent: make(map[target]*tls.Config)} }

// get returns nil if the target isn't known.
func (t *targets) get(k target) *tls.Config {
	if config := t.recent[k]; config != nil {
		return config
	}
	config := t.older[k]
	if config != nil {
		t.put(k, config)
	}
	return config
}

func (t *targets) put(k target, config *tls.Config) {
	if len(t.recent) >= maxTargets/2 {
		t.recent, t.older = make(map[target]*tls.Config), t.recent
	}
	t.recent[k] = config
}

// lastSession is the tls.ClientSessionCache of one target. What crypto/tls
// names the session by is the same for the whole target.
type lastSession struct {
	state atomic.Pointer[tls.ClientSessionState]
}

var _ tls.ClientSessionCache = (*lastSession)(nil)

// Get implements tls.ClientSessionCache.
func (s *lastSession) Get(string) (*tls.ClientSessionState, bool) {
	state := s.state.Load()
	return state, state != nil
}

// Put implements tls.ClientSessionCache; nil forgets.
func (s *lastSession) Put(_ string, state *tls.ClientSessionState) { s.state.Store(state) }
