package report

import "github.com/proxy-engine/proxy-engine/loadtest/measure"

// Counts is what generators have counted. Those of several loops or processes
// are merged into one without loss.
type Counts struct {
	Sessions Sessions `json:"sessions"`
	// Operations is the number of completed exchanges, requests or queries, or
	// of connections from connect to close; 0 in modes without any.
	Operations uint64 `json:"operations"`
	Bytes      Bytes  `json:"bytes"`
	// Latency is that of the operations; nil in modes without any.
	Latency *measure.Latencies `json:"latency,omitempty"`
	// Lag is how much later than intended the operations of an open loop were
	// begun, for want of a free connection or because the generator was late;
	// nil in a closed loop. It is part of Latency.
	Lag *measure.Latencies `json:"lag,omitempty"`
	// Failures counts the sessions that failed, by kind.
	Failures measure.Failures `json:"failures"`
	// Answers counts what the server said in those that failed as rejected, and
	// what went wrong in those that failed in TLS.
	Answers measure.Answers `json:"answers,omitempty"`
	// TLS counts handshakes by what was agreed on, those of the warm-up too.
	TLS measure.Answers `json:"tls,omitempty"`
}

// Sessions counts connections. Alive is the number of sessions that did all
// that was asked of them: stood at the end and answered or, in modes that
// close each session, ended well.
type Sessions struct {
	Wanted      uint64 `json:"wanted"`
	Established uint64 `json:"established"` // of those opened, the ones whose first exchange succeeded
	Alive       uint64 `json:"alive"`
}

// Bytes are payload bytes, seen from the client, that arrived and were
// compared with what was sent.
type Bytes struct {
	Down uint64 `json:"down"`
	Up   uint64 `json:"up"`
}

// Total is the bytes of both directions.
func (b Bytes) Total() uint64 { return b.Down + b.Up }

// Merge adds what other has counted; other stays as it is.
func (c *Counts) Merge(other *Counts) {
	c.Sessions.Wanted += other.Sessions.Wanted
	c.Sessions.Established += other.Sessions.Established
	c.Sessions.Alive += other.Sessions.Alive
	c.Operations += other.Operations
	c.Bytes.Down += other.Bytes.Down
	c.Bytes.Up += other.Bytes.Up
	c.Latency = merged(c.Latency, other.Latency)
	c.Lag = merged(c.Lag, other.Lag)
	c.Failures.Merge(&other.Failures)
	c.Answers.Merge(other.Answers)
	c.TLS.Merge(other.TLS)
}

// merged adds the samples of more to sum, which may be nil.
func merged(sum, more *measure.Latencies) *measure.Latencies {
	if more == nil {
		return sum
	}
	if sum == nil {
		sum = measure.NewLatencies()
	}
	sum.Merge(more)
	return sum
}

// Progress is how far a run has come.
type Progress struct {
	Open       uint64 `json:"open"`       // sessions open now
	Operations uint64 `json:"operations"` // completed so far, warm-up included
	Bytes      uint64 `json:"bytes"`      // received so far, warm-up included
	Failures   uint64 `json:"failures"`   // so far
}

// Add adds another generator's progress.
func (p *Progress) Add(other Progress) {
	p.Open += other.Open
	p.Operations += other.Operations
	p.Bytes += other.Bytes
	p.Failures += other.Failures
}
