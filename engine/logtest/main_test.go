// Package logtest tests that an engine's log has no secrets: real conversations
// in every protocol, with all that can be logged.
package logtest

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
