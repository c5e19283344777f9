package mysql

import (
	"crypto/sha1"
	"crypto/sha256"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const (
	// nativeSize is the length of mysql_native_password's answer, in bytes.
	nativeSize = sha1.Size
	// sha2Size is the length of caching_sha2_password's.
	sha2Size = sha256.Size
)

const (
	detailMethod      = "this account's authentication method needs the database to be named when connecting"
	detailClearNotTLS = "this account's password would have to be sent to the backend in clear"
)

// prove answers the backend's nonce for a client bound late.
func (c *codec) prove() codecs.Step {
	password := c.late.password
	switch c.login.method {
	case methodNative:
		return c.tellBackend(nativeAnswer(password, c.login.salt))
	case methodSHA2:
		return c.tellBackend(sha2Answer(password, c.login.salt))
	case methodSHA256, methodClear:
		return c.sendPassword()
	default:
		return fail(codecs.Unsupported, detailMethod)
	}
}

// sendPassword sends the backend the password of a client bound late: in clear
// inside TLS only, however the client has sent it.
func (c *codec) sendPassword() codecs.Step {
	password := append(append([]byte(nil), c.late.password...), 0)
	defer wiped(password)
	switch {
	case c.backendSecured || len(password) == 1:
		return c.tellBackend(password)
	case c.login.method == methodClear:
		return fail(codecs.Forbidden, detailClearNotTLS)
	}
	return c.requestKey(password)
}

// nativeAnswer returns SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password))),
// nothing for no password. (MySQL: scramble in sql/auth/password.cc.)
func nativeAnswer(password, salt []byte) []byte {
	if len(password) == 0 {
		return nil
	}
	once := sha1.Sum(password)
	twice := sha1.Sum(once[:])
	mask := sha1.Sum(append(append([]byte(nil), salt...), twice[:]...))
	return xor(once[:], mask[:])
}

// sha2Answer returns SHA256(password) XOR SHA256(SHA256(SHA256(password)),
// nonce), a NUL for no password. (MySQL: sql/auth/sha2_password_common.cc.)
func sha2Answer(password, salt []byte) []byte {
	if len(password) == 0 {
		return []byte{0}
	}
	once := sha256.Sum256(password)
	twice := sha256.Sum256(once[:])
	mask := sha256.Sum256(append(twice[:], salt...))
	return xor(once[:], mask[:])
}

// xor returns a XOR b, of the same length, in a's memory.
func xor(a, b []byte) []byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}
