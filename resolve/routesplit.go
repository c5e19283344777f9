package resolve

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errNoRoutes   = errors.New(`no "routes:" at the top level`)
	errOnlyRoutes = errors.New(`only "routes:" may stand at the top level, once`)
)

// splitRoutes cuts a file in block style into its routes: a line "routes:",
// and below it a chunk from each line that is indented as the first one is.
// ok is false for a file in another style. It knows just enough of YAML to
// find those lines, and needs no more: the continuation of a value has to be
// indented more than its route; what isn't ends up in a chunk of its own and
// is a fault there.
func splitRoutes(text string) (chunks []chunk, ok bool, err error) {
	s := splitter{text: text}
	if found := s.header(); !found {
		return nil, false, s.err
	}
	for s.next() {
		s.take()
	}
	s.flush(len(text))
	if s.err == nil && len(s.chunks) == 0 {
		s.err = errors.New(`"routes:" has no routes: write "routes: {}" if that is meant`)
	}
	return s.chunks, true, s.err
}

// splitter walks over the lines of a text.
type splitter struct {
	text string
	// line is the current one without its end, at its offset in text, number
	// its number from 1.
	line          string
	start, number int
	// following is where the next line starts.
	following int

	// indent is that of the routes, 0 until the first is found.
	indent int
	// open is where the current chunk begins, openLine its first line's
	// number, 0 for none.
	open, openLine int
	chunks         []chunk
	err            error
}

func (s *splitter) next() bool {
	if s.err != nil || s.following >= len(s.text) {
		return false
	}
	s.start = s.following
	line, _, ended := strings.Cut(s.text[s.start:], "\n")
	s.following = s.start + len(line)
	if ended {
		s.following++
	}
	s.line = strings.TrimSuffix(line, "\r")
	s.number++
	return true
}

// blank says whether the line means nothing outside of a block of text.
func (s *splitter) blank() bool {
	rest := strings.TrimLeft(s.line, " \t")
	return rest == "" || rest[0] == '#'
}

// header looks for "routes:" as the first thing in the file.
func (s *splitter) header() bool {
	for s.next() {
		if s.blank() || s.line == "---" {
			continue
		}
		rest, ok := strings.CutPrefix(s.line, "routes:")
		rest = strings.TrimLeft(rest, " ")
		return ok && (rest == "" || rest[0] == '#')
	}
	s.err = errNoRoutes
	return false
}

// take assigns a line below the header to a chunk.
func (s *splitter) take() {
	if s.blank() {
		return
	}
	indent := len(s.line) - len(strings.TrimLeft(s.line, " "))
	if s.indent == 0 {
		s.indent = indent
	}
	switch {
	case indent == 0:
		s.err = fmt.Errorf("line %d: %w", s.number, errOnlyRoutes)
	case indent < s.indent:
		s.err = fmt.Errorf("line %d: indented less than the routes above", s.number)
	case indent == s.indent:
		s.flush(s.start)
		s.open, s.openLine = s.start, s.number
	}
}

// flush ends the current chunk.
func (s *splitter) flush(end int) {
	if s.openLine != 0 {
		s.chunks = append(s.chunks, part(s.text[s.open:end], s.openLine-1))
	}
	s.openLine = 0
}
