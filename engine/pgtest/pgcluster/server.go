//go:build unix

package pgcluster

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// server is one run of the server program.
type server struct {
	cmd *exec.Cmd
	log serverLog
	// ended is closed when the program and all it started are gone.
	ended chan struct{}
}

// launch starts the program; it isn't ready then.
func launch(cmd *exec.Cmd) (*server, error) {
	s := &server{cmd: cmd, ended: make(chan struct{})}
	s.log.ready = make(chan struct{})
	cmd.Stderr = &s.log
	setDeathSignal(cmd.SysProcAttr, Fast.signal())
	started := make(chan error)
	go s.run(started)
	return s, <-started
}

// run keeps the thread that started the program for as long as the program
// runs: its end, not the process's, is what the kernel tells the program.
func (s *server) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	err := s.cmd.Start()
	started <- err
	if err == nil {
		// How it ends is written in its log, and for those who ended it no
		// error.
		_ = s.cmd.Wait()
	}
}

// awaitReady returns once the server takes sessions.
func (s *server) awaitReady(ctx context.Context) error {
	select {
	case <-s.log.ready:
		return nil
	case <-s.ended:
		return fmt.Errorf("the server has ended:\n%s", s.log.tail())
	case <-ctx.Done():
		return fmt.Errorf("the server isn't ready: %w:\n%s", context.Cause(ctx), s.log.tail())
	}
}

// signal begins the end of the server.
func (s *server) signal(mode Mode) { _ = s.cmd.Process.Signal(mode.signal()) }

// awaitEnd returns once the server is gone, by force if ctx is done before.
func (s *server) awaitEnd(ctx context.Context) error {
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		_ = s.cmd.Process.Signal(syscall.SIGKILL)
		<-s.ended
		return fmt.Errorf("the server had to be killed: %w:\n%s", context.Cause(ctx), s.log.tail())
	}
}

// readyLine is in the log when the server takes sessions.
var readyLine = []byte("database system is ready to accept connections")

// logTail is how much of the log is kept for errors, in bytes.
const logTail = 4096

// serverLog is where the server's log goes. It tells when the server is ready.
type serverLog struct {
	mu    sync.Mutex
	text  []byte
	ready chan struct{}
	told  bool
}

// Write takes a part of the log.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if !l.told && bytes.Contains(l.text, readyLine) {
		l.told = true
		close(l.ready)
	}
	if len(l.text) > 2*logTail {
		l.text = append(l.text[:0], l.text[len(l.text)-logTail:]...)
	}
	return len(p), nil
}

func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text[max(0, len(l.text)-logTail):])
}
