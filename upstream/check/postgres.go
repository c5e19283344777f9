package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// nobody is the user that checks log in as, who doesn't exist.
const nobody = "proxy_engine_check"

const (
	postgresVersion = 3 << 16
	// longestPostgres is the longest first answer that is taken, in bytes.
	longestPostgres = 16 << 10
)

// The SQLSTATEs of a server that doesn't take sessions. (PostgreSQL, appendix A.)
const (
	cannotConnectNow   = "57P03" // it starts, recovers or shuts down
	tooManyConnections = "53300"
)

// PostgreSQL asks for a session, as pg_isready does. A server that wants to
// authenticate us, or refuses us for who we are, serves.
func PostgreSQL(_ context.Context, conn net.Conn) error {
	if _, err := conn.Write(postgresStartup()); err != nil {
		return err
	}
	var head [5]byte // the message's kind and its length, itself included
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if head[0] != 'R' && head[0] != 'E' || length < 4 || length > longestPostgres {
		return fmt.Errorf("not PostgreSQL: answered with %q", head)
	}
	if head[0] == 'R' {
		return nil
	}
	body := make([]byte, length-4)
	if _, err := io.ReadFull(conn, body); err != nil {
		return err
	}
	switch state := sqlState(body); state {
	case cannotConnectNow, tooManyConnections:
		return fmt.Errorf("PostgreSQL takes no sessions: SQLSTATE %s", state)
	case "":
		return fmt.Errorf("not PostgreSQL: error without SQLSTATE")
	}
	return nil
}

// postgresStartup is a StartupMessage.
func postgresStartup() []byte {
	m := binary.BigEndian.AppendUint32(make([]byte, 4), postgresVersion)
	m = append(m, "user\x00"+nobody+"\x00\x00"...)
	binary.BigEndian.PutUint32(m, uint32(len(m)))
	return m
}

// sqlState is the code of an ErrorResponse, "" without one.
func sqlState(body []byte) string {
	for field := range bytes.SplitSeq(body, []byte{0}) {
		if len(field) == 6 && field[0] == 'C' {
			return string(field[1:])
		}
	}
	return ""
}
