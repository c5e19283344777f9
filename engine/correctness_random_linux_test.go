package engine_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
)

// conduct is what one side of a session does, all of it at random: it writes,
// and then ends its direction or the session; meanwhile it reads in pieces, to
// the end unless it gives up before.
type conduct struct {
	rng    *rand.Rand
	stream *pattern // what it writes
	other  *pattern // what it is to read
}

// outcome is what one side has seen.
type outcome struct {
	sent     int64 // bytes written
	received int64
	eof      bool  // it was told that this is all
	wrong    error // bytes that nobody has sent
}

func newConduct(session uint64, side uint64, stream, other *pattern) *conduct {
	return &conduct{rand.New(rand.NewPCG(session, side)), stream, other}
}

// amount is nothing, little, or more than all buffers of a proxy hold.
func (d *conduct) amount() int64 { return d.rng.Int64N(1<<d.rng.IntN(23) + 1) }

// run lives one side's life.
func (d *conduct) run(c *net.TCPConn) (o outcome) {
	total, giveUp, stop := d.amount(), d.rng.IntN(4) == 0, d.amount()
	halfClose, chunk := d.rng.IntN(3) > 0, 1+d.rng.IntN(patternChunk)
	if d.rng.IntN(2) == 0 {
		_ = c.SetLinger(0) // closing is a reset then
	}
	var writer sync.WaitGroup
	var broke bool
	writer.Go(func() {
		broke = d.write(c, total, &o) != nil
		if halfClose {
			broke = c.CloseWrite() != nil || broke
		} else {
			c.Close() // under the reader, too
		}
	})
	d.read(c, chunk, giveUp, stop, &o)
	if giveUp {
		c.Close() // under the writer, wherever it is
	}
	writer.Wait()
	// The kernel tells of a reset once: when the writer was told, the reader
	// sees an end that isn't one.
	o.eof = o.eof && !broke
	return o
}

func (d *conduct) write(c *net.TCPConn, total int64, o *outcome) error {
	for o.sent < total {
		n, err := c.Write(d.stream.at(o.sent, int(min(total-o.sent, patternChunk))))
		if o.sent += int64(n); err != nil {
			return err
		}
	}
	return nil
}

func (d *conduct) read(c *net.TCPConn, chunk int, giveUp bool, stop int64, o *outcome) {
	buf := make([]byte, chunk)
	for !giveUp || o.received < stop {
		n, err := c.Read(buf)
		if string(buf[:n]) != string(d.other.at(o.received, n)) {
			o.wrong = fmt.Errorf("wrong bytes between %d and %d", o.received, o.received+int64(n))
		}
		o.received += int64(n)
		if err != nil {
			o.eof = err == io.EOF
			return
		}
	}
}

// TestRandomSessions has both sides of many sessions do anything at all. What
// a side receives is what the other has sent, from its beginning; and when a
// side is told that this is all, it is.
func TestRandomSessions(t *testing.T) {
	const sessions, clients = 1000, 16
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		up, down := newPattern(41), newPattern(42)
		var outcomes sync.Map // by session: the backend's
		b := serve(t, func(c *net.TCPConn) error {
			var id uint64
			if err := binary.Read(c, binary.BigEndian, &id); err != nil {
				return nil // a client that was gone before it had said anything
			}
			outcomes.Store(id, newConduct(id, 1, down, up).run(c))
			return nil
		})
		p := start(t, impl, tcp.Front("x"), b.route(), func(cfg *engine.Config) { cfg.Timeouts.Flush = shortly })
		ids := make(chan uint64)
		var running sync.WaitGroup
		for range clients {
			running.Go(func() {
				for id := range ids {
					c, err := net.DialTCP("tcp", nil, p.address())
					if err != nil {
						t.Error(err)
						continue
					}
					if err := binary.Write(patient(c), binary.BigEndian, id); err != nil {
						t.Error(err)
					}
					mine := newConduct(id, 2, up, down).run(c)
					c.Close()
					outcomes.Store(-id, mine)
				}
			})
		}
		for id := range uint64(sessions) {
			ids <- id + 1
		}
		close(ids)
		running.Wait()
		p.awaitActive(0)
		s := p.Stats()
		want := closings{}
		for _, r := range []engine.Reason{engine.ClientClosed, engine.BackendClosed, engine.ClientReset, engine.BackendReset, engine.ClientGone} {
			want[r] = s.Closed[r]
		}
		p.stop(want)
		b.stop()
		for id := range uint64(sessions) {
			client, _ := outcomes.Load(-(id + 1))
			backend, known := outcomes.Load(id + 1)
			if !known {
				backend = outcome{}
			}
			judge(t, id+1, "backend", client.(outcome), backend.(outcome))
			judge(t, id+1, "client", backend.(outcome), client.(outcome))
		}
	})
}

// judge compares what one side has sent with what the other has received.
func judge(t *testing.T, id uint64, who string, sender, receiver outcome) {
	t.Helper()
	switch {
	case receiver.wrong != nil:
		t.Errorf("session %d, %s: %v", id, who, receiver.wrong)
	case receiver.received > sender.sent:
		t.Errorf("session %d: the %s has received %d bytes, %d were sent", id, who, receiver.received, sender.sent)
	case receiver.eof && receiver.received < sender.sent:
		t.Errorf("session %d: the %s was told that %d bytes are all, %d were sent", id, who, receiver.received, sender.sent)
	}
}
