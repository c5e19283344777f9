package http

// settleHost finds what host the request is for. An authority in the target
// wins (RFC 9112 section 3.2.2), but one that disagrees with Host is an attack
// on whoever looks at the other.
func (r *Request) settleHost(hosts int) Reason {
	r.key.size = 0
	r.authority = r.target.authority
	if hosts > 1 || hosts == 0 && r.minor == 1 {
		return BadHost
	}
	if hosts == 0 && r.authority.empty() {
		return OK
	}
	port, ok := 0, true
	if hosts == 1 {
		port, ok = r.key.parseAuthority(r.host.of(r.head))
	}
	if !ok {
		return BadHost
	}
	if r.authority.empty() {
		r.authority = r.host
		return OK
	}
	return r.settleAuthority(hosts, port)
}

func (r *Request) settleAuthority(hosts, hostPort int) Reason {
	host := r.key
	port, ok := r.key.parseAuthority(r.authority.of(r.head))
	if !ok {
		return BadHost
	}
	same := string(host.bytes()) == string(r.key.bytes()) &&
		r.target.port(port) == r.target.port(hostPort)
	if hosts == 1 && !same {
		return BadHost
	}
	return OK
}

// port returns the port that is meant, the scheme's own for none.
func (t *target) port(port int) int {
	switch {
	case port >= 0:
		return port
	case t.tls:
		return 443
	}
	return 80
}
