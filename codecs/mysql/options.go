package mysql

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs/naming"
)

// Options configure the front end of one listener. The zero value is useful:
// it routes by the database of the handshake and by the connection attribute,
// without TLS and without late binding.
type Options struct {
	// ServerVersion is the version clients are greeted with, which drivers
	// parse. "" is DefaultServerVersion.
	ServerVersion string
	// Plugin is the authentication method of the greeting. It never counts: the
	// client is asked anew for the one its backend wants. "" is
	// mysql_native_password, which also those drivers accept in a greeting that
	// don't know caching_sha2_password.
	Plugin string
	// Capabilities are offered to clients, 0 for DefaultCapabilities. What is
	// offered every backend must be capable of, as far as it changes packets.
	// SSL is set by TLS, and what a login needs is always set.
	Capabilities Capabilities
	// TLS says whether clients may or must turn to TLS.
	TLS TLSMode
	// UserSeparator splits a user into the user of the backend and the
	// resource, at its last occurrence: with "@" alice@shop is alice of shop.
	// "" leaves users whole.
	UserSeparator string
	// Attribute is the connection attribute that names the resource. "" is
	// DefaultAttribute.
	Attribute string
	// RouteBySNI has the server name of the client's TLS name the resource.
	RouteBySNI bool
	// ResourcePattern cuts the resource id out of the name found, whatever
	// named it; nil takes the whole name. A name it doesn't match is an unknown
	// resource.
	ResourcePattern *naming.Pattern
	// LateBinding logs clients in that name no resource and waits until they
	// select a database.
	LateBinding bool
	// Key is for passwords encrypted to the proxy: late binding without TLS, and
	// caching_sha2_password and sha256_password where only the backend's leg is
	// TLS. Without it such clients are refused. Read only.
	Key *rsa.PrivateKey
	// NextID returns the connection id of a new client, which should be unique
	// among those connected. nil draws one at random. Safe for concurrent use.
	NextID func() uint32
	// Random is where nonces come from; nil is crypto/rand's. Safe for
	// concurrent use.
	Random io.Reader
}

const (
	// DefaultServerVersion is a version whose features are all relayed.
	DefaultServerVersion = "8.0.40-proxy-engine"
	// DefaultAttribute is the connection attribute that names the resource.
	DefaultAttribute = "proxy_resource"
)

// TLSMode says whether clients may turn to TLS.
type TLSMode uint8

// The modes of the client's leg.
const (
	// TLSOff: it isn't offered.
	TLSOff TLSMode = iota
	// TLSOffered: clients that want it get it.
	TLSOffered
	// TLSRequired: clients that don't are refused.
	TLSRequired
)

// String returns the mode's name.
func (m TLSMode) String() string {
	switch m {
	case TLSOff:
		return "off"
	case TLSOffered:
		return "offered"
	case TLSRequired:
		return "required"
	default:
		return "unknown"
	}
}

// minKeyBits is the size of the smallest RSA key whose use is defensible.
const minKeyBits = 2048

// Validate returns what is wrong with the options, all of it, or nil.
func (o Options) Validate() error {
	var wrong []error
	if strings.IndexByte(o.ServerVersion, 0) >= 0 {
		wrong = append(wrong, errors.New("the server version has a NUL"))
	}
	if o.Plugin != "" && methodOf([]byte(o.Plugin)) == methodOther {
		wrong = append(wrong, fmt.Errorf("unknown authentication plugin %q", o.Plugin))
	}
	if o.TLS > TLSRequired {
		wrong = append(wrong, fmt.Errorf("unknown TLS mode %d", o.TLS))
	}
	if o.Key != nil && o.Key.N.BitLen() < minKeyBits {
		wrong = append(wrong, fmt.Errorf("an RSA key of %d bits, want at least %d", o.Key.N.BitLen(), minKeyBits))
	}
	return errors.Join(wrong...)
}

// settings are options with every default filled in. Read only, shared by the
// codecs of a listener.
type settings struct {
	Options
	// publicKey is Key's public half in PEM, as an AuthMoreData.
	publicKey []byte
}

func (o Options) settings() *settings {
	o.ServerVersion = or(o.ServerVersion, DefaultServerVersion)
	o.Plugin = or(o.Plugin, nameNative)
	o.Attribute = or(o.Attribute, DefaultAttribute)
	if o.Capabilities == 0 {
		o.Capabilities = DefaultCapabilities
	}
	o.Capabilities = o.Capabilities&^(SSL|Progress|SSLVerifyServerCert|RememberOptions) | indispensable
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return &settings{Options: o, publicKey: publicKeyOf(o.Key)}
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// publicKeyOf returns the AuthMoreData that answers a request for the key.
func publicKeyOf(key *rsa.PrivateKey) []byte {
	if key == nil {
		return nil
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil // a key that isn't one serves nobody, as none
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return append([]byte{typeMoreData}, block...)
}
