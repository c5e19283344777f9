package dns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// udpSize is what answers fit into without fragments (DNS flag day 2020).
const udpSize = 1232

// exchangeFunc sends a question over "udp" or "tcp" and returns the message that
// has its id.
type exchangeFunc func(ctx context.Context, network, server string, m *dns.Msg) (*dns.Msg, error)

// exchange uses a socket of its own, and so a port that nobody can guess.
func exchange(ctx context.Context, network, server string, m *dns.Msg) (*dns.Msg, error) {
	client := &dns.Client{Net: network}
	conn, err := client.DialContext(ctx, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if end, ok := ctx.Deadline(); ok {
		client.Timeout = time.Until(end)
	}
	answer, _, err := client.ExchangeWithConnContext(ctx, m, conn)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // not that it was closed
	}
	return answer, err
}

// query asks the servers in turn, as often as resolv.conf says, beginning with
// the one that answered last. Each gets its share of the time that is left, so
// that a dead one doesn't use up that of the next.
func (r *Resolver) query(ctx context.Context, conf *config, name string, family uint16) (m *dns.Msg, err error) {
	n := len(conf.servers)
	tries, start := conf.attempts*n, int(r.preferred.Load())
	for try := range tries {
		at := (start + try) % n
		m, err = r.try(ctx, conf, conf.servers[at], tries-try, name, family)
		if err == nil {
			r.preferred.Store(uint32(at))
			return m, nil
		}
		err = fmt.Errorf("server %s: %w", conf.servers[at], err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func (r *Resolver) try(ctx context.Context, conf *config, server string, left int, name string, family uint16) (*dns.Msg, error) {
	share := conf.timeout
	if end, ok := ctx.Deadline(); ok {
		share = min(share, time.Until(end)/time.Duration(left))
	}
	ctx, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	m, err := r.askServer(ctx, server, name, family)
	if err != nil {
		return nil, err
	}
	return m, usable(m)
}

// askServer asks over UDP, without EDNS if the server doesn't know that, and
// over TCP what doesn't fit.
func (r *Resolver) askServer(ctx context.Context, server, name string, family uint16) (*dns.Msg, error) {
	q := new(dns.Msg).SetQuestion(name, family)
	q.SetEdns0(udpSize, false)
	m, err := r.send(ctx, "udp", server, q)
	if err == nil && (m.Rcode == dns.RcodeFormatError || m.Rcode == dns.RcodeNotImplemented) {
		q.Extra, q.Id = nil, dns.Id()
		m, err = r.send(ctx, "udp", server, q)
	}
	if err == nil && m.Truncated {
		q.Id = dns.Id()
		m, err = r.send(ctx, "tcp", server, q)
	}
	return m, err
}

var errQuestion = errors.New("the answer is to another question")

func (r *Resolver) send(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
	m, err := r.exchange(ctx, network, server, q)
	if err != nil {
		return nil, err
	}
	if m.Rcode != dns.RcodeFormatError && !repeats(m, q.Question[0]) {
		return nil, errQuestion
	}
	return m, nil
}

// repeats says that a message is a response to a question. One to a question
// that the server couldn't read needn't repeat it.
func repeats(m *dns.Msg, q dns.Question) bool {
	if !m.Response || len(m.Question) != 1 {
		return false
	}
	own := m.Question[0]
	return own.Qtype == q.Qtype && own.Qclass == q.Qclass && canonical(own.Name) == canonical(q.Name)
}

var errLame = errors.New("the server knows nothing of the name and doesn't ask others")

// usable returns why a message settles nothing, nil if it does: then no other
// server need be asked.
func usable(m *dns.Msg) error {
	switch {
	case m.Truncated:
		return errors.New("the answer over TCP is truncated")
	case m.Rcode == dns.RcodeNameError:
		return nil
	case m.Rcode != dns.RcodeSuccess:
		return fmt.Errorf("the answer is %s", rcode(m.Rcode))
	}
	_, final := negativeTTL(m)
	if len(m.Answer) == 0 && !final && !m.Authoritative && !m.RecursionAvailable {
		return errLame
	}
	return nil
}

func rcode(code int) string {
	if name := dns.RcodeToString[code]; name != "" {
		return name
	}
	return fmt.Sprintf("code %d", code)
}
