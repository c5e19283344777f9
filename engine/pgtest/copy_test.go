package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// rows is text for COPY: lines that don't repeat, so many bytes of them.
type rows struct {
	block []byte
	n     int // blocks begun
	rest  []byte
	left  int64
}

const (
	// rowLength is what one row takes, its newline included.
	rowLength = 128
	// blockRows is how many rows differ only by the block's number in front.
	blockRows = 4096
)

// newRows rounds size up to whole rows.
func newRows(size int64) *rows {
	r := &rows{left: (size + rowLength - 1) / rowLength * rowLength}
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, rowLength)
	for range blockRows {
		_, _ = random.Read(noise) // never fails
		row := base64.StdEncoding.AppendEncode(nil, noise)[:rowLength]
		row[rowLength-1] = '\n'
		r.block = append(r.block, row...)
	}
	return r
}

// Read implements io.Reader.
func (r *rows) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.rest) == 0 {
		copy(r.block, fmt.Sprintf("%012d", r.n))
		r.n++
		r.rest = r.block
	}
	n := copy(p, r.rest[:min(int64(len(r.rest)), r.left)])
	r.rest, r.left = r.rest[n:], r.left-int64(n)
	return n, nil
}

// TestCopy copies rows in, and compares what comes out.
func TestCopy(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		conn := connect(t, p.url("beta"))
		// Large tables are read from where another session is, else.
		execute(t, conn, "set synchronize_seqscans = off")
		execute(t, conn, "create temp table copied (row text)")
		in, out := sha256.New(), sha256.New()
		copyIn(t, conn, io.TeeReader(newRows(*copySize), in))
		copyOut(t, conn, out)
		if got, want := hex.EncodeToString(out.Sum(nil)), hex.EncodeToString(in.Sum(nil)); got != want {
			t.Errorf("what came out has the checksum %s, what went in %s", got, want)
		}
	})
}

func copyIn(t *testing.T, conn *pgx.Conn, from io.Reader) {
	t.Helper()
	started := time.Now()
	tag, err := conn.PgConn().CopyFrom(t.Context(), from, "copy copied from stdin")
	if err != nil {
		t.Fatal(err)
	}
	if want := (*copySize + rowLength - 1) / rowLength; tag.RowsAffected() != want {
		t.Errorf("%d rows went in, want %d", tag.RowsAffected(), want)
	}
	t.Logf("in: %d bytes in %v", *copySize, time.Since(started))
}

func copyOut(t *testing.T, conn *pgx.Conn, to io.Writer) {
	t.Helper()
	started := time.Now()
	if _, err := conn.PgConn().CopyTo(t.Context(), to, "copy copied to stdout"); err != nil {
		t.Fatal(err)
	}
	t.Logf("out: %d bytes in %v", *copySize, time.Since(started))
}

// TestClientVanishes has clients die in the middle of a COPY: the server must
// notice, drop what it has got and end the session.
func TestClientVanishes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routesByName())
		server := admin(t, "alpha", "alpha")
		execute(t, server, "create table half (row text); grant all on half to public")
		t.Cleanup(func() { _ = servers.named["alpha"].Exec(context.Background(), "alpha", "drop table half") })
		t.Run("copying in", func(t *testing.T) { vanishWhileCopyingIn(t, p, server) })
		t.Run("copying out", func(t *testing.T) { vanishWhileCopyingOut(t, p, server) })
	})
}

// vanishWhileCopyingIn breaks off behind a few rows. The end of the connection
// isn't the end of the COPY.
func vanishWhileCopyingIn(t *testing.T, p *proxy, server *pgx.Conn) {
	conn := connect(t, p.url("alpha")+"?application_name=vanishing")
	from := &breakingOff{Reader: newRows(1 << 20), end: conn.PgConn().Conn().Close}
	if _, err := conn.PgConn().CopyFrom(t.Context(), from, "copy half from stdin"); err == nil {
		t.Error("a COPY over a closed connection was fine")
	}
	awaitVanished(t, server)
	if got := ask(t, server, "select count(*)::text from half"); got != "0" {
		t.Errorf("%s rows of an unfinished COPY are there", got)
	}
}

// vanishWhileCopyingOut reads the first of many rows.
func vanishWhileCopyingOut(t *testing.T, p *proxy, server *pgx.Conn) {
	conn := connect(t, p.url("alpha")+"?application_name=vanishing")
	// In FROM the series would be made before the first row is sent.
	const endless = "copy (select repeat('x', 1000), generate_series(1, 1000000000)) to stdout"
	if _, err := conn.PgConn().CopyTo(t.Context(), closingWriter{conn.PgConn().Conn()}, endless); err == nil {
		t.Error("a COPY over a closed connection was fine")
	}
	awaitVanished(t, server)
}

func awaitVanished(t *testing.T, server *pgx.Conn) {
	t.Helper()
	enginetest.Eventually(t, "the server has ended the session", func() bool {
		return ask(t, server, "select count(*)::text from pg_stat_activity where application_name = 'vanishing'") == "0"
	})
}

// breakingOff calls end where its Reader ends.
type breakingOff struct {
	io.Reader
	end func() error
}

// Read implements io.Reader.
func (b *breakingOff) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		_ = b.end()
	}
	return n, err
}

// closingWriter closes on the first byte.
type closingWriter struct{ io.Closer }

// Write implements io.Writer.
func (w closingWriter) Write(p []byte) (int, error) { return len(p), w.Close() }
