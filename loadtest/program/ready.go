//go:build linux

package program

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// readyWithin is how long programs may take until they accept connections,
	// on a machine that may be busy with other things.
	readyWithin = 30 * time.Second
	// readyEvery is the distance of tries.
	readyEvery = 10 * time.Millisecond
)

// Ready waits until every one of the programs, which may share a port, listens
// at addr and accepts connections. It fails if one ends, they take too long, or
// ctx ends.
func Ready(ctx context.Context, addr netip.AddrPort, programs ...*Program) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		err := knock(addr, len(programs))
		if err == nil {
			return nil
		}
		for _, p := range programs {
			if ended := p.Ended(); ended != nil {
				return ended
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%v: %w", addr, err)
		case <-ticker.C:
		}
	}
}

// knock connects. Where several programs share a port, it does so only once
// there is a listening socket for each: the first would take all connections.
func knock(addr netip.AddrPort, programs int) error {
	if programs > 1 {
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return err
		}
		if n := listening(string(table), addr.Port()); n < programs {
			return fmt.Errorf("%d of %d processes listen", n, programs)
		}
	}
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		return err
	}
	return conn.Close()
}

// listening counts the listening sockets at a port in a table like
// /proc/net/tcp, whose second and fourth fields are ADDRESS:PORT and the state,
// all in hexadecimal.
func listening(table string, port uint16) int {
	const listen = "0A"
	n := 0
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != listen {
			continue
		}
		_, text, _ := strings.Cut(fields[1], ":")
		if at, err := strconv.ParseUint(text, 16, 16); err == nil && uint16(at) == port {
			n++
		}
	}
	return n
}
