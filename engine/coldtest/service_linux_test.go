package coldtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// serve is an HTTP service that answers with the path, until its input ends. It
// says when it has begun, and in the end how often each path was asked for.
func (r role) serve() error {
	l, err := net.Listen("tcp", r.Address)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	asked := make(map[string]int)
	handler := func(w http.ResponseWriter, q *http.Request) {
		mu.Lock()
		asked[q.URL.Path]++
		mu.Unlock()
		_, _ = io.WriteString(w, q.URL.Path)
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(time.Now()); err != nil {
		return err
	}
	go func() { _ = http.Serve(l, http.HandlerFunc(handler)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	mu.Lock()
	defer mu.Unlock()
	return out.Encode(asked)
}

// service is an HTTP service in a process of its own that sleeps until it is woken.
type service struct {
	address string
	running *process
	begun   chan time.Time
}

func newService(t *testing.T) *service {
	t.Helper()
	return &service{address: reserve(t), begun: make(chan time.Time, 1)}
}

// wake starts it, and doesn't wait until it serves.
func (s *service) wake() (err error) {
	if s.running, err = launch(role{Address: s.address}); err != nil {
		return err
	}
	go func() {
		var at time.Time
		_ = s.running.says.Decode(&at)
		s.begun <- at
	}()
	return nil
}

// stop ends it, and returns how often each path was asked for.
func (s *service) stop(t *testing.T) (asked map[string]int) {
	t.Helper()
	enginetest.Must(t, s.running.end(&asked))
	return asked
}

// sleeper is the name all clients ask for.
const sleeper = "sleeper"

// An HTTP service is woken once for clients of several kinds, all of whom are
// served by the one start, and each once.
func TestServiceWakes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := newService(t)
		p := asleep(s.address)
		everybody := make(chan struct{})
		p.wake = onceOpen(everybody, s.wake)
		proxy := enginetest.Start(t, roomy(enginetest.Config(impl, engine.HTTPFront(), p)))
		others := []<-chan error{askByCurl(proxy.Address()), askByNetHTTP(proxy.Address())}
		crowd := sendCrowd(t, "http", proxy.Address())
		proxy.AwaitActive(int64(*clients + len(others)))
		close(everybody)
		for _, done := range others {
			enginetest.Must(t, <-done)
		}
		ready := <-s.begun
		crowd.wantServed(func() time.Time { return ready })
		p.wantWakes(t, 1)
		asked := s.stop(t)
		delete(asked, "/") // the proxy's own looks
		if want := 2 * (*clients + len(others)); len(asked) != want {
			t.Errorf("%d paths were asked for, want %d", len(asked), want)
		}
		for path, n := range asked {
			if n != 1 {
				t.Errorf("%s was asked for %d times", path, n)
			}
		}
	})
}

// askByCurl has curl ask twice over one connection.
func askByCurl(address string) <-chan error {
	return enginetest.Async(func() error {
		out, err := exec.Command("curl", "-sS", "--max-time", "120", "-H", "Host: "+sleeper, "http://"+address+"/curl/first", "http://"+address+"/curl/second").CombinedOutput()
		if err == nil && string(out) != "/curl/first/curl/second" {
			err = fmt.Errorf("told %q", out)
		}
		if err != nil {
			err = fmt.Errorf("curl: %w: %s", err, out)
		}
		return err
	})
}

// askByNetHTTP asks twice over one connection likewise.
func askByNetHTTP(address string) <-chan error {
	return enginetest.Async(func() error {
		transport := &http.Transport{MaxConnsPerHost: 1}
		defer transport.CloseIdleConnections()
		client := http.Client{Transport: transport, Timeout: 4 * enginetest.Patience}
		for _, path := range []string{"/net/first", "/net/second"} {
			request, err := http.NewRequest(http.MethodGet, "http://"+address+path, nil)
			if err != nil {
				return err
			}
			request.Host = sleeper
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(body) != path {
				return fmt.Errorf("net/http: told %s %q, %v", response.Status, body, err)
			}
		}
		return nil
	})
}
