package top

import "strings"

// style is how a text looks.
type style uint8

const (
	plain  style = iota
	strong       // what one looks for first
	faint        // labels
	good
	warning
	bad
	heading // a table's column heads
	chosen  // the row that keys act on
	styles
)

// escapes are the styles as terminals are told of them. Those of noColor are
// without colours, which NO_COLOR and some terminals want.
var (
	colored = [styles]string{
		strong: "\x1b[1m", faint: "\x1b[2m", good: "\x1b[32m", warning: "\x1b[33m", bad: "\x1b[1;31m", heading: "\x1b[30;42m", chosen: "\x1b[30;46m",
	}
	noColor = [styles]string{
		strong: "\x1b[1m", warning: "\x1b[1m", bad: "\x1b[1m", heading: "\x1b[7m", chosen: "\x1b[7m",
	}
)

const reset = "\x1b[m"

// span is a clean text of one style.
type span struct {
	text  string
	style style
}

// line is one of the screen, from the left.
type line []span

// with returns the line with something more. Its text may be anybody's.
func (l line) with(s style, text string) line {
	return append(l, span{clean(text), s})
}

// say returns the line with plain texts more, each a space apart.
func (l line) say(s style, texts ...string) line {
	for _, text := range texts {
		if len(l) > 0 {
			l = append(l, span{" ", plain})
		}
		l = l.with(s, text)
	}
	return l
}

// columns is how many the line takes.
func (l line) columns() (n int) {
	for _, s := range l {
		n += columns(s.text)
	}
	return n
}

// fit returns as much of the line as so many columns hold.
func (l line) fit(most int) line {
	var fitting line
	for i, s := range l {
		n := columns(s.text)
		if n > most || n == most && l[i+1:].columns() > 0 {
			return append(fitting, span{shorten(s.text, most), s.style})
		}
		fitting = append(fitting, s)
		most -= n
	}
	return fitting
}

// shorten is truncate of a text behind which there is more.
func shorten(text string, most int) string {
	if columns(text) == most {
		text += " "
	}
	return truncate(text, most)
}

// String returns the line's text without styles.
func (l line) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return strings.TrimRight(b.String(), " ")
}

// render returns the line as the terminal is sent it.
func (l line) render(escapes *[styles]string) string {
	var b strings.Builder
	for _, s := range l {
		if e := escapes[s.style]; e != "" {
			b.WriteString(e + s.text + reset)
			continue
		}
		b.WriteString(s.text)
	}
	return b.String()
}
