package mysql

import (
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func TestFront(t *testing.T) {
	f := Front(Options{})
	if f.Protocol != codecs.MySQL || f.ClientFirst || !f.Negotiates || f.MaxPending != headerSize+maxPayload {
		t.Errorf("%+v", f)
	}
}

func TestValidate(t *testing.T) {
	if err := (Options{TLS: TLSRequired, Plugin: nameSHA2, Key: testKey()}).Validate(); err != nil {
		t.Error(err)
	}
	small := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1 << 40), E: 65537}}
	err := Options{ServerVersion: "8\x00", Plugin: "none", TLS: 9, Key: small}.Validate()
	if err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Errorf("%v", err)
	}
}

// What a login needs is offered whatever is asked for, and what is ours to
// decide isn't.
func TestOfferedCapabilities(t *testing.T) {
	got := Options{Capabilities: LocalFiles | SSL | RememberOptions}.settings().Capabilities
	if got != LocalFiles|indispensable {
		t.Errorf("%b", got)
	}
	if DefaultCapabilities&(SSL|Compress|Zstd|QueryAttributes|OptionalMetadata) != 0 || !DefaultCapabilities.has(indispensable) {
		t.Errorf("%b", DefaultCapabilities)
	}
	if ConnectAttrs != 1<<20 || DeprecateEOF != 1<<24 || Zstd != 1<<26 || RememberOptions != 1<<31 {
		t.Error("the flags aren't the protocol's")
	}
}

func TestConnectionIDsAreDrawn(t *testing.T) {
	first, second := Front(Options{}).New().(*codec), Front(Options{}).New().(*codec)
	first.Start()
	second.Start()
	if first.id == second.id && first.salt == second.salt {
		t.Error("two clients were greeted alike")
	}
}

func TestNames(t *testing.T) {
	for p := phaseStart; p <= phaseKill; p++ {
		if p.String() == "unknown" {
			t.Errorf("phase %d has no name", p)
		}
	}
	if (phaseKill+1).String() != "unknown" || TLSMode(9).String() != "unknown" || methodOther.String() != "other" {
		t.Error("what isn't there has a name")
	}
	for _, m := range []method{methodNative, methodSHA2, methodSHA256, methodClear} {
		if methodOf([]byte(m.String())) != m {
			t.Errorf("%s is another", m)
		}
	}
	if got := TLSOff.String() + TLSOffered.String() + TLSRequired.String(); got != "offofferedrequired" {
		t.Error(got)
	}
}

func TestLengths(t *testing.T) {
	for _, n := range []int{0, 1, 250, 251, 252, 1<<16 - 1, 1 << 16, 1<<24 - 1} {
		r := reader{rest: appendLength(nil, n)}
		if got := r.length(); got != uint64(n) || r.bad || len(r.rest) != 0 {
			t.Errorf("%d becomes %d", n, got)
		}
	}
	r := reader{rest: []byte("\xfe\x01\x00\x00\x00\x02\x00\x00\x00")}
	if got := r.length(); got != 2<<32|1 || r.bad {
		t.Errorf("%x", got)
	}
}
