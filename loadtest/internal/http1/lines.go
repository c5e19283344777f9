package http1

import "bytes"

// The limits on what is read line by line.
const (
	// maxHead is the limit on a message's head, all interim heads before it
	// included, and on its trailer: what common servers allow at most.
	maxHead = 64 << 10
	// maxChunkLine is the limit on a chunk's size line with its extensions.
	maxChunkLine = 4 << 10
	// maxIdle is the largest buffer kept from one message to the next.
	maxIdle = 4 << 10
)

// lines cuts a stream into lines. A line that lies whole in what is fed is
// never copied.
type lines struct {
	kept []byte // the beginning of a line whose end is still to come
	left int    // how many bytes more may come
}

// restart begins a message: its lines may have maxHead bytes in all.
func (l *lines) restart() {
	l.kept, l.left = l.kept[:0], maxHead
	if cap(l.kept) > maxIdle {
		l.kept = nil
	}
}

// next returns the line that ends first in b, without its end, and how much of
// b it used: all, if the line is nil because it doesn't end in b. The line is
// valid until the next call, and as long as b is.
func (l *lines) next(b []byte) (line []byte, n int, err error) {
	n = bytes.IndexByte(b, '\n') + 1
	whole := n > 0
	if !whole {
		n = len(b)
	}
	if n > l.left {
		return nil, 0, TooLarge
	}
	l.left -= n
	if whole && len(l.kept) == 0 {
		line, err = content(b[:n])
		return line, n, err
	}
	l.kept = append(l.kept, b[:n]...)
	if !whole {
		return nil, n, nil
	}
	line, err = content(l.kept)
	l.kept = l.kept[:0]
	return line, n, err
}

// content cuts the end off a line. Only CRLF is one: that some accept a bare
// LF or CR, and others don't, is what requests are smuggled with (RFC 9112
// sections 2.2 and 11.2).
func content(line []byte) ([]byte, error) {
	end := len(line) - 2
	if end < 0 || line[end] != '\r' || !isText(line[:end]) {
		return nil, BadLine
	}
	return line[:end], nil
}

// isText says whether there is no control character but tab. Such ones can't
// stand in a line (RFC 9110 section 5.5), and many servers refuse them.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
