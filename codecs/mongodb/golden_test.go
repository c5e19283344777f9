package mongodb

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// The transcripts are what drivers and a FerretDB server said to each other
// without a proxy: each driver without a login and with one, each connection in
// a file of its own. A driver has at least one that monitors.
var update = flag.Bool("update", false, "record the golden transcripts")

// turn is what one side said until the other did.
type turn struct {
	client bool
	bytes  []byte
}

func TestGolden(t *testing.T) {
	for _, d := range mongoprograms.Drivers() {
		for _, login := range []bool{false, true} {
			name := fmt.Sprintf("%v_login_%v", d, login)
			t.Run(name, func(t *testing.T) {
				if *update {
					record(t, d, login, name)
				}
				checkGolden(t, name, login)
			})
		}
	}
}

// checkGolden replays all connections of a driver.
func checkGolden(t *testing.T, name string, login bool) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", name+"_*.txt"))
	must(t, err)
	routed, served := 0, 0
	for _, file := range files {
		turns := readTranscript(t, file)
		for _, sizes := range [][]byte{nil, {1}, {7, 1, 30}} {
			r := replay(t, turns, sizes)
			r.check(t, file)
			if r.session.Resource == nil {
				served++
			} else {
				routed++
			}
			if byHello := r.helloPassed; r.session.Resource != nil && byHello != login {
				t.Errorf("%s: routed by a hello: %v", file, byHello)
			}
		}
	}
	if routed == 0 || served == 0 {
		t.Errorf("%d connections were routed, %d served", routed, served)
	}
}

// replayed is a transcript with a codec between the two sides.
type replayed struct {
	session *codectest.Session
	// passes is what the client said that the backend must hear.
	passes []byte
	// answers is how many replies the server gave, the client must have as
	// many.
	answers int
	// earlier are the server's answers to what the backend hasn't heard yet.
	earlier [][]byte
	// helloPassed says that the client was routed by a hello.
	helloPassed bool
}

func replay(t *testing.T, turns []turn, sizes []byte) *replayed {
	r := &replayed{session: codectest.Start(t, standing(Front(Options{}), nil))}
	for _, turn := range turns {
		if turn.client {
			r.client(turn.bytes, sizes)
		} else {
			r.server(turn.bytes, sizes)
		}
	}
	return r
}

// client has the client say a turn, which is one request.
func (r *replayed) client(said, sizes []byte) {
	s := r.session
	opened := s.Resource != nil
	s.Client(codectest.Chop(said, sizes)...)
	if s.Action == codecs.Route {
		r.helloPassed = saysHello(said)
		s.Open(codecs.Target{})
		opened = true
	}
	switch {
	case r.passes == nil || opened && (!saysHello(said) || r.helloPassed && len(r.passes) == 0):
		r.passes = append(r.passes, said...)
	}
}

// server has the backend say what the server said, once it is the answer to
// something the backend has heard.
func (r *replayed) server(said, sizes []byte) {
	r.answers++
	s := r.session
	if len(s.ToBackend) == 0 {
		r.earlier = append(r.earlier, said)
		return
	}
	if len(r.earlier) > 0 && !r.helloPassed {
		s.Backend(codectest.Chop(r.earlier[0], sizes)...) // to the hello that was replayed
	}
	r.earlier = nil
	if answers := len(requestIDs(s.ToClient)); answers < r.answers {
		s.Backend(codectest.Chop(said, sizes)...)
	}
}

func (r *replayed) check(t *testing.T, file string) {
	t.Helper()
	s := r.session
	if s.Action != codecs.More {
		t.Fatalf("%s: action %d, %+v", file, s.Action, s.Failure)
	}
	if got := len(requestIDs(s.ToClient)); got != r.answers {
		t.Errorf("%s: the client had %d replies, want %d", file, got, r.answers)
	}
	switch {
	case s.Resource == nil && len(s.ToBackend) > 0:
		t.Errorf("%s: the backend heard %q", file, s.ToBackend)
	case s.Resource != nil && (string(s.Resource) != "shop" || !bytes.Equal(s.ToBackend, r.passes)):
		t.Errorf("%s: resource %q, the backend heard %q, want %q", file, s.Resource, s.ToBackend, r.passes)
	}
}

// A transcript has a line for each turn: C or S, and the bytes as a Go string.
func readTranscript(t *testing.T, name string) []turn {
	t.Helper()
	file, err := os.Open(name)
	must(t, err)
	defer file.Close()
	var turns []turn
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		side, quoted, _ := strings.Cut(lines.Text(), " ")
		text, err := strconv.Unquote(quoted)
		if err != nil || side != "C" && side != "S" {
			t.Fatalf("%s: %q", name, lines.Text())
		}
		turns = append(turns, turn{client: side == "C", bytes: []byte(text)})
	}
	if err := lines.Err(); err != nil || len(turns) == 0 {
		t.Fatalf("%s: %d turns, %v", name, len(turns), err)
	}
	return turns
}

func writeTranscript(t *testing.T, name string, turns []turn) {
	t.Helper()
	var text strings.Builder
	for _, turn := range turns {
		side := "S"
		if turn.client {
			side = "C"
		}
		fmt.Fprintf(&text, "%s %+q\n", side, turn.bytes)
	}
	must(t, os.WriteFile(name, []byte(text.String()), 0o644))
}

// complete reports whether b ends where a message ends.
func complete(b []byte) bool { return len(wholeMessages(b)) == len(b) }
