package main

import (
	"bytes"
	"io"
	"log/slog"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// logging is the process's log, of which the level can be changed. Nothing that logs
// waits for the log's reader. Safe for concurrent use.
type logging struct {
	*slog.Logger
	level  slog.LevelVar
	writer *logWriter
}

// newLogging makes the log that the settings ask for. It writes to w on a goroutine of
// its own, until close.
func newLogging(s *settings, w io.Writer) *logging {
	l := new(logging)
	l.level.Set(s.logLevel)
	var line bytes.Buffer
	loss := slog.New(newLogHandler(s.logFormat, &line, nil))
	l.writer = newLogWriter(w, func(dropped uint64) []byte {
		line.Reset()
		loss.Warn("log lines left out: whoever reads the log is too slow", "lines", dropped)
		return line.Bytes()
	})
	l.Logger = slog.New(newLogHandler(s.logFormat, l.writer, &l.level))
	return l
}

// newLogHandler formats lines for w, those of a level at least, nil for info.
func newLogHandler(format string, w io.Writer, level slog.Leveler) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// lastWords is how long the end of the process waits for who reads its log.
const lastWords = time.Second

// close writes what was logged, unless the reader takes too long.
func (l *logging) close() { l.writer.close(lastWords) }

// dropped is how many lines were left out.
func (l *logging) dropped() uint64 { return l.writer.dropped.Load() }

// follow takes over what settings say otherwise than those before did. What operators
// have changed meanwhile stays if they don't. That of sessions is the engine's.
func (l *logging) follow(before, next *settings) {
	if next.logLevel != before.logLevel {
		l.level.Set(next.logLevel)
	}
}

// logControl changes what a running proxy logs.
type logControl struct {
	log    *logging
	engine *engine.Engine
}

var _ admin.LogControl = logControl{}

// Log implements admin.LogControl.
func (c logControl) Log() api.Log {
	return api.Log{Level: formatLevel(c.log.level.Level()), Sessions: c.engine.SessionLog().Mode.String()}
}

// SetLog implements admin.LogControl.
func (c logControl) SetLog(to api.Log) error {
	level, how := c.log.level.Level(), c.engine.SessionLog()
	var err error
	if to.Level != "" {
		if level, err = parseLevel(to.Level); err != nil {
			return err
		}
	}
	if to.Sessions != "" {
		if how.Mode, err = engine.ParseSessionLogMode(to.Sessions); err != nil {
			return err
		}
	}
	return c.set(level, how)
}

// set has both be so from now on, or neither.
func (c logControl) set(level slog.Level, how engine.SessionLog) error {
	if err := c.engine.SetSessionLog(how); err != nil {
		return err
	}
	c.log.level.Set(level)
	return nil
}
