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
	_ codecs.Closer   = (*codec)(nil)
)

// Start greets the client.
func (c *codec) Start() codecs.Step {
	c.phase = phaseResponse
	if err := c.draw(); err != nil {
		return fail(codecs.Internal, "")
	}
	at := 0
	c.toClient, at = c.client.begin(c.toClient)
	c.toClient = finish(appendGreeting(c.toClient, c.greeting()), at)
	return codecs.Step{ToClient: c.toClient}
}

// Client takes the client's bytes in the phases in which it is its turn, and
// leaves them alone in others.
func (c *codec) Client(in []byte) codecs.Step {
	c.wipe()
	switch c.phase {
	case phaseResponse:
		return c.handshake(in)
	case phaseAnswer:
		return c.answer(in)
	case phaseLogin:
		return c.clientExchange(in)
	case phaseProof:
		return c.proof(in)
	case phasePassword:
		return c.password(in)
	case phaseCommand:
		return c.command(in)
	default:
		return codecs.Step{}
	}
}

// Backend takes the backend's bytes likewise.
func (c *codec) Backend(in []byte) codecs.Step {
	c.wipe()
	switch c.phase {
	case phaseGreeting:
		return c.backendGreeting(in)
	case phaseLogin:
		return c.backendExchange(in)
	case phaseReplay:
		return c.replayed(in)
	case phaseKill:
		return c.killed(in)
	default:
		return codecs.Step{}
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
	dst, at := c.client.begin(dst)
	return finish(appendRefusal(dst, f), at)
}

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
