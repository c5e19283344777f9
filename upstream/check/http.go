package check

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// interim is how many interim responses (1xx) may come before the real one.
const interim = 5

// HTTP asks for a path, "" for "/", of a host, "" for the address: a status from
// 200 to below the given one, 0 for 400, serves. Both must be printable ASCII without
// spaces, or no backend does.
func HTTP(path, host string, below int) Func {
	path, below = cmp.Or(path, "/"), cmp.Or(below, 400)
	return func(_ context.Context, conn net.Conn) error {
		// The host may be what a client or a resolver has named.
		if strings.ContainsFunc(path+host, odd) {
			return fmt.Errorf("HTTP: can't ask for %q of %q", path, host)
		}
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: proxy-engine-check\r\nConnection: close\r\n\r\n",
			path, cmp.Or(host, conn.RemoteAddr().String()))
		if err != nil {
			return err
		}
		status, err := readStatus(bufio.NewReader(io.LimitReader(conn, longestText)))
		if err == nil && (status < 200 || status >= below) {
			err = fmt.Errorf("HTTP: status %d", status)
		}
		return err
	}
}

// odd says that a character would make another request.
func odd(r rune) bool { return r <= ' ' || r > '~' }

// readStatus reads the final response's head.
func readStatus(in *bufio.Reader) (int, error) {
	for range interim {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			return 0, err
		}
		if response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			return response.StatusCode, nil
		}
	}
	return 0, fmt.Errorf("HTTP: no end of interim responses")
}
