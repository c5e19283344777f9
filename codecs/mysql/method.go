package mysql

// method is an authentication method as far as it matters here.
type method uint8

const (
	// methodOther is relayed between a client and its backend, whatever it is:
	// client_ed25519, parsec, dialog, LDAP's and Kerberos'.
	methodOther method = iota
	// methodNative is mysql_native_password.
	methodNative
	// methodSHA2 is caching_sha2_password.
	methodSHA2
	// methodSHA256 is sha256_password.
	methodSHA256
	// methodClear is mysql_clear_password.
	methodClear
)

const (
	nameNative = "mysql_native_password"
	nameSHA2   = "caching_sha2_password"
	nameSHA256 = "sha256_password"
	nameClear  = "mysql_clear_password"
	// nameNone is no method's name. A backend that is told it asks for the
	// method its user has, with a nonce: so the client is asked once, for the
	// right one, as some clients take only one such request.
	nameNone = "proxy_engine_none"
)

// methodOf returns the method of that name.
func methodOf(name []byte) method {
	switch string(name) {
	case nameNative:
		return methodNative
	case nameSHA2:
		return methodSHA2
	case nameSHA256:
		return methodSHA256
	case nameClear:
		return methodClear
	default:
		return methodOther
	}
}

// String returns the method's name.
func (m method) String() string {
	switch m {
	case methodNative:
		return nameNative
	case methodSHA2:
		return nameSHA2
	case methodSHA256:
		return nameSHA256
	case methodClear:
		return nameClear
	default:
		return "other"
	}
}

// keyRequest returns the byte by which the method's client asks for the
// server's RSA key; only methods that send passwords have one.
func (m method) keyRequest() byte {
	if m == methodSHA256 {
		return sha256KeyRequest
	}
	return sha2KeyRequest
}
