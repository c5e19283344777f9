package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"github.com/proxy-engine/proxy-engine/engine"
)

const (
	// perSession is the descriptors of a session: its two sockets.
	perSession = 2
	// reserved is kept for everything that isn't a session: clients that are
	// being refused (256), the pipes of bulk transfers, DNS and resolvers,
	// log, standard streams and the Go runtime.
	reserved = 384
	// perLoop is the descriptors of an event loop (epoll, timer, two wake-ups),
	// its listeners not counted.
	perLoop = 4
)

// reserve is how many descriptors the configuration needs besides sessions.
func reserve(cfg *engine.Config) uint64 {
	return reserved + uint64(max(cfg.EventLoops, 1))*uint64(perLoop+len(cfg.Listeners))
}

// descriptorsFor is how many descriptors all the sessions of the configuration
// take, with everything else.
func descriptorsFor(cfg *engine.Config) uint64 {
	return reserve(cfg) + perSession*uint64(cfg.MaxSessions)
}

// sessionsWithin is how many sessions a descriptor limit allows, at most as
// many as are configured.
func sessionsWithin(limit uint64, cfg *engine.Config) int {
	kept := reserve(cfg)
	if limit < kept {
		return 0
	}
	return int(min((limit-kept)/perSession, uint64(cfg.MaxSessions)))
}

// fitSessions raises the descriptor limit as far as it may, says how many
// sessions that allows, and lowers cfg.MaxSessions to it if it is less.
func fitSessions(cfg *engine.Config, log *slog.Logger) error {
	needed := descriptorsFor(cfg)
	limit, err := raiseDescriptorLimit(needed)
	if err != nil {
		return fmt.Errorf("descriptor limit: %w", err)
	}
	allowed := sessionsWithin(limit, cfg)
	switch {
	case allowed == 0:
		return fmt.Errorf("the descriptor limit of %d allows no session: %d are needed for one", limit, reserve(cfg)+perSession)
	case allowed < cfg.MaxSessions:
		log.Warn("the descriptor limit allows fewer sessions than configured: max-sessions is lowered",
			"max_sessions", allowed, "configured", cfg.MaxSessions, "descriptor_limit", limit, "descriptors_needed", needed)
	default:
		log.Info("the descriptor limit allows all sessions", "max_sessions", allowed, "descriptor_limit", limit)
	}
	cfg.MaxSessions = allowed
	return nil
}

// printLimit adds to a dump of the configuration what fitSessions would say.
func printLimit(w io.Writer, cfg *engine.Config) {
	if limit, err := raiseDescriptorLimit(descriptorsFor(cfg)); err == nil {
		fmt.Fprintf(w, "# the descriptor limit of %d allows %d sessions\n", limit, sessionsWithin(limit, cfg))
	}
}

// loopHeadroom is how many threads run Go code besides the event loops. With
// fewer, a loop that waits in epoll_wait loses its processor to the runtime's
// monitor at once and must get it back for every batch of events.
const loopHeadroom = 2

// raiseProcs gives the event loops processors of their own, unless the user
// decides (GOMAXPROCS).
func raiseProcs(cfg *engine.Config) {
	if cfg.Impl != engine.Reactor || os.Getenv("GOMAXPROCS") != "" {
		return
	}
	if want := cfg.EventLoops + loopHeadroom; runtime.GOMAXPROCS(0) < want {
		runtime.GOMAXPROCS(want)
	}
}
