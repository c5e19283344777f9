package main

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// service tells systemd how this process is, if systemd wants to know (NOTIFY_SOCKET). Safe
// for concurrent use.
type service struct {
	log *slog.Logger
	// left says that there is nothing more to say: the service ends, or another process is
	// the service by now.
	left atomic.Bool
}

func (s *service) tell(state string) {
	if s.left.Load() {
		return
	}
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("systemd wasn't told", "cause", err)
	}
}

// ready says that clients can come.
func (s *service) ready() { s.tell(daemon.SdNotifyReady + "\nSTATUS=serving") }

// stopMargin is how long a process may take to end once it has drained.
const stopMargin = 10 * time.Second

// stopping says that the service is to end, and may take so long: longer than the unit says
// (TimeoutStopSec), maybe. It is the last that is said.
func (s *service) stopping(within time.Duration) {
	s.tell(daemon.SdNotifyStopping + "\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=" + strconv.FormatInt((within+stopMargin).Microseconds(), 10))
	s.left.Store(true)
}

// reloading says that the settings are read again, until the function it returns is called.
func (s *service) reloading() (done func()) {
	s.tell(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec() + "STATUS=reloading")
	return s.ready
}

// replaced says which process is the service from now on. It is the last that is said. The
// watchdog is told first, so that the other's word is in time.
func (s *service) replaced(pid int) {
	s.tell(daemon.SdNotifyWatchdog + "\nMAINPID=" + strconv.Itoa(pid))
	s.left.Store(true)
}

// watch has the watchdog told, if there is one, as long as every event loop answers: if one is
// stuck, systemd starts the service anew. It goes on until the function it returns is called.
func (s *service) watch(responsive func(context.Context) bool) (stop func()) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.log.Warn("no watchdog", "cause", err)
	}
	if within == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.reassure(ctx, within/3, responsive)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// reassure tells the watchdog at intervals that all is well, if it is.
func (s *service) reassure(ctx context.Context, every time.Duration, responsive func(context.Context) bool) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(ctx, every)
		if responsive(asked) {
			s.tell(daemon.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			s.log.Error("an event loop is stuck: the watchdog isn't told that all is well", "for", every)
		}
		cancel()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
