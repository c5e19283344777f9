package check

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// longestText is how much of a backend's text is taken, in bytes.
const longestText = 16 << 10

// goodbye is how long the answer to QUIT is waited for.
const goodbye = time.Second

// SMTP waits for a greeting of 220 (RFC 5321, 4.2) and says QUIT. A backend that
// hangs up on it has greeted us all the same.
func SMTP(_ context.Context, conn net.Conn) error {
	in := bufio.NewReader(io.LimitReader(conn, longestText))
	if err := greeted(in); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "QUIT\r\n"); err == nil {
		// 221: only then has the backend seen the end as an orderly one.
		_ = conn.SetReadDeadline(time.Now().Add(goodbye))
		_, _ = in.ReadString('\n')
	}
	return nil
}

// greeted reads the greeting, which may have several lines.
func greeted(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "220") {
			return fmt.Errorf("SMTP: greeted with %.60q", line)
		}
		if !strings.HasPrefix(line, "220-") {
			return nil
		}
	}
}
