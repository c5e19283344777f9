package mysqltest

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// The sizes that may be had in larger by hand:
//
//	go test -run LoadData -args -load 1073741824
//	go test -run Blob -args -blob 67108864
//	go test -run Cycles -args -cycles 10000
var (
	loadSize = flag.Int("load", 8<<20, "bytes that LOAD DATA LOCAL sends")
	blobSize = flag.Int("blob", 20<<20, "bytes of a value; from 16777215 on it takes several packets")
	cycles   = flag.Int("cycles", 300, "connections that are opened and closed one by one")
)

// lineSize is the length of a line of a file to load, its end included.
const lineSize = 1024

// lines are a file to load, which is made as it is read.
type lines struct {
	random *rand.ChaCha8
	left   int
	line   bytes.Buffer
	sum    uint64 // of the CRC-32 of all lines
}

// Read implements io.Reader.
func (l *lines) Read(b []byte) (int, error) {
	if l.line.Len() == 0 {
		if l.left == 0 {
			return 0, io.EOF
		}
		l.left--
		l.next()
	}
	return l.line.Read(b)
}

// next makes a line, of hexadecimal digits.
func (l *lines) next() {
	var raw [(lineSize - 2) / 2]byte
	l.random.Read(raw[:])
	fmt.Fprintf(&l.line, "%x", raw)
	l.sum += uint64(crc32.ChecksumIEEE(l.line.Bytes()))
	l.line.WriteByte('\n')
}

// TestLoadDataLocal has a server ask its client for a large file.
func TestLoadDataLocal(t *testing.T) {
	for _, test := range []struct {
		clientTLS string
		policy    codecs.TLSPolicy
	}{{"false", codecs.NoTLS}, {"skip-verify", codecs.RequireTLS}} {
		t.Run(test.clientTLS, func(t *testing.T) {
			p := startProxy(t, lateOptions(), backends(test.policy))
			db := p.connect(t, func(c *driver.Config) { c.TLSConfig = test.clientTLS })
			enginetest.Must(t, do(db, "create or replace table loaded (line varchar(2000) character set latin1) engine=MyISAM"))
			file := &lines{random: rand.NewChaCha8([32]byte{7}), left: *loadSize / lineSize}
			driver.RegisterReaderHandler("lines", func() io.Reader { return file })
			t.Cleanup(func() { driver.DeregisterReaderHandler("lines") })
			enginetest.Must(t, do(db, "load data local infile 'Reader::lines' into table loaded"))
			var rows, sum uint64
			enginetest.Must(t, db.QueryRow("select count(*), sum(crc32(line)) from loaded").Scan(&rows, &sum))
			if rows != uint64(*loadSize/lineSize) || sum != file.sum {
				t.Errorf("%d lines arrived, their sum is %d, want %d and %d", rows, sum, *loadSize/lineSize, file.sum)
			}
			enginetest.Must(t, do(db, "drop table loaded"))
		})
	}
}

// TestBlob sends a large value and has it back, in packets of 16 MiB and one
// byte less.
func TestBlob(t *testing.T) {
	for _, test := range []struct {
		clientTLS string
		policy    codecs.TLSPolicy
	}{{"false", codecs.NoTLS}, {"skip-verify", codecs.RequireTLS}} {
		t.Run(test.clientTLS, func(t *testing.T) {
			p := startProxy(t, lateOptions(), backends(test.policy))
			db := p.connect(t, func(c *driver.Config) { c.TLSConfig, c.MaxAllowedPacket = test.clientTLS, 128<<20 })
			enginetest.Must(t, do(db, "create or replace table blobs (data longblob) engine=MyISAM"))
			sent := make([]byte, *blobSize)
			rand.NewChaCha8([32]byte{8}).Read(sent)
			enginetest.Must(t, do(db, "insert into blobs values (?)", sent))
			var got []byte
			enginetest.Must(t, db.QueryRow("select data from blobs").Scan(&got))
			if sha256.Sum256(got) != sha256.Sum256(sent) {
				t.Errorf("%d bytes came back, others than were sent", len(got))
			}
			enginetest.Must(t, do(db, "drop table blobs"))
		})
	}
}

// TestStatements: several in one packet, with several results, and prepared
// ones, which are used again and again.
func TestStatements(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	for _, database := range []string{"alpha", ""} {
		db := p.connect(t, func(c *driver.Config) { c.DBName, c.MultiStatements = database, true })
		if database == "" {
			enginetest.Must(t, do(db, "use alpha"))
		}
		rows, err := db.Query("select 1; do 0; select name from whoami; select 2, 3")
		enginetest.Must(t, err)
		sets := 1
		for rows.NextResultSet() {
			sets++
		}
		enginetest.Must(t, rows.Err())
		enginetest.CloseAll(t, rows)
		if sets < 3 {
			t.Errorf("%d results, want those of three SELECTs", sets)
		}
		statement, err := db.Prepare("select ? + ?, name from whoami")
		enginetest.Must(t, err)
		for i := range 50 {
			var sum int
			var name string
			enginetest.Must(t, statement.QueryRow(i, i).Scan(&sum, &name))
			if sum != 2*i || name != "alpha" {
				t.Errorf("%d + %d is %d at %q", i, i, sum, name)
			}
		}
		enginetest.CloseAll(t, statement)
	}
}

// TestCycles connects, asks and quits, over and over, in all the ways there are:
// nothing is left of any session.
func TestCycles(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.PreferTLS))
	for i := range *cycles {
		database := databases[i%len(databases)]
		db := p.connect(t, func(c *driver.Config) {
			c.DBName = database
			if i%2 == 1 {
				c.DBName = ""
			}
			if i%4 > 1 {
				c.TLSConfig = "skip-verify"
			}
		})
		if i%2 == 1 {
			enginetest.Must(t, do(db, "use "+database))
		}
		if got := whoami(t, db); got != database {
			t.Fatalf("%d: on %q, want %q", i, got, database)
		}
		enginetest.CloseAll(t, db)
	}
	p.engine.AwaitActive(0)
	if s := p.engine.Stats(); s.Accepted != uint64(*cycles) {
		t.Errorf("%d sessions, want %d", s.Accepted, *cycles)
	}
}
