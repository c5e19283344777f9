//go:build linux

package loadtest

import (
	"fmt"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/http1"
)

// requesting is the dialogue with an HTTP server: requests and answers.
type requesting struct {
	request  *http1.Request // shared by the sessions of a station
	response *http1.Response
	check    HTTPCheck
	tag      uint64
}

var _ dialogue = (*requesting)(nil)

func (h *requesting) begin(tag uint64, size int) {
	h.tag = tag
	if h.check == CheckTag {
		h.response.Expect(tag, size)
	} else {
		h.response.Reset()
	}
}

func (h *requesting) message() []byte { return h.request.Tagged(h.tag) }

func (h *requesting) hear(b []byte, _ int) (done bool, err error) {
	n, done, err := h.response.Feed(b)
	if err != nil {
		return false, err
	}
	if n < len(b) {
		return false, errWrong
	}
	return done, h.verdict(done)
}

func (h *requesting) end() (done bool, err error) {
	if done, err = h.response.End(); err != nil {
		return false, err
	}
	return done, h.verdict(done)
}

// verdict is on the status of a complete answer.
func (h *requesting) verdict(done bool) error {
	status := h.response.Status()
	if done && (status >= 400 || h.check == CheckTag && status != 200) {
		return rejection(fmt.Sprintf("HTTP %d", status))
	}
	return nil
}

func (h *requesting) lasts() (again, mayEnd bool) { return h.response.Reusable(), true }

func (h *requesting) heard() int { return int(h.response.Received()) }
