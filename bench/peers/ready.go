//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// readyWithin is how long a peer may take until it accepts connections, on a
// machine that may be busy with other things.
const readyWithin = 30 * time.Second

// ready waits until every process listens and something accepts connections.
func (i *instance) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := i.knock()
		if err == nil {
			return nil
		}
		for _, p := range i.processes {
			if ended := p.ended(); ended != nil {
				return ended
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%v: %w", i.at, err)
		case <-ticker.C:
		}
	}
}

// knock connects, once there is a listening socket for every process: where
// several share a port, the first would take all connections.
func (i *instance) knock() error {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return err
	}
	if n := listening(string(table), i.at.Port()); n < len(i.processes) {
		return fmt.Errorf("%d of %d processes listen", n, len(i.processes))
	}
	conn, err := net.Dial("tcp", i.at.String())
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

// freePort returns an address nobody listens at. The port lies below the
// range the kernel takes clients' ports from, so that none of them takes it
// meanwhile.
func freePort() (netip.AddrPort, error) {
	for port := 12000 + os.Getpid()%10000; port < 32000; port++ {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)), listener.Close()
		}
	}
	return netip.AddrPort{}, errors.New("no free port below 32000")
}
