//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// tlsFlags are the flags of every mode about TLS towards the target.
type tlsFlags struct {
	on              bool
	settings        secure.Settings
	min, max, curve string
}

func (t *tlsFlags) define(f *flag.FlagSet) {
	f.BoolVar(&t.on, "tls", false, "speak TLS to the target, whose certificate is verified")
	f.StringVar(&t.settings.CA, "tls-ca", "", "PEM `FILE` of the authorities to trust; the system's if empty")
	f.StringVar(&t.settings.ServerName, "tls-server-name", "", "`NAME` to ask the target for (SNI) and to find in its certificate; its address if empty")
	f.StringVar(&t.settings.Cert, "tls-cert", "", "PEM `FILE` of the client's certificate")
	f.StringVar(&t.settings.Key, "tls-key", "", "PEM `FILE` of its key")
	f.StringVar(&t.min, "tls-min", "1.2", "lowest `VERSION`, 1.2 or 1.3")
	f.StringVar(&t.max, "tls-max", "1.3", "highest `VERSION`, 1.2 or 1.3")
	f.StringVar(&t.curve, "tls-curve", "", "the only key exchange to offer, `NAME` X25519MLKEM768, X25519, P-256 or P-384; those of crypto/tls if empty")
	f.BoolVar(&t.settings.Resume, "tls-resume", false, "resume the sessions of earlier connections; else every handshake is a full one")
}

// parsed returns the settings, nil in the clear, and refuses flags that would
// mean nothing then.
func (t *tlsFlags) parsed(f *flag.FlagSet) (*secure.Settings, error) {
	if !t.on {
		return nil, withoutTLS(f)
	}
	var problems [3]error
	t.settings.Min, problems[0] = secure.ParseVersion(t.min)
	t.settings.Max, problems[1] = secure.ParseVersion(t.max)
	if t.curve != "" {
		t.settings.Curve, problems[2] = secure.ParseCurve(t.curve)
	}
	if err := errors.Join(problems[:]...); err != nil {
		return nil, err
	}
	// That the files can be read is seen before the run.
	_, err := t.settings.Client("")
	return &t.settings, errors.Join(t.settings.Check(), err)
}

// withoutTLS reports the flags about TLS that were given without --tls.
func withoutTLS(f *flag.FlagSet) error {
	var problems []error
	f.Visit(func(given *flag.Flag) {
		if strings.HasPrefix(given.Name, "tls-") {
			problems = append(problems, fmt.Errorf("--%s means nothing without --tls", given.Name))
		}
	})
	return errors.Join(problems...)
}
