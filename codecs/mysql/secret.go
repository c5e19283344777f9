package mysql

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// stage is where a login is that needs the password itself. Inside TLS it is
// sent in clear; elsewhere it is encrypted to the server's RSA key, after being
// combined with the nonce. Where only one leg is TLS, one form becomes the
// other here.
type stage uint8

const (
	// stageNone: the password isn't asked for. The first stage, and that after
	// every change of the method.
	stageNone stage = iota
	// stagePassword: the backend has asked for it.
	stagePassword
	// stageKey: the backend has been asked for its key, secret waits for it.
	stageKey
)

const (
	detailNoKey      = "this account needs TLS to the proxy, which has no key to encrypt its password with"
	detailBackendKey = "the backend sent no usable RSA key"
	detailDenied     = "Access denied: the password cannot be decrypted"
)

// translate takes the client's password, or its request for a key, where only
// one of the legs is TLS. No password is sent as such in both forms.
func (c *codec) translate(payload []byte) codecs.Step {
	switch {
	case isNone(payload):
		return c.tellBackend(payload)
	case c.secured:
		return c.requestKey(payload)
	case c.settings.publicKey == nil:
		return fail(codecs.Unsupported, detailNoKey)
	case isKeyRequest(payload, c.login.method):
		return c.tellClient(c.settings.publicKey)
	}
	return c.open(payload, c.login.salt, c.opened)
}

// isNone says that a client answers that it has no password, in one of two
// ways.
func isNone(payload []byte) bool {
	return len(payload) == 0 || len(payload) == 1 && payload[0] == 0
}

func isKeyRequest(payload []byte, m method) bool {
	return len(payload) == 1 && payload[0] == m.keyRequest()
}

// requestKey asks the backend for its key, for a password in clear. It can't
// be known whose key comes: that of a backend's leg without TLS is trusted as
// its every other byte is.
func (c *codec) requestKey(password []byte) codecs.Step {
	c.login.secret = append(wiped(c.login.secret), password...)
	c.login.stage = stageKey
	return c.tellBackend([]byte{c.login.method.keyRequest()})
}

// seal encrypts the secret to the backend's key.
func (c *codec) seal(key []byte) codecs.Step {
	l := c.login
	l.stage = stageNone
	key = bytes.Clone(key)
	var sealed []byte
	var err error
	work := func() {
		sealed, err = seal(c.settings.Random, key, l.secret, l.salt)
		l.secret = wiped(l.secret)
	}
	c.resume = func() codecs.Step {
		if err != nil {
			return codecs.FailBackend(codecs.BackendForeign, detailBackendKey)
		}
		return c.tellBackend(sealed)
	}
	return codecs.Step{Action: codecs.Compute, Work: work}
}

// open decrypts a password that was encrypted to our key, and goes on with it,
// its NUL included. The password is wiped when then returns.
//
// A client may send it in clear: MariaDB's takes a connection over loopback for
// safe without TLS. What it has told the wire already isn't refused here.
func (c *codec) open(sealed, salt []byte, then func(password []byte) codecs.Step) codecs.Step {
	switch {
	case len(sealed) == c.settings.Key.Size():
	case bytes.HasSuffix(sealed, []byte{0}):
		return then(sealed)
	default:
		return fail(codecs.Forbidden, detailDenied)
	}
	sealed, salt = bytes.Clone(sealed), bytes.Clone(salt)
	var err error
	work := func() { c.unsealed, err = open(c.settings.Random, c.settings.Key, sealed, salt) }
	c.resume = func() codecs.Step {
		defer wiped(c.unsealed)
		if err != nil {
			return fail(codecs.Forbidden, detailDenied)
		}
		return then(c.unsealed)
	}
	return codecs.Step{Action: codecs.Compute, Work: work}
}

// opened sends the backend the password of a client without TLS.
func (c *codec) opened(password []byte) codecs.Step { return c.tellBackend(password) }

// maxKeyBits is the size of the largest RSA key of a backend's that is used:
// clients take no larger one (OPENSSL_RSA_MAX_MODULUS_BITS), and a packet has
// room for one that would keep a core busy for minutes.
const maxKeyBits = 16384

var (
	errKey  = errors.New("no usable RSA key in PEM")
	errSalt = errors.New("no nonce")
)

// seal combines the secret with the nonce and encrypts it. (MySQL:
// sha256_password's client, RSA_public_encrypt with PKCS1_OAEP.)
func seal(random io.Reader, key, secret, salt []byte) ([]byte, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errKey
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok || public.N.BitLen() > maxKeyBits {
		return nil, errKey
	}
	combined, err := combine(secret, salt)
	if err != nil {
		return nil, err
	}
	defer wiped(combined)
	return rsa.EncryptOAEP(sha1.New(), random, public, combined, nil)
}

// open is the reverse.
func open(random io.Reader, key *rsa.PrivateKey, sealed, salt []byte) ([]byte, error) {
	combined, err := rsa.DecryptOAEP(sha1.New(), random, key, sealed, nil)
	if err != nil {
		return nil, err
	}
	defer wiped(combined)
	return combine(combined, salt)
}

// combine returns a XOR of the secret with the nonce, over and over.
func combine(secret, salt []byte) ([]byte, error) {
	if len(salt) == 0 {
		return nil, errSalt
	}
	combined := make([]byte, len(secret))
	for i := range secret {
		combined[i] = secret[i] ^ salt[i%len(salt)]
	}
	return combined, nil
}
