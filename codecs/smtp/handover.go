package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// handover tells the backend what the client has said, one command at a time.
type handover struct {
	*codec
	client codecs.Address
	tls    codecs.TLSPolicy
	stage  stage
	// offer is what the backend's last reply to EHLO has listed.
	offer offer
	// encrypted says that the backend's leg is, introduced that the backend has
	// been told of the client by XCLIENT.
	encrypted, introduced bool
}

// stage is what the backend's next reply answers.
type stage uint8

const (
	// stageGreeting: nothing, it is the greeting. Left for stageHello.
	stageGreeting stage = iota
	// stageHello: EHLO, or HELO where that is enough. Left for stageTLS and
	// stageXClient, which lead back, and then for one of those below, or by
	// Relay.
	stageHello
	// stageTLS: STARTTLS.
	stageTLS
	// stageXClient: XCLIENT; it is a greeting.
	stageXClient
	// stageHELO: the HELO of a client that said no EHLO, after ours.
	stageHELO
	// stageMail: MAIL. Left for stageRcpt, or for the envelope if refused.
	stageMail
	// stageRcpt: RCPT. Left for the envelope.
	stageRcpt
	// stageAuth: the first line of AUTH. Left by Relay.
	stageAuth
)

var stageNames = []string{"greeting", "hello", "tls", "xclient", "helo", "mail", "rcpt", "auth"}

// String returns the stage's name.
func (s stage) String() string { return nameOf(stageNames, int(s)) }

const (
	detailReply     = "the server's answer can't be understood"
	detailNoTLS     = "the server doesn't offer the encryption it must have"
	detailGluedTLS  = "the server has sent more behind its answer to STARTTLS"
	detailNoXClient = "the server doesn't take XCLIENT from here"
)

// backend goes on with the reply at the start of in.
func (h *handover) backend(in []byte) codecs.Step {
	r, ok := parseReply(in)
	if !ok {
		return codecs.FailBackend(codecs.BackendForeign, detailReply)
	}
	if len(r.text) == 0 {
		return codecs.Step{}
	}
	switch h.stage {
	case stageGreeting:
		return h.greeted(r)
	case stageHello:
		return h.helloed(r)
	case stageTLS:
		return h.readyForTLS(r, in)
	case stageXClient:
		return h.introducedAs(r)
	case stageHELO:
		return h.relay(r.text, len(r.text))
	case stageMail:
		return h.mailed(r)
	case stageRcpt:
		return h.stand(r)
	default:
		return h.authenticate(r)
	}
}

// greeted says hello, if the backend wants to be spoken to.
func (h *handover) greeted(r reply) codecs.Step {
	if r.code != codeReady {
		return h.deny(r)
	}
	return h.sayHello(len(r.text))
}

// sayHello says EHLO where it takes one. n bytes of the input are dealt with.
func (h *handover) sayHello(n int) codecs.Step {
	h.stage = stageHello
	if h.extended || !h.wantsExtensions() {
		return h.tell(stageHello, n, h.hello)
	}
	h.out = append(append(append(h.out[:0], "EHLO "...), h.name()...), crlf...)
	return codecs.Step{ToBackend: h.out, Consumed: n}
}

// wantsExtensions says that the backend must be asked what it has.
func (h *handover) wantsExtensions() bool {
	return h.tls != codecs.NoTLS || h.cfg.ClientHeader == XClient
}

// tell sends the backend a line, the reply to which is awaited in stage s.
func (h *handover) tell(s stage, n int, line []byte) codecs.Step {
	h.stage = s
	return codecs.Step{ToBackend: line, Consumed: n}
}

// helloed encrypts, introduces, and then tells the backend the rest.
func (h *handover) helloed(r reply) codecs.Step {
	if !r.positive() {
		return h.unwelcome(r)
	}
	h.offer = parseOffer(r)
	switch {
	case !h.encrypted && h.tls != codecs.NoTLS && h.offer.startTLS:
		return h.tell(stageTLS, len(r.text), []byte("STARTTLS"+crlf))
	case !h.encrypted && h.tls == codecs.RequireTLS:
		return codecs.FailBackend(codecs.BackendInsecure, detailNoTLS)
	case h.cfg.ClientHeader == XClient && !h.introduced:
		return h.introduce(r)
	default:
		return h.proceed(r)
	}
}

// unwelcome deals with a backend that refuses the hello. The client may be told
// and left to find another, but not past what the backend had to be told
// before.
func (h *handover) unwelcome(r reply) codecs.Step {
	switch {
	case h.tls == codecs.RequireTLS && !h.encrypted:
		return codecs.FailBackend(codecs.BackendInsecure, detailNoTLS)
	case h.cfg.ClientHeader == XClient && !h.introduced:
		return fail(codecs.Internal, detailNoXClient)
	case h.routesByHello() && !h.answered:
		return h.relay(r.text, len(r.text))
	default:
		return h.deny(r)
	}
}

// deny passes a refusal on as the answer to what the client waits for, and
// ends the session: the backend isn't in the state the client thinks it is.
func (h *handover) deny(r reply) codecs.Step {
	if r.positive() || r.code/100 == 3 {
		return codecs.FailBackend(codecs.BackendForeign, detailReply)
	}
	return h.passDenial(r)
}

// readyForTLS encrypts the backend's leg. What is glued to the reply wasn't
// sent by the backend, or is meant to be taken for encrypted.
func (h *handover) readyForTLS(r reply, in []byte) codecs.Step {
	switch {
	case r.code == codeReady && len(in) > len(r.text):
		return codecs.FailBackend(codecs.BackendInsecure, detailGluedTLS)
	case r.code == codeReady:
		return codecs.Step{Action: codecs.StartBackendTLS, Consumed: len(r.text)}
	case h.tls == codecs.RequireTLS:
		return codecs.FailBackend(codecs.BackendInsecure, detailNoTLS)
	default:
		h.tls = codecs.NoTLS
		return h.sayHello(len(r.text))
	}
}

// introduce tells the backend of the client.
func (h *handover) introduce(r reply) codecs.Step {
	if !h.offer.xclient.has(attributeADDR) || !h.client.Known() {
		return fail(codecs.Internal, detailNoXClient)
	}
	h.out = h.appendXClient(h.out[:0])
	return h.tell(stageXClient, len(r.text), h.out)
}

// introducedAs begins anew, as XCLIENT does.
func (h *handover) introducedAs(r reply) codecs.Step {
	if r.code != codeReady {
		return fail(codecs.Internal, detailNoXClient)
	}
	h.introduced = true
	return h.sayHello(len(r.text))
}
