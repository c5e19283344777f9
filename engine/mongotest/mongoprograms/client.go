package mongoprograms

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Driver is a client program by its driver.
type Driver uint8

// The client programs; all do the same and print the same.
const (
	Go Driver = iota
	Node
	Python
)

// Drivers returns all of them.
func Drivers() []Driver { return []Driver{Go, Node, Python} }

// String returns the driver's name.
func (d Driver) String() string {
	switch d {
	case Go:
		return "go"
	case Node:
		return "node"
	case Python:
		return "python"
	default:
		return "unknown"
	}
}

func (p *Programs) command(d Driver) []string {
	switch d {
	case Node:
		return []string{"node", filepath.Join(p.source, "node", "client.js")}
	case Python:
		return []string{python, filepath.Join(p.source, "python", "client.py")}
	default:
		return []string{filepath.Join(p.built, "client")}
	}
}

// Job is what a client does: it inserts Count documents at once, reads them by
// a cursor, updates one, has Workers write and read, asks who the server is,
// awaits Beats of its monitor and inserts a document into Another. URI,
// Database, Count and Batch are required.
type Job struct {
	URI      string `json:"uri"`
	Database string `json:"database"`
	Count    int    `json:"count"`
	// Size is the length of a document's text, in bytes; 1000 if it is zero.
	Size int `json:"size"`
	// Batch is how many documents the cursor fetches at once.
	Batch int `json:"batch"`
	// Another is another database, "" for none.
	Another string `json:"another"`
	// Tour are databases to use by turns instead of all that, by the Go driver: in
	// each a marker and Count documents are inserted, and while a cursor reads those
	// of the first the markers of the others are read.
	Tour []string `json:"tour,omitempty"`
	// Workers are at work at once: each writes a document and reads it until as
	// many connections have been in use at the same moment and Beats have come.
	// The pool of the URI must be as large.
	Workers int `json:"workers"`
	Beats   int `json:"beats"`
	// ResolveTo is the address that every host name stands for, "" for the
	// system's word.
	ResolveTo string `json:"resolveTo"`
	// Stay has the driver stay connected until the next job or the end, see
	// Client.Again.
	Stay bool `json:"stay"`
}

// Report is what a client has found.
type Report struct {
	// Found is how many documents were read by the cursor, Modified how many
	// were updated, Worked how many workers have done their work.
	Found, Modified, Worked int
	// Msg is hello's, by which a mongos is known. Hosts says that hello names
	// the members of a replica set.
	Msg   string
	Hosts bool
	// Server is the process id of the server, 0 if the client never got so far.
	Server int
	// Retryable says that the driver sent writes it would have repeated.
	Retryable bool
	// Changes are those of the topology and of the server once it was known.
	Changes int
	// Toured are the process ids of the servers of the tour, each behind a space.
	// Found counts the documents of the first.
	Toured string
	// Error is why the client ended early, "" if it didn't, and Code the
	// server's word for it, if it is one's.
	Code  int
	Error string
}

// Client is a client program, which does one job after the other. It is for one
// goroutine.
type Client struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// Launch starts a client, which is killed when ctx ends. The caller calls Wait.
func (p *Programs) Launch(ctx context.Context, d Driver) (*Client, error) {
	command := p.command(d)
	c := &Client{cmd: exec.CommandContext(ctx, command[0], command[1:]...)}
	c.cmd.Stderr = os.Stderr
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdout = bufio.NewReader(stdout)
	return c, c.cmd.Start()
}

// Begin gives the client a job, whose report is the next.
func (c *Client) Begin(j Job) error {
	line, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = c.stdin.Write(append(line, '\n'))
	return err
}

// Report waits for the report of what the client was told last. By then its
// driver has closed its connections, unless it stays.
func (c *Client) Report() (Report, error) {
	var r Report
	line, err := c.stdout.ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("the client ended without a report: %q: %w", line, err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("%w: %q", err, line)
	}
	return r, nil
}

// Do has the client do a job.
func (c *Client) Do(j Job) (Report, error) {
	if err := c.Begin(j); err != nil {
		return Report{}, err
	}
	return c.Report()
}

// Again has a client that stays ask once more who the server is.
func (c *Client) Again() (Report, error) {
	if _, err := io.WriteString(c.stdin, "again\n"); err != nil {
		return Report{}, err
	}
	return c.Report()
}

// Kill ends the client at once, in the middle of what it does.
func (c *Client) Kill() error { return c.cmd.Process.Kill() }

// Wait lets the client end, and waits for that. Called again it returns an error.
func (c *Client) Wait() error {
	_ = c.stdin.Close() // which it waits for
	return c.cmd.Wait()
}

// Run has a client of its own do a job.
func (p *Programs) Run(ctx context.Context, d Driver, j Job) (Report, error) {
	c, err := p.Launch(ctx, d)
	if err != nil {
		return Report{}, err
	}
	r, failed := c.Do(j)
	if err := c.Wait(); err != nil {
		return r, fmt.Errorf("%v: %w", d, err)
	}
	return r, failed
}
