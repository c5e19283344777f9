// Package progress shows how far a run is: on a terminal as one line that is
// rewritten in place, elsewhere as a plain line now and then.
package progress

import (
	"io"
	"time"
)

const (
	// plainEvery is the distance of plain lines: rare enough for a log.
	plainEvery = 5 * time.Second
	// usualWidth is taken for that of a terminal that doesn't tell.
	usualWidth = 80
	// eraseLine goes to the line's begin and erases to its end (ECMA-48).
	eraseLine = "\r\x1b[K"
)

// Line is the live line. It has no goroutine: what runs calls Show about 5
// times a second, and End when it is done. Not for concurrent use.
type Line struct {
	w        io.Writer
	terminal bool
	width    func() int

	started bool
	phase   string
	shown   time.Time // when the last line was written
	rates   rates
	broken  bool // nobody reads any more
}

// New returns a line that is written to w. width is asked for a terminal's
// columns before every line, as people resize them; 0 means unknown.
func New(w io.Writer, terminal bool, width func() int) *Line {
	return &Line{w: w, terminal: terminal, width: width}
}

// Show shows a state: always on a terminal, elsewhere when 5 s have passed or
// the phase is a new one. It writes at most once; after an error never again,
// as a run must not end for want of a reader.
func (l *Line) Show(now time.Time, s State) {
	if l.broken || !l.due(now, s.Phase) {
		return
	}
	l.rates.look(now, s.Progress)
	l.started, l.phase, l.shown = true, s.Phase, now
	if l.terminal {
		l.write(eraseLine + compose(s, l.rates, l.columns()))
	} else {
		l.write(plain(s, l.rates) + "\n")
	}
}

// End takes a terminal's line away. What is shown afterwards begins anew.
func (l *Line) End() {
	if l.terminal && l.started && !l.broken {
		l.write(eraseLine)
	}
	l.started, l.rates = false, rates{}
}

func (l *Line) due(now time.Time, phase string) bool {
	return l.terminal || !l.started || phase != l.phase || now.Sub(l.shown) >= plainEvery
}

// columns is one less than the terminal has: at the last one, terminals begin
// a new line.
func (l *Line) columns() int {
	if width := l.width(); width > 0 {
		return width - 1
	}
	return usualWidth - 1
}

func (l *Line) write(text string) {
	_, err := io.WriteString(l.w, text)
	l.broken = err != nil
}
