package dns

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// verdict says what a question came to. A lower one counts more if two differ.
type verdict uint8

const (
	// found: there are addresses.
	found verdict = iota
	// noData: the name exists without an address.
	noData
	// noName: the name doesn't exist (NXDOMAIN).
	noName
	// failed: it isn't known.
	failed
)

// String returns what a user is told.
func (v verdict) String() string {
	return [...]string{found: "found", noData: "the name has no address", noName: "no such host", failed: "failed"}[v]
}

// finding is what a question came to.
type finding struct {
	verdict verdict
	addrs   []netip.Addr  // iff found
	ttl     time.Duration // as the servers say, unless failed
	err     error         // iff failed
}

// patience is how long addresses of one family wait for the other's. RFC 8305
// section 3 has 50 ms, of a client that dials at once; this answer serves many.
const patience = 250 * time.Millisecond

// halfTTL bounds how long addresses are used without those of the other family,
// which failed.
const halfTTL = 5 * time.Second

var errSlow = errors.New("no answer in time")

// ask asks for both families at once.
func (r *Resolver) ask(ctx context.Context, conf *config, name string) finding {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	findings := make(chan finding, 2)
	for _, family := range []uint16{dns.TypeA, dns.TypeAAAA} {
		go func() { findings <- r.askFamily(ctx, conf, name, family) }()
	}
	first := <-findings
	return merge(first, second(findings, first))
}

func second(findings <-chan finding, first finding) finding {
	if first.verdict != found {
		return <-findings
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case f := <-findings:
		return f
	case <-late.C:
		return finding{verdict: failed, err: errSlow}
	}
}

// merge makes one of what both families came to. That there is no such name
// (RFC 2308 section 2.1) holds for both, that it has no address doesn't.
func merge(a, b finding) finding {
	if b.verdict < a.verdict {
		a, b = b, a
	}
	switch {
	case a.verdict == found && b.verdict == found:
		a.addrs = append(a.addrs, b.addrs...)
		a.ttl = min(a.ttl, b.ttl)
	case a.verdict == found && b.verdict == failed:
		a.ttl = min(a.ttl, halfTTL)
	case a.verdict == noData && b.verdict == failed:
		return b
	case a.verdict != found && b.verdict != failed:
		a.ttl = min(a.ttl, b.ttl)
	}
	return a
}

// maxLinks bounds a chain of CNAME records.
const maxLinks = 8

var errChain = errors.New("the chain of CNAME records is too long or a loop")

// askFamily asks for the records of one family and follows aliases.
func (r *Resolver) askFamily(ctx context.Context, conf *config, name string, family uint16) finding {
	c := chain{name: name, family: family, ttl: maxTTL}
	for {
		m, err := r.query(ctx, conf, c.name, family)
		if err != nil {
			return finding{verdict: failed, err: err}
		}
		if f, done := c.read(m); done {
			return f
		}
	}
}
