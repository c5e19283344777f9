package mysqltest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With -update the golden transcripts of codecs/mysql are recorded anew.
var update = flag.Bool("update", false, "record the golden transcripts of codecs/mysql")

// Who speaks in a line of a transcript. Capitals are what the codec is given,
// the others what it says.
const (
	fromClient = 'C'
	fromServer = 'B'
	toClient   = 'c'
	toServer   = 'b'
)

// transcript is what went through a codec until its session was relayed or
// ended, in order.
type transcript struct{ lines []line }

type line struct {
	who   byte
	bytes []byte
}

func (t *transcript) hear(who byte, b []byte) {
	t.lines = append(t.lines, line{who, bytes.Clone(b)})
}

// say notes what the codec says to a side.
func (t *transcript) say(side byte, b []byte) {
	t.hear(map[byte]byte{fromClient: toClient, fromServer: toServer}[side], b)
}

// write writes it to codecs/mysql's testdata.
func (t *transcript) write(tb testing.TB, name string) {
	tb.Helper()
	var text strings.Builder
	for _, l := range t.lines {
		fmt.Fprintf(&text, "%c %+q\n", l.who, l.bytes)
	}
	file := filepath.Join("..", "testdata", "golden", name+".txt")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		tb.Fatal(err)
	}
}
