package mysql

import "github.com/proxy-engine/proxy-engine/codecs"

// Front returns the front end of a listener for MySQL clients. It serves
// MariaDB's and TiDB's as well, whose protocol is the same.
func Front(o Options) codecs.Front {
	s := o.settings()
	return codecs.Front{
		Protocol:   codecs.MySQL,
		Negotiates: true,
		MaxPending: headerSize + maxPayload,
		New:        func() codecs.Codec { return &codec{settings: s} },
	}
}

// codec is one client's front end. What only some phases need stands in login
// and late.
type codec struct {
	settings *settings
	client   leg
	backend  leg
	// toClient and toBackend are what the last step wrote. They may hold
	// passwords, and are overwritten at the next call.
	toClient, toBackend []byte
	// salt is our nonce.
	salt [saltSize]byte
	// id is the connection id the client was greeted with.
	id    uint32
	phase phase
	// secured and backendSecured say that TLS stands on a leg.
	secured, backendSecured bool
	// lastWord says that the client has been told how its session ends.
	lastWord   bool
	serverName string
	// login is what is known about the client and its backend, from Open or
	// the beginning of a late login on.
	login *login
	// late is set iff the client is logged in without a backend.
	late *late
	// resume goes on when a computation is done. Set while one is under way.
	resume func() codecs.Step
	// unsealed is the password a computation has decrypted. Overwritten when
	// resume has used it.
	unsealed []byte
}

var (
	_ codecs.Codec    = (*codec)(nil)
	_ codecs.Upgrader = (*codec)(nil)
	_ codecs.Computer = (*codec)(nil)
	_ codecs.Ender    = (*codec)(nil)
	_ codecs.Closer   = (*codec)(nil)
)

// Start greets the client.
func (c *codec) Start() codecs.Step {
	c.phase = phaseResponse
	if err := c.draw(); err != nil {
		return fail(codecs.Internal, "")
	}
	return c.tellClient(appendGreeting(nil, c.greeting()))
}

// Client takes the packet at the start of the client's bytes in the phases in
// which it is its turn, and leaves them alone in others.
func (c *codec) Client(in []byte) codecs.Step {
	c.wipe()
	handle := c.clientTurn()
	if handle == nil {
		return codecs.Step{}
	}
	payload, f := c.client.read(in)
	if f != faultNone {
		return c.clientFault(f)
	}
	step := handle(c, payload)
	if c.late == nil && step.Action == codecs.Route {
		return step // the response is left for Open
	}
	step.Consumed = headerSize + len(payload)
	return step
}

// handler takes the payload of a packet.
type handler func(c *codec, payload []byte) codecs.Step

// clientTurn returns what the client's next packet is for, nil if it isn't its
// turn.
func (c *codec) clientTurn() handler {
	switch c.phase {
	case phaseResponse:
		return (*codec).handshake
	case phaseAnswer:
		return (*codec).answer
	case phaseLogin:
		if c.late == nil { // else it has sent its command and waits
			return (*codec).clientSaid
		}
	case phaseProof:
		return (*codec).proof
	case phasePassword:
		return (*codec).password
	case phaseCommand:
		return (*codec).command
	}
	return nil
}

// Backend takes the backend's packets likewise.
func (c *codec) Backend(in []byte) codecs.Step {
	c.wipe()
	handle := c.backendTurn()
	if handle == nil {
		return codecs.Step{}
	}
	payload, f := c.backend.read(in)
	if f != faultNone {
		return c.backendFault(f)
	}
	step := handle(c, payload)
	step.Consumed = headerSize + len(payload)
	return step
}

// backendTurn is the backend's clientTurn.
func (c *codec) backendTurn() handler {
	switch c.phase {
	case phaseGreeting:
		return (*codec).backendGreeting
	case phaseLogin:
		return (*codec).backendSaid
	case phaseReplay:
		return (*codec).replayed
	case phaseKill:
		return (*codec).killed
	default:
		return nil
	}
}

// Computed goes on with what a computation has found.
func (c *codec) Computed() codecs.Step {
	c.wipe()
	resume := c.resume
	c.resume = nil
	return resume()
}

// Refuse speaks f as an ERR packet, where one can be understood: not while the
// client turns to TLS, and not after the backend's own ERR.
func (c *codec) Refuse(dst []byte, f codecs.Failure) []byte {
	c.forget()
	if c.lastWord || c.phase == phaseUpgrade {
		return dst
	}
	c.lastWord = true
	if f.Kind == codecs.NotFound && c.late != nil && c.late.kill != nil {
		f.Detail = detailThread
	}
	return c.client.appendPacket(dst, appendRefusal(nil, f))
}

// ClientEnded implements codecs.Ender: whatever was left of either side's bytes
// means nothing to the other, and a backend that goes in the middle of the login
// is to be told of in words.
func (c *codec) ClientEnded() {}

// Close overwrites what is left of passwords. No computation is under way.
func (c *codec) Close() {
	c.resume = nil
	c.forget()
	c.unsealed = wiped(c.unsealed)
}

// fail ends the session for a reason of the codec's own.
func fail(k codecs.Kind, detail string) codecs.Step {
	return codecs.Step{Action: codecs.Fail, Failure: codecs.Failure{Kind: k, Detail: detail}}
}

// wipe overwrites what the last step wrote, which the driver is done with.
func (c *codec) wipe() {
	c.toClient = wiped(c.toClient)
	c.toBackend = wiped(c.toBackend)
}

// forget overwrites every password. A computation under way has the secret,
// and overwrites it itself.
func (c *codec) forget() {
	c.wipe()
	if c.login != nil && c.resume == nil {
		c.login.secret = wiped(c.login.secret)
	}
	if c.late != nil {
		c.late.password = wiped(c.late.password)
	}
}

// wiped overwrites all of b's memory and returns it empty.
func wiped(b []byte) []byte {
	clear(b[:cap(b)])
	return b[:0]
}
