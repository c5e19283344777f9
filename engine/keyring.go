package engine

import (
	"net/netip"
	"sync"
)

// keyShards keeps loops from waiting for each other; a power of two.
const keyShards = 16

// keyring remembers which backend issued which session key (PostgreSQL's
// BackendKeyData), over all loops, for as long as the session lives. The
// addresses are shared with the routes they come from. Safe for concurrent
// use; the zero value is ready.
type keyring struct {
	shards [keyShards]struct {
		mu sync.RWMutex
		m  map[string]keyIssuer
	}
}

// keyIssuer is a backend that has issued a key, and how its leg is encrypted.
// The zero value is nobody.
type keyIssuer struct {
	backend *netip.AddrPort
	leg     backendTLS
	data    string // codecs.Step.KeyData
}

// shard spreads by the key's last byte, which is part of a random secret.
func (k *keyring) shard(key []byte) int { return int(key[len(key)-1]) % keyShards }

// put registers a key; should two backends have issued the same one, the
// latest counts.
func (k *keyring) put(key string, issuer keyIssuer) {
	s := &k.shards[k.shard([]byte(key))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = make(map[string]keyIssuer)
	}
	s.m[key] = issuer
}

// get returns who issued the key.
func (k *keyring) get(key []byte) keyIssuer {
	if len(key) == 0 {
		return keyIssuer{}
	}
	s := &k.shards[k.shard(key)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.m[string(key)]
}

// drop forgets the key, unless it has become another backend's meanwhile.
func (k *keyring) drop(key string, backend *netip.AddrPort) {
	s := &k.shards[k.shard([]byte(key))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[key].backend == backend {
		delete(s.m, key)
	}
}
