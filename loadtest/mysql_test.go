//go:build linux

package loadtest

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// serveMySQL lets in whoever asks for another database than gamma, and answers
// SELECT of a number.
func serveMySQL(conn net.Conn) {
	say := func(number int, payloads ...string) {
		for i, payload := range payloads {
			fmt.Fprintf(conn, "%c\x00\x00%c%s", len(payload), number+i, payload)
		}
	}
	say(0, "\x0a8.0.40\x00\x01\x00\x00\x00abcdefgh\x00\x09\x82\x2d\x02\x00\x08\x00\x15"+
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00")
	if strings.Contains(hearMySQL(conn), "\x00gamma\x00") {
		say(2, "\xff\x19\x04#42000Unknown database")
		return
	}
	say(2, "\x00\x00\x00\x02\x00\x00\x00")
	for {
		number, asked := strings.CutPrefix(hearMySQL(conn), "\x03select ")
		if !asked {
			return
		}
		const end = "\xfe\x00\x00\x02\x00"
		say(1, "\x01", "\x03def\x00\x00\x00\x01x\x00\x0c\x3f\x00\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00", end,
			string(rune(len(number)))+number, end)
	}
}

// hearMySQL returns the next packet's payload, "" at the end.
func hearMySQL(conn net.Conn) string {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return ""
	}
	payload := make([]byte, int(head[0])|int(head[1])<<8)
	_, _ = io.ReadFull(conn, payload) // what is missing isn't SELECT
	return string(payload)
}

func mysqlLoad(t *testing.T, conns int) MySQL {
	t.Helper()
	c := commonTo(serveOne(t, serveMySQL))
	return MySQL{Exchanges: exchangesTo(c, conns), User: "root", Databases: []string{"alpha", "beta"}}
}

func TestMySQL(t *testing.T) {
	t.Run("standing connections", func(t *testing.T) {
		r, err := mysqlLoad(t, 4).Run(t.Context())
		clean(t, r, err)
		equal(t, "established", r.Sessions.Established, 4)
		equal(t, "alive", r.Sessions.Alive, 4)
		equal(t, "latencies", r.Latency.Count(), r.Operations)
	})
	t.Run("new connections", func(t *testing.T) {
		load := mysqlLoad(t, 2)
		load.NewConnections = true
		r, err := load.Run(t.Context())
		clean(t, r, err)
		if r.Sessions.Wanted < r.Operations || r.Operations == 0 {
			t.Errorf("%d operations over %d connections", r.Operations, r.Sessions.Wanted)
		}
	})
	t.Run("open loop in processes", func(t *testing.T) {
		load := mysqlLoad(t, 4)
		load.Common, load.Arrivals = sharded(load.Common), 500
		r, err := load.Run(t.Context())
		clean(t, r, err)
		equal(t, "latencies", r.Latency.Count(), 50)
	})
	t.Run("no such database", func(t *testing.T) {
		load := mysqlLoad(t, 2)
		load.Databases = []string{"gamma"}
		r, err := load.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r.Failures[measure.Rejected] == 0 || r.Answers["MySQL 1049"] == 0 {
			t.Errorf("failures %v, answers %v", r.Failures, r.Answers)
		}
	})
}

func TestMySQLSettingsAreChecked(t *testing.T) {
	for name, spoil := range map[string]func(*MySQL){
		"no user":     func(m *MySQL) { m.User = "" },
		"no database": func(m *MySQL) { m.Databases = nil },
		"no target":   func(m *MySQL) { m.Targets = nil },
	} {
		load := mysqlLoad(t, 1)
		spoil(&load)
		if _, err := load.Run(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
