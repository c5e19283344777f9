//go:build linux

package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// patience is how long a successor may take to end when it is told to, with
// all of its own; it is killed after that.
const patience = 10 * time.Second

// succeed starts a successor when a loop is nearly full, one at a time, until
// ctx ends. One that ended in order, because somebody stopped it, is replaced
// at the next need; one that failed is an error, for its connections are lost.
func (s *Server) succeed(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.crowded:
		}
		if err := s.runSuccessor(ctx); err != nil {
			return fmt.Errorf("successor: %w", err)
		}
	}
}

// runSuccessor runs a successor until it has ended, which it is told to when
// ctx ends.
func (s *Server) runSuccessor(ctx context.Context) error {
	// The kernel sends Pdeathsig when the thread ends that made the process:
	// so this one must stay until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	command := s.config.Successor
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	end(cmd, lifeline)
	if err := s.start(cmd); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	// An error may also say no more than that ctx has ended.
	if err := cmd.Wait(); !cmd.ProcessState.Success() {
		return err
	}
	return nil
}

// end says how cmd ends: at the end of its standard input, so even if this
// process is killed; and at the latest with it.
func end(cmd *exec.Cmd, lifeline io.Closer) {
	cmd.Cancel = lifeline.Close
	cmd.WaitDelay = patience
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// Out of the terminal's reach: Ctrl-C is for the first process.
		Setpgid: true,
	}
}

// start starts cmd with the listeners, and closes the copies made for it.
func (s *Server) start(cmd *exec.Cmd) error {
	defer func() {
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
	}()
	for _, w := range s.workers {
		fd, err := unix.FcntlInt(uintptr(w.listener), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), "listener"))
	}
	cmd.Stderr = os.Stderr
	return cmd.Start()
}

// endWithParent calls end when this process's standard input ends. The
// parent holds its other end and never writes.
func (s *Server) endWithParent(end context.CancelFunc) error {
	if err := s.workers[0].loop.Add(unix.Stdin, poll.Readable, lifeline(end)); err != nil {
		return fmt.Errorf("a successor's standard input must be a pipe from its parent: %w", err)
	}
	return nil
}

// lifeline is the handler of a successor's standard input.
type lifeline context.CancelFunc

var _ poll.Handler = lifeline(nil)

// Ready ends the server.
func (l lifeline) Ready(uint32) { l() }
