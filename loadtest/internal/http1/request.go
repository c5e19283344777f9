package http1

import (
	"fmt"
	"strings"
)

// Request is a GET request that is built once and sent under many tags. One
// goroutine may use it at a time.
type Request struct {
	message []byte
	tag     *[TagSize]byte // in message
}

// NewRequest builds the request for a path, or any other form of target, with
// the header fields Host, the extra ones (each as "Name: value") and the tag.
// It reports what can't stand in a request.
func NewRequest(host, path string, extra ...string) (*Request, error) {
	if !isTarget([]byte(path)) {
		return nil, fmt.Errorf("path %q: want visible characters and no space", path)
	}
	lines := append([]string{"GET " + path + " HTTP/1.1", "Host: " + host}, extra...)
	for _, line := range lines[1:] {
		if _, _, err := parseField([]byte(line)); err != nil || !isText([]byte(line)) {
			return nil, fmt.Errorf("header line %q: want \"Name: value\" without control characters", line)
		}
	}
	head := strings.Join(append(lines, TagName+": "), "\r\n")
	message := []byte(head + strings.Repeat("0", TagSize) + "\r\n\r\n")
	return &Request{message: message, tag: (*[TagSize]byte)(message[len(head):])}, nil
}

// Tagged returns the request under a tag. It is valid until the next call and
// must not be changed.
func (r *Request) Tagged(tag uint64) []byte {
	putTag(r.tag, tag)
	return r.message
}

// isTarget says whether text could be a request target: visible ASCII or bytes
// beyond it, which servers differ about but which can't be mistaken for framing.
func isTarget(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(text) > 0
}
