package check

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

const (
	mysqlProtocol = 10
	mysqlERR      = 0xff
	mysqlSwitch   = 0xfe
	mysqlOK       = 0x00
	comQuit       = 0x01
	// longestMySQL is the longest packet that is taken, in bytes.
	longestMySQL = 16 << 10
	mysqlCharset = 45 // utf8mb4_general_ci
)

// Capabilities of the handshake response (MySQL internals, Capabilities Flags).
const (
	clientLongPassword     = 1 << 0
	clientProtocol41       = 1 << 9
	clientSecureConnection = 1 << 15
	clientPluginAuth       = 1 << 19
)

// MySQL waits for the greeting and logs in as nobody, to the end. A server that
// refuses nobody serves; one that refuses before its greeting (too many
// connections, host blocked, shutting down) doesn't.
//
// A connection closed after the greeting, or a login that is malformed, counts
// against max_connect_errors (100), past which the server blocks our whole
// host. A login that is refused doesn't: in MariaDB and MySQL only m_handshake of
// Host_errors is summed (hostname.cc, sum_connect_errors).
func MySQL(_ context.Context, conn net.Conn) error {
	greeting, number, err := readMySQL(conn)
	if err != nil {
		return err
	}
	if len(greeting) == 0 || greeting[0] != mysqlProtocol {
		return refusedMySQL(greeting)
	}
	answer := mysqlLogin()
	// The user may be taken for one of any method: the server asks for that
	// then, at most once.
	for range 2 {
		if err := writeMySQL(conn, number+1, answer); err != nil {
			return err
		}
		var reply []byte
		if reply, number, err = readMySQL(conn); err != nil {
			return err
		}
		if len(reply) == 0 || reply[0] != mysqlSwitch {
			return loggedIn(conn, reply)
		}
		method, _, _ := bytes.Cut(reply[1:], []byte{0})
		answer = noPassword(string(method))
	}
	return nil
}

// loggedIn looks at what became of the login.
func loggedIn(conn net.Conn, reply []byte) error {
	switch {
	case len(reply) == 0:
		return errors.New("not MySQL: empty answer to the login")
	case reply[0] == mysqlOK: // somebody has made the user
		return writeMySQL(conn, 0, []byte{comQuit})
	}
	return nil
}

// refusedMySQL is the error of a server that doesn't greet. An ERR is its code in
// two bytes, little endian, and a text.
func refusedMySQL(payload []byte) error {
	if len(payload) >= 3 && payload[0] == mysqlERR {
		return fmt.Errorf("MySQL takes no sessions: error %d", binary.LittleEndian.Uint16(payload[1:]))
	}
	return fmt.Errorf("not MySQL: greeted with %.20q", payload)
}

// mysqlLogin is a HandshakeResponse41 of nobody without a password.
func mysqlLogin() []byte {
	const capabilities = clientLongPassword | clientProtocol41 | clientSecureConnection | clientPluginAuth
	m := binary.LittleEndian.AppendUint32(nil, capabilities)
	m = binary.LittleEndian.AppendUint32(m, longestMySQL)
	m = append(m, mysqlCharset)
	m = append(m, make([]byte, 23)...)
	m = append(m, nobody+"\x00"...)
	m = append(m, 0) // no answer to the nonce
	return append(m, "mysql_native_password\x00"...)
}

// noPassword answers a method in the form it wants; in another it were
// malformed.
func noPassword(method string) []byte {
	switch method {
	case "client_ed25519":
		return make([]byte, 64)
	case "caching_sha2_password", "sha256_password", "mysql_clear_password", "dialog":
		return []byte{0}
	}
	return nil
}

// readMySQL reads a packet: 3 bytes of length, little endian, its number, the
// payload.
func readMySQL(conn net.Conn) (payload []byte, number byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, 0, err
	}
	length := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if length > longestMySQL {
		return nil, 0, fmt.Errorf("not MySQL: answered with %q", head)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(conn, payload)
	return payload, head[3], err
}

func writeMySQL(conn net.Conn, number byte, payload []byte) error {
	n := len(payload)
	_, err := conn.Write(append([]byte{byte(n), byte(n >> 8), byte(n >> 16), number}, payload...))
	return err
}
