package mysql

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// The transcripts are what went through a codec between go-sql-driver/mysql and
// MariaDB, or go-mysql's server, decrypted where a leg was TLS. mysqltest
// records them, with testdata/record.sh.
var conversations = []struct {
	name     string
	policy   codecs.TLSPolicy
	sha2     bool // go-mysql's server, which is capable of less
	resource string
	end      codecs.Action
}{
	{"native", codecs.NoTLS, false, "alpha", codecs.Relay},
	{"native_tls", codecs.RequireTLS, false, "alpha", codecs.Relay},
	{"ed25519", codecs.NoTLS, false, "beta", codecs.Relay},
	{"either", codecs.PreferTLS, false, "gamma", codecs.Relay},
	{"empty", codecs.NoTLS, false, "alpha", codecs.Relay},
	{"wrong_password", codecs.NoTLS, false, "alpha", codecs.Close},
	{"sha2_full_tls", codecs.RequireTLS, true, "alpha", codecs.Relay},
	{"sha2_full_rsa", codecs.NoTLS, true, "alpha", codecs.Relay},
	{"late", codecs.NoTLS, false, "beta", codecs.Relay},
	{"late_wrong_password", codecs.NoTLS, false, "beta", codecs.Close},
}

// turn is a line of a transcript: C and B are what the client and the backend
// say, c and b what they hear.
type turn struct {
	who   byte
	bytes string
}

// sha2Capabilities is what mysqltest offers in front of go-mysql's server.
const sha2Capabilities = DefaultCapabilities &^ (DeprecateEOF | SessionTrack | MultiResults | PSMultiResults)

func TestGolden(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			turns := readTranscript(t, c.name)
			for _, sizes := range [][]byte{nil, {1}, {7, 1, 30}} {
				o := Options{TLS: TLSOffered, LateBinding: true, Random: &counting{}, NextID: func() uint32 { return 7 }}
				if c.sha2 {
					o.Capabilities = sha2Capabilities
				}
				s := codectest.Start(t, Front(o))
				replay(s, turns, sizes, codecs.Target{TLS: c.policy})
				if got, want := string(s.ToClient), heardBy(turns, 'c'); got != want {
					t.Errorf("the client heard %q, want %q", got, want)
				}
				if got, want := string(s.ToBackend), heardBy(turns, 'b'); got != want {
					t.Errorf("the backend heard %q, want %q", got, want)
				}
				if s.Action != c.end || string(s.Resource) != c.resource {
					t.Errorf("action %d, want %d; resource %q, want %q", s.Action, c.end, s.Resource, c.resource)
				}
			}
		})
	}
}

// replay has both sides say their turns, in chunks of those sizes.
func replay(s *codectest.Session, turns []turn, sizes []byte, target codecs.Target) {
	for _, turn := range turns {
		chunks := codectest.Chop([]byte(turn.bytes), sizes)
		switch turn.who {
		case 'C':
			s.Client(chunks...)
		case 'B':
			s.Backend(chunks...)
		}
		switch s.Action {
		case codecs.StartTLS:
			s.Secured(codecs.TLS{})
		case codecs.StartBackendTLS:
			s.BackendSecured()
		case codecs.Route:
			s.Open(target)
		}
	}
}

// heardBy returns all that a side heard.
func heardBy(turns []turn, who byte) string {
	var all strings.Builder
	for _, turn := range turns {
		if turn.who == who {
			all.WriteString(turn.bytes)
		}
	}
	return all.String()
}

func readTranscript(t *testing.T, name string) []turn {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "golden", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var turns []turn
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		who, quoted, _ := strings.Cut(lines.Text(), " ")
		text, err := strconv.Unquote(quoted)
		if err != nil || len(who) != 1 {
			t.Fatalf("%s: %q", name, lines.Text())
		}
		turns = append(turns, turn{who[0], text})
	}
	if err := lines.Err(); err != nil || len(turns) == 0 {
		t.Fatalf("%s: %d turns, %v", name, len(turns), err)
	}
	return turns
}
