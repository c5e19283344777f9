package coldtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// visits is what has become of a crowd.
type visits struct {
	// Answered is when each client that was served had its first answer.
	Answered []time.Time
	// Failures are what the others say, Failed how many they are.
	Failures map[string]int
	Failed   int
}

// visit has every client of the crowd ask at once, and returns when all are served.
func (r role) visit() visits {
	v := visits{Failures: make(map[string]int)}
	var mu sync.Mutex
	var all, unanswered sync.WaitGroup
	unanswered.Add(r.N)
	for i := range r.N {
		all.Go(func() {
			answered, err := r.visitOnce(i, &unanswered)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				v.Failures[gist(err)]++
				v.Failed++
				return
			}
			v.Answered = append(v.Answered, answered)
		})
	}
	all.Wait()
	return v
}

// gist is an error without the addresses, which differ for every client.
func gist(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}

// visitOnce has one client ask. Those of HTTP, whose connections stay, ask again
// over them once nobody waits for the first answer any more.
func (r role) visitOnce(i int, unanswered *sync.WaitGroup) (answered time.Time, err error) {
	if r.Crowd == "postgres" {
		return visitPostgres(r.Address, i)
	}
	conn, err := net.Dial("tcp", r.Address)
	if err == nil {
		defer func() { _ = conn.Close() }()
		err = conn.SetDeadline(time.Now().Add(4 * enginetest.Patience))
	}
	if err == nil {
		err = askOver(conn, fmt.Sprintf("/%d/first", i))
	}
	answered = time.Now()
	unanswered.Done()
	if err != nil {
		return answered, err
	}
	unanswered.Wait()
	return answered, askOver(conn, fmt.Sprintf("/%d/second", i))
}

// askOver asks for a path, which is also the service's answer. It is sparing: the
// crowd shares the machine with whom it visits.
func askOver(conn net.Conn, path string) error {
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+sleeper+"\r\n\r\n"); err != nil {
		return err
	}
	const served = "HTTP/1.1 200 "
	var answer [1024]byte
	heard, want := 0, "\r\n\r\n"+path
	for !strings.HasSuffix(string(answer[:heard]), want) {
		n, err := conn.Read(answer[heard:])
		if heard += n; err != nil {
			return fmt.Errorf("told %q: %w", answer[:heard], err)
		}
		if heard >= len(served) && string(answer[:len(served)]) != served {
			return fmt.Errorf("told %q", answer[:heard])
		}
	}
	return nil
}

// visitPostgres leaves the client's number at the database.
func visitPostgres(address string, i int) (answered time.Time, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*enginetest.Patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, adminURL(address))
	if err != nil {
		return answered, fmt.Errorf("connect: %w", err)
	}
	answered = time.Now()
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, leaveNumber, i)
	return answered, err
}

// crowd is a crowd that is under way.
type crowd struct {
	t *testing.T
	*process
}

// sendCrowd has as many clients of a protocol come at once as the flag says.
func sendCrowd(t *testing.T, protocol, address string) crowd {
	t.Helper()
	p, err := launch(role{Crowd: protocol, N: *clients, Address: address})
	enginetest.Must(t, err)
	return crowd{t, p}
}

// wantServed waits until all have left, of whom every one was served. ready is when
// the resource was.
func (c crowd) wantServed(ready func() time.Time) {
	c.t.Helper()
	var v visits
	enginetest.Must(c.t, c.end(&v))
	if v.Failed > 0 || len(v.Answered) != *clients {
		c.t.Fatalf("%d clients served, want %d; %d were not: %v", len(v.Answered), *clients, v.Failed, v.Failures)
	}
	slices.SortFunc(v.Answered, time.Time.Compare)
	after := func(i int) time.Duration { return v.Answered[i].Sub(ready()).Round(time.Millisecond) }
	c.t.Logf("%d clients: from readiness to the first answer p50 %v, p99 %v, the last %v", *clients,
		after(*clients/2), after(*clients*99/100), after(*clients-1))
}
