// Package opstest does to an engine what operators do (reload it, hand its sockets to
// another one, list and close its sessions, end it) while clients come, go and exchange
// data: none of them may notice whom it isn't about.
package opstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo returns the address of a server that says its name to whoever comes, and then
// whatever it hears.
func echo(t *testing.T, name byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				if _, err := c.Write([]byte{name}); err == nil {
					_, _ = io.Copy(c, c)
				}
			})
		}
	})
	t.Cleanup(func() {
		enginetest.CloseAll(t, ln)
		serving.Wait()
	})
	return ln.Addr().String()
}

// client is one session.
type client struct {
	net.Conn
	backend byte // the name of who answers
	count   uint64
}

func connect(address string) (*client, error) {
	conn, err := net.DialTimeout("tcp", address, enginetest.Patience)
	if err != nil {
		return nil, err
	}
	c := &client{Conn: conn}
	_ = c.SetDeadline(enginetest.Soon())
	var name [1]byte
	if _, err := io.ReadFull(c, name[:]); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("no name: %w", err)
	}
	c.backend = name[0]
	return c, nil
}

// exchange says something new and wants to hear it back.
func (c *client) exchange() error {
	c.count++
	said := binary.BigEndian.AppendUint64(make([]byte, 0, 256), c.count)
	said = append(said, bytes.Repeat([]byte{byte(c.count)}, 248)...)
	_ = c.SetDeadline(enginetest.Soon())
	if _, err := c.Write(said); err != nil {
		return err
	}
	heard := make([]byte, len(said))
	if _, err := io.ReadFull(c, heard); err != nil {
		return err
	}
	if !bytes.Equal(heard, said) {
		return errors.New("heard something else than was said")
	}
	return nil
}

// crowd is sessions that exchange all the time.
type crowd struct {
	exchanges atomic.Int64
	running   sync.WaitGroup
	stop      chan struct{}
}

// join has n clients exchange until leave.
func join(t *testing.T, address string, n int) *crowd {
	t.Helper()
	c := &crowd{stop: make(chan struct{})}
	t.Cleanup(c.leave)
	for range n {
		one, err := connect(address)
		enginetest.Must(t, err)
		c.running.Go(func() {
			defer one.Close()
			c.run(t, one)
		})
	}
	return c
}

func (c *crowd) run(t *testing.T, one *client) {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		if err := one.exchange(); err != nil {
			t.Errorf("broken after %d exchanges: %v", one.count, err)
			return
		}
		c.exchanges.Add(1)
		select {
		case <-pause.C:
		case <-c.stop:
			return
		}
	}
}

// more waits until everybody has exchanged something once more, on average.
func (c *crowd) more(t *testing.T, n int) {
	t.Helper()
	from := c.exchanges.Load()
	enginetest.Eventually(t, "more exchanges", func() bool { return c.exchanges.Load() > from+int64(n) || t.Failed() })
}

// leave ends the sessions. It may be called twice.
func (c *crowd) leave() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.running.Wait()
}

// comers are clients that connect, exchange once and go, one after the other.
type comers struct {
	served  atomic.Int64
	running sync.WaitGroup
	stop    chan struct{}
}

func come(t *testing.T, address string, lines int) *comers {
	c := &comers{stop: make(chan struct{})}
	t.Cleanup(c.leave)
	for range lines {
		c.running.Go(func() {
			for !t.Failed() {
				select {
				case <-c.stop:
					return
				default:
				}
				if err := visit(address); err != nil {
					t.Errorf("after %d clients: %v", c.served.Load(), err)
					return
				}
				c.served.Add(1)
			}
		})
	}
	return c
}

func visit(address string) error {
	c, err := connect(address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.exchange()
}

// more waits until n more have been served.
func (c *comers) more(t *testing.T, n int64) {
	t.Helper()
	from := c.served.Load()
	enginetest.Eventually(t, "more clients served", func() bool { return c.served.Load() >= from+n || t.Failed() })
}

// leave ends the coming. It may be called twice.
func (c *comers) leave() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.running.Wait()
}
