package main

import (
	"log/slog"

	"github.com/proxy-engine/proxy-engine/engine"
)

func logRows(s *settings) []*setting {
	sessions := &s.engine.SessionLog
	return []*setting{
		{flag: "log-level", meta: "LEVEL", choices: []string{"debug", "info", "warn", "error"}, value: scalar[slog.Level]{&s.logLevel, parseLevel, formatLevel},
			usage: "debug, info, warn or error."},
		{flag: "log-format", fixed: true, meta: "FORMAT", choices: []string{"text", "json"}, value: scalar[string]{&s.logFormat, parseLogFormat, asIs},
			usage: "text or json, on standard error."},
		{flag: "log-sessions", meta: "WHICH", choices: []string{"off", "sampled", "errors", "all"},
			value: scalar[engine.SessionLogMode]{&sessions.Mode, engine.ParseSessionLogMode, engine.SessionLogMode.String},
			usage: "Which sessions and HTTP requests have a line at their end: off, errors (those whose end an operator may want to look at, at most 10 lines " +
				"per second and reason), sampled (these, and one in --log-sample of all others) or all."},
		{flag: "log-sample", meta: "N", value: count(&sessions.Sample),
			usage: "How many ordinary ends there are to a line of --log-sessions sampled."},
	}
}
