package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"github.com/proxy-engine/proxy-engine/engine"
)

// reserved is kept for what isn't the engine's: DNS and resolvers, log,
// standard streams and the Go runtime.
const reserved = 128

// reserve is how many descriptors the configuration needs besides sessions.
func reserve(cfg *engine.Config) uint64 {
	return reserved + uint64(cfg.ReservedDescriptors())
}

// descriptorsFor is how many descriptors all the sessions of the configuration
// take, with everything else.
func descriptorsFor(cfg *engine.Config) uint64 {
	return reserve(cfg) + uint64(cfg.DescriptorsPerSession())*uint64(cfg.MaxSessions)
}

// sessionsWithin is how many sessions a descriptor limit allows, at most as
// many as are configured.
func sessionsWithin(limit uint64, cfg *engine.Config) int {
	kept := reserve(cfg)
	if limit < kept {
		return 0
	}
	return int(min((limit-kept)/uint64(cfg.DescriptorsPerSession()), uint64(cfg.MaxSessions)))
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
		return fmt.Errorf("the descriptor limit of %d allows no session: %d are needed for one", limit, reserve(cfg)+uint64(cfg.DescriptorsPerSession()))
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
