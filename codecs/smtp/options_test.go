package smtp

import (
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		options Options
		want    string
	}{
		{Options{}, ""},
		{Options{Name: "mx.example", Capabilities: []string{"SIZE 1000", "CHUNKING", "x-own"}}, ""},
		{Options{RouteBy: RouteBySNI, TLS: TLSImplicit}, ""},
		{Options{Name: "two words"}, "no host name"},
		{Options{RouteBy: RouteBySNI}, "needs TLS"},
		{Options{MaxErrors: -1}, "negative"},
		{Options{MaxCommands: -1}, "negative"},
		{Options{Capabilities: []string{""}}, "no capability"},
		{Options{Capabilities: []string{"SIZE\r\n250 X"}}, "no capability"},
		{Options{Capabilities: []string{strings.Repeat("x", 501)}}, "no capability"},
		{Options{Capabilities: []string{"starttls"}}, "STARTTLS isn't one"},
		{Options{Capabilities: []string{"AUTH PLAIN"}}, "AUTH isn't one"},
	} {
		err := tt.options.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %v, want %q", tt.options, err, tt.want)
		}
	}
}

func TestInvalidOptionsPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Front takes options that aren't valid")
		}
	}()
	Front(Options{Name: " "})
}

func TestNames(t *testing.T) {
	var by RouteBy
	var mode TLSMode
	var header ClientHeader
	for _, tt := range []struct {
		set   interface{ UnmarshalText([]byte) error }
		get   func() string
		names []string
	}{
		{&by, func() string { return by.String() }, routeByNames},
		{&mode, func() string { return mode.String() }, tlsModeNames},
		{&header, func() string { return header.String() }, clientHeaderNames},
	} {
		for _, name := range tt.names {
			if err := tt.set.UnmarshalText([]byte(name)); err != nil || tt.get() != name {
				t.Errorf("%s: %s, %v", name, tt.get(), err)
			}
		}
		if err := tt.set.UnmarshalText([]byte("else")); err == nil || !strings.Contains(err.Error(), tt.names[0]) {
			t.Errorf("else: %v", err)
		}
	}
	if got := RouteBy(99).String(); got != "unknown" {
		t.Errorf("an unknown value is called %s", got)
	}
}

// TestStates wants a name for every state.
func TestStates(t *testing.T) {
	for _, last := range []string{
		phaseOver.String(), stageAuth.String(), modeChunk.String(), answerLast.String(),
		dotAmbiguous.String(), dialogueLogin.String(), verbForeign.String(),
	} {
		if last == "unknown" {
			t.Error("a state has no name")
		}
	}
}

func TestFront(t *testing.T) {
	capabilities := []string{"SIZE 1"}
	front := Front(Options{Capabilities: capabilities, TLS: TLSImplicit})
	if front.Protocol != codecs.SMTP || front.Negotiates || front.ClientFirst || front.MaxPending < maxAuthLine {
		t.Errorf("%+v", front)
	}
	if !Front(Options{}).Negotiates {
		t.Error("STARTTLS isn't negotiated")
	}
	capabilities[0] = "changed"
	if got := newSettings(Options{Capabilities: capabilities}); slices.Contains(DefaultCapabilities(), "changed") || got.Capabilities[0] != "changed" {
		t.Error("capabilities aren't copied")
	}
}

// TestAllocations wants a client routed by EHLO to cost its codec, and nothing
// more until the route.
func TestAllocations(t *testing.T) {
	front := Front(Options{})
	hello := []byte("EHLO tenant.example\r\n")
	if n := testing.AllocsPerRun(100, func() {
		c := front.New()
		c.Start()
		if step := c.Client(hello); step.Action != codecs.Route {
			t.Fatal(step)
		}
	}); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}
