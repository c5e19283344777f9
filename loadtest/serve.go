//go:build linux

package loadtest

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// ServeWorker is what a worker process does (see Common.Worker): it takes a
// conductor's orders from in, which is its standard input, and tells it the
// news on out, until in ends. The report of what went wrong goes to the
// conductor; an error means that it could not be understood or reached.
func ServeWorker(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	w := &served{news: json.NewEncoder(out), stop: stop}
	orders := make(chan order)
	var err error
	go func() {
		defer close(orders)
		err = w.receive(json.NewDecoder(in), orders)
		stop()
	}()
	defer func() { w.loops.free() }()
	for o := range orders {
		w.obey(ctx, o)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// served is the inside of a worker process.
type served struct {
	stop  context.CancelFunc
	news  *json.Encoder
	loops loops
}

// receive passes orders on until the input ends; to stop can't wait.
func (w *served) receive(in *json.Decoder, orders chan<- order) error {
	for {
		var o order
		if err := in.Decode(&o); err != nil {
			return err
		}
		if o.Stop {
			w.stop()
			continue
		}
		orders <- o
	}
}

func (w *served) obey(ctx context.Context, o order) {
	switch {
	case o.Enlist != nil:
		w.done(w.enlist(*o.Enlist))
	case o.Phase != nil:
		w.done(w.run(ctx, *o.Phase))
	case o.Count:
		counts, err := w.loops.counts()
		if err != nil {
			w.done(err)
			return
		}
		w.tell(news{Counts: counts})
	}
}

func (w *served) enlist(e enlistment) error {
	l, err := newLoad(e.Mode)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(e.Settings, l); err != nil {
		return err
	}
	w.loops, err = newLoops(l, seat{e.First, e.Of}, e.Loops)
	return err
}

// run runs a phase and tells the progress meanwhile.
func (w *served) run(ctx context.Context, p phaseOrder) error {
	finished := make(chan error, 1)
	go func() { finished <- w.loops.do(ctx, p.Phase, p.Span) }()
	ticker := time.NewTicker(showEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-finished:
			w.tellProgress()
			return err
		case <-ticker.C:
			w.tellProgress()
		}
	}
}

func (w *served) tellProgress() {
	progress := w.loops.progress()
	w.tell(news{Progress: &progress})
}

func (w *served) done(err error) {
	n := news{Done: true}
	if err != nil {
		n.Error = err.Error()
	}
	w.tell(n)
}

// tell can't fail in a way that matters: a conductor that doesn't listen has
// ended, and so has the input.
func (w *served) tell(n news) { _ = w.news.Encode(n) }
