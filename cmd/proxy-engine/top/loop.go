package top

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// escapeTime is how long the rest of a key's sequence may take: a network's delay,
// and less than people notice after Escape.
const escapeTime = 50 * time.Millisecond

// loop is a Run. Its channels are how the other goroutines tell it of what they
// have; they give up when its context is done.
type loop struct {
	ctx     context.Context
	o       Options
	t       Terminal
	model   *model
	screen  screen
	parser  parser
	restore func() error

	keys     chan []byte
	gone     chan error // why there are no keys any more
	polls    chan *snapshot
	outcomes chan outcome
	panics   chan string
	others   sync.WaitGroup

	polling bool // a poll is under way
	again   bool // and another is wanted at once
	next    *time.Timer
	escape  *time.Timer // for a key that may be complete
}

func newLoop(ctx context.Context, t Terminal, o Options, first table) *loop {
	l := &loop{ctx: ctx, o: o, t: t, model: newModel(o.Client.Address(), first), screen: screen{out: t, escapes: &noColor},
		keys: make(chan []byte), gone: make(chan error), polls: make(chan *snapshot), outcomes: make(chan outcome), panics: make(chan string),
		next: time.NewTimer(0), escape: time.NewTimer(0)}
	l.escape.Stop()
	if o.Color {
		l.screen.escapes = &colored
	}
	return l
}

// live is all of a Run. Once the terminal is ours, begin is called.
func (l *loop) live(cancel func(), begin func()) error {
	defer l.wait()
	defer cancel()
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	begin()
	return l.run()
}

// enter makes the terminal ours.
func (l *loop) enter() error {
	restore, err := l.t.Raw()
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	l.restore = restore
	l.screen.forget()
	l.resize()
	if _, err := l.t.Write([]byte(enterScreen)); err != nil {
		return errors.Join(fmt.Errorf("terminal: %w", err), restore())
	}
	return nil
}

// leave gives it back. Nothing can be done about a terminal that doesn't take it.
func (l *loop) leave() {
	_, _ = l.t.Write([]byte(leaveScreen))
	_ = l.restore()
}

func (l *loop) resize() {
	if width, height, err := l.t.Size(); err == nil && width > 0 && height > 0 {
		l.model.resize(width, height)
		return
	}
	l.model.resize(80, 24)
}

// wait returns when the other goroutines have ended, once the context is done.
func (l *loop) wait() {
	l.next.Stop()
	l.escape.Stop()
	l.others.Wait()
}

// run is the loop. It ends without an error unless the terminal doesn't take what is
// drawn.
func (l *loop) run() error {
	go l.read()
	for {
		if err := l.screen.draw(view(l.model), l.model.width); err != nil {
			return fmt.Errorf("terminal: %w", err)
		}
		more, err := l.turn()
		if !more {
			return err
		}
	}
}

// turn waits for one event and does what it asks for. It says whether to go on.
func (l *loop) turn() (more bool, err error) {
	select {
	case <-l.ctx.Done():
		return false, nil
	case text := <-l.panics:
		panic(text)
	case <-l.gone:
		return false, nil
	case in := <-l.keys:
		return l.press(l.parser.feed(in))
	case <-l.escape.C:
		return l.press(l.parser.flush())
	case <-l.next.C:
		if !l.model.paused {
			l.poll()
		}
	case s := <-l.polls:
		l.take(s)
	case o := <-l.outcomes:
		l.model.message = o.line()
		l.poll()
	case change := <-l.t.Changes():
		return true, l.change(change)
	}
	return true, nil
}

// change does what the terminal tells.
func (l *loop) change(c Change) error {
	if c == Suspended {
		return l.suspend()
	}
	l.resize()
	l.screen.forget()
	return nil
}

// suspend gives the terminal back for as long as the program is stopped.
func (l *loop) suspend() error {
	l.leave()
	l.t.Suspend()
	return l.enter()
}

// press does what keys ask for.
func (l *loop) press(keys []key) (more bool, err error) {
	l.escape.Stop()
	if l.parser.waits() {
		l.escape.Reset(escapeTime)
	}
	for _, k := range keys {
		if more, err = l.obey(l.model.press(k)); !more {
			return false, err
		}
	}
	return true, nil
}

func (l *loop) obey(e effect) (more bool, err error) {
	switch {
	case e.quit:
		return false, nil
	case e.suspend:
		err := l.suspend()
		return err == nil, err
	case e.redraw:
		l.screen.forget()
	case e.order != nil:
		l.act(*e.order)
	case e.poll:
		l.poll()
	}
	return true, nil
}

// poll begins a poll, or has one begun when that under way has ended.
func (l *loop) poll() {
	if l.again = l.polling; l.polling {
		return
	}
	l.polling = true
	t := l.model.table
	l.spawn(func() { tell(l.ctx, l.polls, poll(l.ctx, l.o.Client, t)) })
}

// take shows what a poll has brought, and plans the next one.
func (l *loop) take(s *snapshot) {
	l.polling = false
	l.model.take(s)
	if l.again {
		l.poll()
		return
	}
	if !l.model.paused {
		l.next.Reset(l.o.Interval)
	}
}

// act does what was confirmed.
func (l *loop) act(o order) {
	l.spawn(func() {
		done, err := o.action.do(l.ctx, l.o.Client, o.row.subject)
		tell(l.ctx, l.outcomes, outcome{o, done, err})
	})
}

// read passes on keys until the terminal is gone.
func (l *loop) read() {
	for {
		in := make([]byte, 256)
		n, err := l.t.Read(in)
		if n > 0 && !tell(l.ctx, l.keys, in[:n]) {
			return
		}
		if err != nil {
			tell(l.ctx, l.gone, err)
			return
		}
	}
}

// spawn runs something beside the loop, which panics in its place: it has a terminal
// to restore.
func (l *loop) spawn(do func()) {
	l.others.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				tell(l.ctx, l.panics, fmt.Sprintf("%v\n%s", r, debug.Stack()))
			}
		}()
		do()
	})
}

// tell passes on a value unless nobody wants it any more.
func tell[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}
