package clienthello

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func TestEveryKindHasItsAlert(t *testing.T) {
	want := map[codecs.Kind]Alert{
		codecs.Internal:    InternalError,
		codecs.NotFound:    UnrecognizedName,
		codecs.Forbidden:   AccessDenied,
		codecs.Unavailable: HandshakeFailure,
		codecs.Timeout:     HandshakeFailure,
		codecs.TooMany:     HandshakeFailure,
		codecs.Malformed:   DecodeError,
		codecs.Unsupported: HandshakeFailure,
	}
	if len(want) != len(codecs.Kinds()) {
		t.Fatalf("the table has %d kinds, there are %d", len(want), len(codecs.Kinds()))
	}
	for _, k := range codecs.Kinds() {
		if got := AlertFor(codecs.Failure{Kind: k, Resource: "x"}); got != want[k] {
			t.Errorf("%v: %v, want %v", k, got, want[k])
		}
	}
	if got := AlertFor(codecs.Failure{Kind: codecs.NotFound}); got != MissingExtension {
		t.Errorf("no name: %v", got)
	}
}

// A client hears the alert it was sent, behind whatever was in dst.
func TestAlertsAreUnderstood(t *testing.T) {
	for alert, name := range map[Alert]string{
		HandshakeFailure: "handshake_failure",
		AccessDenied:     "access_denied",
		DecodeError:      "decode_error",
		InternalError:    "internal_error",
		MissingExtension: "missing_extension",
		UnrecognizedName: "unrecognized_name",
		1:                "alert(1)",
	} {
		if alert.String() != name {
			t.Errorf("%d is called %q, want %q", alert, alert, name)
		}
		said, ok := bytes.CutPrefix(alert.Append([]byte("before")), []byte("before"))
		err := tls.Client(heard{said: bytes.NewReader(said)}, &tls.Config{ServerName: "x"}).Handshake()
		var remote *net.OpError
		if !ok || !errors.As(err, &remote) || remote.Op != "remote error" || remote.Err.Error() != tls.AlertError(alert).Error() {
			t.Errorf("%v: a client hears %v", alert, err)
		}
	}
}
