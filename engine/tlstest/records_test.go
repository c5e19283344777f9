package tlstest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// The types of records and messages (RFC 8446, 4 and 5.1).
const (
	recordHandshake   = 22
	recordApplication = 23
	messageKeyUpdate  = 24
)

// records makes a client's records of TLS 1.3 with TLS_AES_128_GCM_SHA256, those
// too that crypto/tls wouldn't send.
type records struct {
	t      testing.TB
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	number uint64
}

// secrets keeps what tls.Config.KeyLogWriter is told.
type secrets struct{ bytes.Buffer }

// find returns a secret by its label.
func (s *secrets) find(t testing.TB, label string) []byte {
	t.Helper()
	for line := range strings.Lines(s.String()) {
		if fields := strings.Fields(line); fields[0] == label {
			secret, err := hex.DecodeString(fields[2])
			enginetest.Must(t, err)
			return secret
		}
	}
	t.Fatalf("there is no %s", label)
	return nil
}

// handmade connects a client whose records are made by hand from now on. What
// comes back is for the tls.Conn to read.
func (p *proxy) handmade() (*tls.Conn, *records) {
	p.t.Helper()
	var known secrets
	c := p.client(func(c *tls.Config) { version(tls.VersionTLS13)(c); c.KeyLogWriter = &known })
	enginetest.Must(p.t, c.Handshake())
	if suite := c.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		p.t.Fatalf("%s has been agreed on: has this processor no AES?", tls.CipherSuiteName(suite))
	}
	r := &records{t: p.t}
	r.use(known.find(p.t, "CLIENT_TRAFFIC_SECRET_0"))
	return c, r
}

// use begins with another secret (RFC 8446, 7.3).
func (r *records) use(secret []byte) {
	r.t.Helper()
	block, err := aes.NewCipher(expand(r.t, secret, "key", 16))
	enginetest.Must(r.t, err)
	r.aead, err = cipher.NewGCM(block)
	enginetest.Must(r.t, err)
	r.secret, r.iv, r.number = secret, expand(r.t, secret, "iv", r.aead.NonceSize()), 0
}

// expand is HKDF-Expand-Label without a context (RFC 8446, 7.1).
func expand(t testing.TB, secret []byte, label string, size int) []byte {
	t.Helper()
	label = "tls13 " + label
	info := fmt.Sprintf("%c%c%c%s%c", 0, size, len(label), label, 0)
	out, err := hkdf.Expand(sha256.New, secret, info, size)
	enginetest.Must(t, err)
	return out
}

// record returns the next record (RFC 8446, 5.2).
func (r *records) record(kind byte, content []byte) []byte {
	nonce := bytes.Clone(r.iv)
	low := nonce[len(nonce)-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^r.number)
	r.number++
	header := binary.BigEndian.AppendUint16([]byte{recordApplication, 3, 3}, uint16(len(content)+1+r.aead.Overhead()))
	return append(header, r.aead.Seal(nil, nonce, append(bytes.Clone(content), kind), header)...)
}

// data returns a record with data.
func (r *records) data(text string) []byte { return r.record(recordApplication, []byte(text)) }

// keyUpdate returns one, which asks the peer for another, and changes the key.
func (r *records) keyUpdate() []byte {
	r.t.Helper()
	record := r.record(recordHandshake, []byte{messageKeyUpdate, 0, 0, 1, 1})
	r.use(expand(r.t, r.secret, "traffic upd", sha256.Size))
	return record
}
