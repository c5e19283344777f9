//go:build linux

package main

import (
	"fmt"
	"time"
)

// ramp is how many sessions of the idle rows are opened per second.
const ramp = 6000

func tcpRows() []row {
	return []row{
		idle("idle", "idle session after one exchange", "0"),
		idle("idle-64k", "idle session after 64 KiB each way", "64KiB"),
		exchanges("rr1k-50", "1 KiB, 50 connections", "1KiB", 50),
		exchanges("rr1k-200", "1 KiB, 200 connections", "1KiB", 200),
		exchanges("rr1k-1000", "1 KiB, 1,000 connections", "1KiB", 1000),
		exchanges("rr64k-50", "64 KiB, 50 connections", "64KiB", 50),
		bulk("bulk-down", "one bulk connection, download", backendFlood, "download"),
		bulk("bulk-up", "one bulk connection, upload", backendSink, "upload"),
		bulk("bulk-both", "one bulk connection, both ways at once", backendFlood, "both"),
		{
			id: "rate", title: "connect, one exchange, close", backend: backendEcho,
			load:    timed("rate", 50, "--payload", "64"),
			metrics: []metric{rateOf("connections"), cpuPer("connection", "%.1f")},
			takes:   spanTakes,
		},
	}
}

func idle(id, title, touch string) row {
	hold := func(o options) time.Duration { return min(o.duration/4, time.Second) }
	return row{
		id: id, title: title, backend: backendEcho, proxied: true,
		load: func(o options) []string {
			return []string{
				"hold", "--sessions", fmt.Sprint(o.sessions), "--ramp", fmt.Sprint(ramp),
				"--touch", touch, "--payload", "64", "--hold", hold(o).String(),
			}
		},
		metrics: []metric{memoryPerSession()},
		// Looking at the memory and closing take about as long as opening.
		takes: func(o options) time.Duration {
			return 2*time.Duration(o.sessions)*time.Second/ramp + hold(o)
		},
	}
}

func exchanges(id, title, payload string, conns int) row {
	return row{
		id: id, title: title, backend: backendEcho,
		load:    timed("rr", conns, "--payload", payload),
		metrics: []metric{rateOf("operations"), cpuPer("operation", "%.2f"), latencyP99()},
		takes:   spanTakes,
	}
}

func bulk(id, title, backend, direction string) row {
	return row{
		id: id, title: title, backend: backend,
		load: func(o options) []string {
			return []string{"bulk", "--conns", "1", "--direction", direction, "--duration", o.duration.String()}
		},
		metrics: []metric{throughput(), cpuPerGiB()},
		takes:   func(o options) time.Duration { return o.duration },
	}
}
