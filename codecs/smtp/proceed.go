package smtp

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// proceed tells the backend, which has greeted the client by r, what the client
// was routed by.
func (h *handover) proceed(r reply) codecs.Step {
	switch {
	case h.cfg.RouteBy == RouteByRCPT:
		return h.tell(stageMail, len(r.text), h.mail)
	case h.cfg.RouteBy == RouteByAUTH:
		return h.sayAuth(len(r.text))
	case h.answered:
		return h.relay(nil, len(r.text))
	case !h.extended && h.wantsExtensions():
		return h.tell(stageHELO, len(r.text), h.hello)
	case h.secured && h.offer.startTLS:
		h.out = r.appendWithout(h.out[:0], "STARTTLS")
		return h.relay(h.out, len(r.text))
	default:
		return h.relay(r.text, len(r.text))
	}
}

// relay ends the codec's part, with that said to the client.
func (h *handover) relay(toClient []byte, n int) codecs.Step {
	return codecs.Step{Action: codecs.Relay, ToClient: toClient, Consumed: n}
}

// sayAuth begins the client's AUTH again. Of a line that needs no answer in
// between the relay brings the reply.
func (h *handover) sayAuth(n int) codecs.Step {
	first := bytes.IndexByte(h.last, '\n') + 1
	if first < len(h.last) {
		step := h.tell(stageAuth, n, h.last[:first])
		h.last = h.last[first:]
		return step
	}
	return codecs.Step{Action: codecs.Relay, ToBackend: h.last, Consumed: n}
}

// authenticate gives the client's response to the backend's challenge, which
// the client has answered here; a refusal is the client's.
func (h *handover) authenticate(r reply) codecs.Step {
	if r.code != codeChallenge {
		return h.relay(r.text, len(r.text))
	}
	return h.sayAuth(len(r.text))
}

// mailed names the recipient, if the sender is welcome. The client has heard
// that it is, and learns by its recipients if not.
func (h *handover) mailed(r reply) codecs.Step {
	if r.positive() {
		return h.tell(stageRcpt, len(r.text), h.last)
	}
	if r.code/100 == 3 {
		return codecs.FailBackend(codecs.BackendForeign, detailReply)
	}
	h.envelope.refused = string(r.text)
	return h.stand(r)
}

// stand passes on the answer to RCPT, and from here on what the client says
// about recipients of the same domain.
func (h *handover) stand(r reply) codecs.Step {
	c := h.codec
	c.phase = phaseEnvelope
	c.envelope.chunking = c.cfg.chunking && h.offer.chunking
	c.envelope.passed = true
	c.handover, c.mail, c.last = nil, nil, nil
	return codecs.Step{Action: codecs.Stand, ToClient: r.text, Consumed: len(r.text)}
}
