package engine

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// TestFailureCause: a codec's words are the log's cause; without any there is none.
func TestFailureCause(t *testing.T) {
	if err := failureCause(codecs.Failure{Kind: codecs.Unavailable, Detail: "no TLS"}); err == nil || err.Error() != "no TLS" {
		t.Errorf("cause %v", err)
	}
	if err := failureCause(codecs.Failure{Kind: codecs.Malformed}); err != nil {
		t.Errorf("cause %v", err)
	}
}

// TestFailureReason: what a codec finds wrong with a backend is counted as that.
func TestFailureReason(t *testing.T) {
	for fault, want := range map[codecs.BackendFault]Reason{
		codecs.BackendFine: Unavailable, codecs.BackendForeign: BackendMalformed, codecs.BackendInsecure: BackendHandshakeFailed,
	} {
		if got := failureReason(codecs.FailBackend(fault, "").Failure); got != want {
			t.Errorf("%d: %v, want %v", fault, got, want)
		}
	}
}
