//go:build linux

package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// process is a part that runs in a worker process.
type process struct {
	command *exec.Cmd
	stdin   io.Closer
	orders  *json.Encoder
	done    chan news // what isn't progress; closed when the worker has ended
	latest  atomic.Pointer[report.Progress]
}

var _ part = (*process)(nil)

// startProcess starts a worker for the seats from first on.
func startProcess(ctx context.Context, l load, first seat, loops int) (*process, error) {
	settings, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	p, err := launch(l.common().Worker)
	if err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	_, err = p.ask(ctx, order{Enlist: &enlistment{
		Mode: l.mode(), Settings: settings, First: first.number, Of: first.of, Loops: loops,
	}})
	if err != nil {
		p.free()
		return nil, err
	}
	return p, nil
}

func launch(words []string) (*process, error) {
	p := &process{command: exec.Command(words[0], words[1:]...), done: make(chan news)}
	p.command.Stderr = os.Stderr
	// Out of the terminal's reach: it is the conductor that hears Ctrl-C.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.orders = stdin, json.NewEncoder(stdin)
	p.latest.Store(&report.Progress{})
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go p.listen(json.NewDecoder(stdout))
	return p, nil
}

// listen takes in the worker's news until it ends.
func (p *process) listen(in *json.Decoder) {
	defer close(p.done)
	for {
		var n news
		if in.Decode(&n) != nil {
			return
		}
		if n.Progress != nil {
			p.latest.Store(n.Progress)
			continue
		}
		p.done <- n
	}
}

// ask gives an order and waits until it is done. If ctx ends first the worker
// is told to stop, and is waited for all the same.
func (p *process) ask(ctx context.Context, o order) (news, error) {
	if err := p.orders.Encode(o); err != nil {
		return news{}, p.ended()
	}
	stopped := ctx.Done()
	for {
		select {
		case n, ok := <-p.done:
			return n, p.verdict(n, ok)
		case <-stopped:
			stopped = nil
			// If it can't be told it has ended, which done will show.
			_ = p.orders.Encode(order{Stop: true})
		}
	}
}

func (p *process) verdict(n news, alive bool) error {
	switch {
	case !alive:
		return p.ended()
	case n.Error != "":
		return errors.New(n.Error)
	default:
		return nil
	}
}

func (p *process) ended() error {
	return fmt.Errorf("worker process %d ended before it should have", p.command.Process.Pid)
}

func (p *process) do(ctx context.Context, ph phase, span window) error {
	_, err := p.ask(ctx, order{Phase: &phaseOrder{ph, span}})
	return err
}

func (p *process) progress() report.Progress { return *p.latest.Load() }

func (p *process) counts() (*report.Counts, error) {
	n, err := p.ask(context.Background(), order{Count: true})
	if err == nil && n.Counts == nil {
		err = p.ended()
	}
	return n.Counts, err
}

// free ends the worker: it exits at the end of its input.
func (p *process) free() {
	_ = p.stdin.Close()
	for range p.done {
		// What it still had to say comes too late.
	}
	_ = p.command.Wait()
}
