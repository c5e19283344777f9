//go:build linux

package main

import (
	"context"
	"flag"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// generator is a mode of package loadtest with its settings.
type generator interface {
	Run(context.Context) (*report.Report, error)
}

// mode is one subcommand that generates load. define adds its flags and
// returns what makes the generator once they are parsed.
type mode struct {
	name, help string
	define     func(*flag.FlagSet) func(loadtest.Common) (generator, error)
}

func modes() []mode {
	return []mode{
		{"hold", "hold many sessions open: memory per session", defineHold},
		{"rr", "requests and responses: rate, latency, CPU per operation", defineRR},
		{"rate", "connect, exchange, close: connections per second", defineRate},
		{"bulk", "few connections at full speed: GB/s, contents verified", defineBulk},
	}
}

func defineHold(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	sessions := f.Int("sessions", 1000, "sessions to hold")
	rate := f.Int("rate", 2000, "sessions opened per second")
	hold := f.Duration("hold", 5*time.Second, "how long they stay idle")
	payload := bytesFlag(f, "payload", 64, "`BYTES` each way of the exchange on each session")
	touch := bytesFlag(f, "touch", 0, "`BYTES` moved each way on each session before that")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.Hold{
			Common: c, Sessions: *sessions, Rate: *rate, Touch: int(*touch), Payload: int(*payload), Hold: *hold,
		}, nil
	}
}

func defineRR(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	settings := defineExchanges(f, 1024)
	return func(c loadtest.Common) (generator, error) { return loadtest.RR{Exchanges: settings(c)}, nil }
}

func defineRate(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	settings := defineExchanges(f, 64)
	return func(c loadtest.Common) (generator, error) { return loadtest.Rate{Exchanges: settings(c)}, nil }
}

// defineExchanges adds the flags that rr and rate share.
func defineExchanges(f *flag.FlagSet, size byteCount) func(loadtest.Common) loadtest.Exchanges {
	conns := f.Int("conns", 50, "connections at the same time")
	payload := bytesFlag(f, "payload", size, "`BYTES` each way per exchange")
	warmUp := f.Duration("warm-up", 500*time.Millisecond, "time before the measured part")
	duration := f.Duration("duration", 5*time.Second, "measured time")
	return func(c loadtest.Common) loadtest.Exchanges {
		return loadtest.Exchanges{
			Common: c, Conns: *conns, Payload: int(*payload), WarmUp: *warmUp, Duration: *duration,
		}
	}
}

func defineBulk(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	conns := f.Int("conns", 1, "connections")
	duration := f.Duration("duration", 5*time.Second, "how long to send")
	name := f.String("direction", "download", "download or both (flood backend), upload (sink backend)")
	return func(c loadtest.Common) (generator, error) {
		direction, err := loadtest.ParseDirection(*name)
		return loadtest.Bulk{Common: c, Conns: *conns, Direction: direction, Duration: *duration}, err
	}
}

func bytesFlag(f *flag.FlagSet, name string, value byteCount, usage string) *byteCount {
	f.Var(&value, name, usage)
	return &value
}
