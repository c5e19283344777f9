package smtp

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// happening is one line of a golden transcript, which engine/smtptest records:
//
//	with   what the front end was configured with
//	C, B   what the client, or the backend, has said
//	toC    what the client was told
//	toB    what the backend was told
//	route  the resource; the backend was connected
//	tls    the client's leg was encrypted, for the host named
//	btls   the backend's leg was
//
// each with its text as a Go string.
type happening struct{ what, text string }

func readTranscript(t testing.TB, name string) []happening {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var events []happening
	for lines := bufio.NewScanner(file); lines.Scan(); {
		what, quoted, _ := strings.Cut(lines.Text(), " ")
		text, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %q", name, lines.Text())
		}
		events = append(events, happening{what, text})
	}
	if len(events) == 0 || events[0].what != "with" {
		t.Fatalf("%s doesn't say what it was recorded with", name)
	}
	return events
}
