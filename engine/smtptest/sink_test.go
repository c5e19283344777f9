package smtptest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// sink is an smtp-sink, which takes every message.
type sink struct {
	t   testing.TB
	dir string
	// address is where it can be reached by TCP.
	address string
}

// startSink starts one in a folder of its own, with its socket and the messages
// it gets.
func startSink(t testing.TB, flags ...string) *sink {
	t.Helper()
	// A socket's path is short, and another user must get there.
	dir, err := os.MkdirTemp("", "smtp")
	enginetest.Must(t, err)
	enginetest.Must(t, os.Chmod(dir, 0o777))
	path := filepath.Join(dir, "sink")
	args := append(flags, "-u", "nobody", "-d", filepath.Join(dir, "message."), "unix:"+path, "1000")
	cmd := exec.Command("smtp-sink", args...)
	enginetest.Must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	enginetest.Eventually(t, "smtp-sink listens", func() bool {
		conn, err := net.Dial("unix", path)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return &sink{t, dir, bridge(t, path)}
}

// count is how many messages it got.
func (s *sink) count() int {
	files, _ := filepath.Glob(filepath.Join(s.dir, "message.*")) // fails for a malformed pattern only
	return len(files)
}
