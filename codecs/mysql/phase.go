package mysql

// phase is where a codec is in the life of its connection.
type phase uint8

const (
	// phaseStart: nothing was said. Entered at New; left by Start.
	phaseStart phase = iota
	// phaseResponse: the client has the greeting, and is to send an SSLRequest
	// or its response. Left for phaseUpgrade, phaseRouted, phaseProof,
	// phasePassword or phaseCommand.
	phaseResponse
	// phaseUpgrade: the client's leg is turning to TLS. Left for phaseResponse
	// by Secured.
	phaseUpgrade
	// phaseRouted: the resource is named, the backend is awaited. Left for
	// phaseGreeting by Open.
	phaseRouted
	// phaseGreeting: the backend's greeting is awaited. Left for
	// phaseBackendUpgrade, phaseAnswer or phaseLogin.
	phaseGreeting
	// phaseBackendUpgrade: the backend's leg is turning to TLS. Left by
	// BackendSecured for phaseAnswer or phaseLogin.
	phaseBackendUpgrade
	// phaseAnswer: a client that can't be told a method's name is to answer the
	// backend's nonce, before the backend has heard anything. Left for
	// phaseLogin.
	phaseAnswer
	// phaseLogin: the backend has a response; packets pass in both directions,
	// or the codec answers for a client bound late. Left by the backend's OK
	// for phaseReplay, phaseKill or the relay.
	phaseLogin
	// phaseProof: late binding; the client is to answer caching_sha2_password's
	// nonce. Left for phasePassword or phaseCommand.
	phaseProof
	// phasePassword: late binding; the client is to send its password. Left for
	// phaseCommand.
	phasePassword
	// phaseCommand: late binding; the client is logged in and may send commands.
	// Left for phaseRouted.
	phaseCommand
	// phaseReplay: late binding; the client's settings are repeated to the
	// backend one by one. Left for the relay.
	phaseReplay
	// phaseKill: late binding; the backend is to answer the client's KILL. Left
	// for the end.
	phaseKill
)

// String returns the phase's name.
func (p phase) String() string {
	switch p {
	case phaseStart:
		return "start"
	case phaseResponse:
		return "response"
	case phaseUpgrade:
		return "upgrade"
	case phaseRouted:
		return "routed"
	case phaseGreeting:
		return "greeting"
	case phaseBackendUpgrade:
		return "backend upgrade"
	case phaseAnswer:
		return "answer"
	case phaseLogin:
		return "login"
	case phaseProof:
		return "proof"
	case phasePassword:
		return "password"
	case phaseCommand:
		return "command"
	case phaseReplay:
		return "replay"
	case phaseKill:
		return "kill"
	default:
		return "unknown"
	}
}
