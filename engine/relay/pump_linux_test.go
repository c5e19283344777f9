package relay_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/relay"
)

// eachWay runs a behaviour over every kind of connection, copying and splicing.
func eachWay(t *testing.T, body func(t *testing.T, c connect, splice bool)) {
	for _, over := range []struct {
		name string
		connect
	}{{"tcp", overTCP}, {"unix", overUnix}, {"tight", overTight}} {
		for _, splice := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/splice=%v", over.name, splice), func(t *testing.T) {
				body(t, over.connect, splice)
			})
		}
	}
}

// manner is how a peer reads or writes.
type manner struct {
	name string
	max  int // bytes per call, chosen at random below it
}

var manners = []manner{{"tiny", 64}, {"small", 4 << 10}, {"large", 1 << 20}}

// amount keeps a peer of tiny calls from taking minutes.
func (m manner) amount() int { return min(m.max*1000, 8<<20) }

func (m manner) write(w io.Writer, b []byte, rng *rand.Rand) error {
	for len(b) > 0 {
		n := min(1+rng.IntN(m.max), len(b))
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (m manner) readAll(r io.Reader, rng *rand.Rand) ([]byte, error) {
	var all []byte
	buf := make([]byte, m.max)
	for {
		n, err := r.Read(buf[:1+rng.IntN(m.max)])
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func random(rng *rand.Rand, n int) []byte {
	var seed [32]byte
	binary.NativeEndian.PutUint64(seed[:], rng.Uint64())
	b := make([]byte, n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// Whatever sizes the peers read and write in, both at once, every byte arrives
// in order, and then the end.
func TestContentIsUntouched(t *testing.T) {
	eachWay(t, func(t *testing.T, c connect, splice bool) {
		for i, writes := range manners {
			for j, reads := range manners {
				t.Run(writes.name+" writes, "+reads.name+" reads", func(t *testing.T) {
					exchange(t, start(t, c, splice), writes, reads, uint64(10*i+j))
				})
			}
		}
	})
}

// exchange sends both ways at once and ends both.
func exchange(t *testing.T, p *pumped, writes, reads manner, seed uint64) {
	n := min(writes.amount(), reads.amount())
	var wg sync.WaitGroup
	for i, way := range []struct{ from, to stream }{{p.client, p.backend}, {p.backend, p.client}} {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		sent := random(rng, n-rng.IntN(n/4))
		readerRng := rand.New(rand.NewPCG(seed, uint64(i)+2))
		wg.Go(func() {
			if err := writes.write(way.from, sent, rng); err != nil {
				t.Error(err)
			}
			if err := way.from.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			got, err := reads.readAll(way.to, readerRng)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("direction %d: %d of %d bytes arrived, equal up to %d, and then %v", i, len(got), len(sent), common(got, sent), err)
			}
		})
	}
	wg.Wait()
	if status := <-p.end; status != relay.Done {
		t.Errorf("the pump ended with %d, want Done", status)
	}
}

// common is the length of the common prefix.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// One direction ends, the other lives on for as long as it likes.
func TestHalfClose(t *testing.T) {
	eachWay(t, func(t *testing.T, c connect, splice bool) {
		p := start(t, c, splice)
		io.WriteString(p.client, "question")
		p.client.CloseWrite()
		if got, err := io.ReadAll(p.backend); string(got) != "question" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		answer := random(rand.New(rand.NewPCG(5, 6)), 3<<20)
		go func() {
			p.backend.Write(answer)
			p.backend.CloseWrite()
		}()
		if got, err := io.ReadAll(p.client); !bytes.Equal(got, answer) || err != nil {
			t.Fatalf("got %d of %d bytes, %v", len(got), len(answer), err)
		}
		if status := <-p.end; status != relay.Done {
			t.Errorf("the pump ended with %d, want Done", status)
		}
	})
}

// A reset is passed on as one, and not before what came with it is delivered.
func TestReset(t *testing.T) {
	for _, splice := range []bool{false, true} {
		for _, want := range []relay.Status{relay.ClientReset, relay.BackendReset} {
			t.Run(fmt.Sprintf("status=%d splice=%v", want, splice), func(t *testing.T) {
				p := start(t, overTCP, splice)
				broken, other := p.client, p.backend
				if want == relay.BackendReset {
					broken, other = other, broken
				}
				io.WriteString(broken, "last words")
				heard := make([]byte, 10)
				if _, err := io.ReadFull(other, heard); err != nil {
					t.Fatal(err)
				}
				reset(broken)
				if status := <-p.end; status != want {
					t.Errorf("the pump ended with %d, want %d", status, want)
				}
				if n, err := other.Read(heard); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the other side read %d, %v, want ECONNRESET", n, err)
				}
			})
		}
	}
}

func reset(s stream) {
	s.(interface{ SetLinger(int) error }).SetLinger(0)
	s.Close()
}

// A side that is written to after it is gone breaks the session: the writer is
// told so.
func TestWriterToNobodyIsTold(t *testing.T) {
	eachWay(t, func(t *testing.T, c connect, splice bool) {
		p := start(t, c, splice)
		p.backend.Close()
		buf := make([]byte, 64<<10)
		var err error
		for err == nil {
			_, err = p.client.Write(buf)
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("the writer's error is %v", err)
		}
		if status := <-p.end; status != relay.BackendReset {
			t.Errorf("the pump ended with %d, want BackendReset", status)
		}
	})
}
