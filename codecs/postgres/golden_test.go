package postgres

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// The transcripts are what psql and a PostgreSQL server said to each other.
// testdata/record.sh starts a server and records them anew, with these flags.
var (
	update = flag.Bool("update", false, "record the golden transcripts from the server at -server")
	server = flag.String("server", "", "the server to record from: host:port, or the path of its socket")
)

var conversations = []conversation{
	{name: "login_trust", user: "alice", database: "shop", command: `\q`, end: codecs.Relay},
	{name: "login_scram", user: "carol", password: "correct horse", database: "shop", command: `\q`, end: codecs.Relay},
	{name: "login_scram_wrong_password", user: "carol", password: "wrong", database: "shop", command: `\q`, end: codecs.More},
	{name: "wrong_database", user: "alice", database: "nowhere", command: `\q`, end: codecs.More},
	{name: "query", user: "alice", database: "shop", command: "select 'Z', n from generate_series(1, 3) n", end: codecs.Relay},
	{name: "replication", user: "alice", database: "shop", replication: "database", command: "IDENTIFY_SYSTEM", end: codecs.Relay},
	{name: "cancelled_query", user: "alice", database: "shop", command: "select pg_sleep(60)", cancel: true, end: codecs.Relay},
}

// conversation is one psql's.
type conversation struct {
	name string
	// What psql is told.
	user, password, database, replication, command string
	// cancel interrupts psql once its command is under way; the CancelRequest
	// is recorded in name_cancel.
	cancel bool
	// end is the action the conversation leaves the codec in.
	end codecs.Action
}

// turn is what one side said until the other did.
type turn struct {
	client bool
	bytes  []byte
}

func TestGolden(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			if *update {
				record(t, c)
			}
			turns := readTranscript(t, c.name)
			for _, sizes := range [][]byte{nil, {1}, {7, 1, 30}} {
				c.check(t, turns, replay(t, turns, sizes))
			}
			if c.cancel {
				checkCancel(t, readTranscript(t, c.name+"_cancel"), replay(t, turns, nil))
			}
		})
	}
}

// replay puts a codec between the two sides.
func replay(t *testing.T, turns []turn, sizes []byte) *codectest.Session {
	s := codectest.Start(t, Front(Options{}))
	for _, turn := range turns {
		chunks := codectest.Chop(turn.bytes, sizes)
		switch {
		case turn.client:
			s.Client(chunks...)
		case len(s.ToBackend) > 0:
			s.Backend(chunks...)
		}
		if s.Action == codecs.Route || s.Action == codecs.RouteKey {
			s.Open(codecs.Target{})
		}
	}
	return s
}

// check compares what came through the codec with what was said without it:
// the client hears the same, and the backend all but the request for TLS.
func (c conversation) check(t *testing.T, turns []turn, s *codectest.Session) {
	t.Helper()
	var fromClient, fromServer []byte
	for _, turn := range turns {
		if turn.client {
			fromClient = append(fromClient, turn.bytes...)
		} else {
			fromServer = append(fromServer, turn.bytes...)
		}
	}
	startup, asked := bytes.CutPrefix(fromClient, sslRequest)
	if !asked {
		t.Error("psql didn't ask for TLS first")
	}
	if !bytes.Equal(s.ToClient, fromServer) || !bytes.Equal(s.ToBackend, startup) {
		t.Errorf("the client heard %q and the backend %q", s.ToClient, s.ToBackend)
	}
	if s.Action != c.end || string(s.Resource) != c.database {
		t.Errorf("action %d, want %d; resource %q, want %q", s.Action, c.end, s.Resource, c.database)
	}
	if got, want := keys(s), issuedKeys(t, fromServer[1:]); !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	if c.end == codecs.More && len(s.Refuse(codecs.Failure{})) != 0 {
		t.Error("a second error follows the backend's own")
	}
}

// issuedKeys returns the keys pgx reads in what a server said.
func issuedKeys(t *testing.T, said []byte) []string {
	frontend := pgproto3.NewFrontend(bytes.NewReader(said), nil)
	for {
		message, err := frontend.Receive()
		if err != nil {
			return nil
		}
		if m, ok := message.(*pgproto3.BackendKeyData); ok {
			encoded, err := m.Encode(nil)
			if err != nil {
				t.Fatal(err)
			}
			return []string{string(encoded[typedHeader:])}
		}
	}
}

// checkCancel replays the connection that cancels: it must want the key that
// the session it cancels was given.
func checkCancel(t *testing.T, turns []turn, cancelled *codectest.Session) {
	t.Helper()
	s := replay(t, turns, nil)
	if len(turns) != 1 || s.Action != codecs.Relay || !bytes.Equal(s.ToBackend, turns[0].bytes) {
		t.Fatalf("action %d, the backend heard %q in %d turns", s.Action, s.ToBackend, len(turns))
	}
	if got := keys(cancelled); len(got) != 1 || got[0] != string(s.Wanted) {
		t.Errorf("the key %q is wanted, %q was issued", s.Wanted, got)
	}
}

// A transcript has a line for each turn: C or S, and the bytes as a Go string.
func transcriptFile(name string) string {
	return filepath.Join("testdata", "golden", name+".txt")
}

func readTranscript(t *testing.T, name string) []turn {
	t.Helper()
	file, err := os.Open(transcriptFile(name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var turns []turn
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		side, quoted, _ := strings.Cut(lines.Text(), " ")
		text, err := strconv.Unquote(quoted)
		if err != nil || side != "C" && side != "S" {
			t.Fatalf("%s: %q", file.Name(), lines.Text())
		}
		turns = append(turns, turn{client: side == "C", bytes: []byte(text)})
	}
	if err := lines.Err(); err != nil || len(turns) == 0 {
		t.Fatalf("%s: %d turns, %v", file.Name(), len(turns), err)
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
	if err := os.WriteFile(transcriptFile(name), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
