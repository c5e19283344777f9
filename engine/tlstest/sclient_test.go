package tlstest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// sClient is OpenSSL's s_client. What it prints anywhere comes in one stream.
type sClient struct {
	t      *testing.T
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *os.File
	said   bytes.Buffer
}

// sClient starts one against the proxy, which asks for the certificate's name.
func (p *proxy) sClient(args ...string) *sClient {
	p.t.Helper()
	args = append([]string{"s_client", "-connect", p.Address(), "-servername", name, "-CAfile", p.ca.File}, args...)
	c := &sClient{t: p.t, cmd: exec.Command("openssl", args...)}
	output, theirs, err := os.Pipe()
	enginetest.Must(p.t, err)
	c.output, c.cmd.Stdout, c.cmd.Stderr = output, theirs, theirs
	p.t.Cleanup(func() { _ = output.Close() })
	enginetest.Must(p.t, output.SetReadDeadline(enginetest.Soon()))
	c.input, err = c.cmd.StdinPipe()
	enginetest.Must(p.t, err)
	enginetest.Must(p.t, c.cmd.Start())
	p.t.Cleanup(c.kill)
	enginetest.Must(p.t, theirs.Close())
	return c
}

func (c *sClient) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
}

// say types something; one of s_client's commands must be the only thing that it
// reads at once.
func (c *sClient) say(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.input, text)
	enginetest.Must(c.t, err)
}

// hear reads until it has printed this behind what was heard before.
func (c *sClient) hear(want string) {
	c.t.Helper()
	chunk := make([]byte, 4<<10)
	heard := c.said.Len()
	for !bytes.Contains(c.said.Bytes()[heard:], []byte(want)) {
		n, err := c.output.Read(chunk)
		c.said.Write(chunk[:n])
		if err != nil {
			c.t.Fatalf("openssl doesn't print %q but %q, %v", want, c.said.Bytes()[heard:], err)
		}
	}
}

// end closes its input, and returns all it has printed by its own end, and
// whether it takes itself to have succeeded.
func (c *sClient) end() (said string, succeeded bool) {
	c.t.Helper()
	_ = c.input.Close()
	rest, err := io.ReadAll(c.output)
	enginetest.Must(c.t, err)
	_, _ = c.said.Write(rest)
	return c.said.String(), c.cmd.Wait() == nil
}

// expect ends it, and wants to find all of this in what it has printed.
func (c *sClient) expect(want ...string) {
	c.t.Helper()
	said, _ := c.end()
	for _, w := range want {
		if !strings.Contains(said, w) {
			c.t.Errorf("openssl doesn't print %q but:\n%s", w, said)
		}
	}
}

// echoing has the backend send back what it hears, on every connection.
func echoing(p *proxy) {
	go func() {
		for {
			c, err := p.backend.AcceptTCP()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
}
