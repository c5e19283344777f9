package mysql

import "github.com/proxy-engine/proxy-engine/codecs"

// clientSaid passes on the client's packet, unless it is one that means
// something else on the other leg.
func (c *codec) clientSaid(payload []byte) codecs.Step {
	if c.login.stage == stagePassword && c.secured != c.backendSecured {
		return c.translate(payload)
	}
	return c.tellBackend(payload)
}

// backendSaid takes what the backend says to a response.
func (c *codec) backendSaid(payload []byte) codecs.Step {
	if len(payload) == 0 {
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
	switch payload[0] {
	case typeOK:
		return c.accepted(payload)
	case typeERR:
		return c.denied(payload)
	case typeAuthSwitch:
		return c.switched(payload)
	case typeNextFactor:
		if c.login.identity.capabilities.has(MultiFactor) {
			return c.switched(payload)
		}
	case typeMoreData:
		return c.moreData(payload)
	}
	return c.methodSaid(payload)
}

// accepted ends the login: the client is told and the relay begins, or a
// client bound late is brought to where it believes to be, or its KILL sent.
func (c *codec) accepted(payload []byte) codecs.Step {
	c.forget()
	switch {
	case c.late == nil:
		step := c.tellClient(payload)
		step.Action = codecs.Relay
		return c.register(step)
	case c.late.kill != nil:
		return c.sendKill()
	default:
		return c.register(c.replay())
	}
}

// denied passes on the backend's own ERR, which ends the session.
func (c *codec) denied(payload []byte) codecs.Step {
	c.forget()
	c.lastWord = true
	step := c.tellClient(payload)
	step.Action = codecs.Close
	return step
}

// switched notes the method the backend asks for, and asks the client for it.
func (c *codec) switched(payload []byte) codecs.Step {
	request, ok := parseAuthSwitch(payload)
	if !ok || !c.login.identity.capabilities.has(PluginAuth) {
		return fail(codecs.Unsupported, detailOld)
	}
	l := c.login
	l.method = methodOf(request.plugin)
	l.salt = append(l.salt[:0], request.salt...)
	l.stage = stageNone
	if l.method == methodSHA256 {
		l.stage = stagePassword
	}
	if c.late != nil {
		return c.prove()
	}
	return c.tellClient(payload)
}

// moreData takes an AuthMoreData.
func (c *codec) moreData(payload []byte) codecs.Step {
	if c.login.stage == stageKey {
		return c.seal(payload[1:])
	}
	if c.login.method == methodSHA2 && isMoreData(payload, sha2Full) {
		c.login.stage = stagePassword
		if c.late != nil {
			return c.sendPassword()
		}
	}
	return c.methodSaid(payload)
}

// methodSaid passes on what the method's server side has to say.
func (c *codec) methodSaid(payload []byte) codecs.Step {
	if c.late == nil {
		return c.tellClient(payload)
	}
	if c.login.method == methodSHA2 && isMoreData(payload, sha2Known) {
		return codecs.Step{}
	}
	return fail(codecs.Unsupported, detailMethod)
}

// tellClient is the step that sends the client a packet, behind what it has been
// told in this step already.
func (c *codec) tellClient(payload []byte) codecs.Step {
	c.toClient = c.client.appendPacket(c.toClient, payload)
	return codecs.Step{ToClient: c.toClient}
}

// tellBackend is the step that sends the backend a packet.
func (c *codec) tellBackend(payload []byte) codecs.Step {
	c.toBackend = c.backend.appendPacket(c.toBackend, payload)
	return codecs.Step{ToBackend: c.toBackend}
}
