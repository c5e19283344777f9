package top

import (
	"fmt"
	"io"
	"strings"
)

// What the terminal is sent at the beginning and at the end: the alternate screen,
// without a cursor and without wrapping, so that a character wider than we think
// can't push a line down.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leaveScreen = "\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l"
	clearScreen = "\x1b[m\x1b[2J"
	toLineEnd   = "\x1b[K"
)

// screen writes frames to a terminal, of each only the lines that differ from the
// frame before, at once.
type screen struct {
	out     io.Writer
	escapes *[styles]string
	drawn   []string // nil if what the terminal shows isn't known
}

// forget has the next frame drawn in full.
func (s *screen) forget() { s.drawn = nil }

// draw shows a frame of a width. What was to the right of a line is erased, unless
// the line is as wide as the screen: the cursor stands on its last character then.
func (s *screen) draw(lines []line, width int) error {
	var b strings.Builder
	if len(s.drawn) != len(lines) {
		s.drawn = make([]string, len(lines))
		b.WriteString(clearScreen)
	}
	for i, l := range lines {
		text := l.render(s.escapes)
		if l.columns() < width {
			text += toLineEnd
		}
		if text != s.drawn[i] {
			s.drawn[i] = text
			fmt.Fprintf(&b, "\x1b[%d;1H%s", i+1, text)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}
