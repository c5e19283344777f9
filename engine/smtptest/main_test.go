// Package smtptest tests SMTP through the engine for real: Postfix, smtp-sink
// and a server that keeps every byte behind it, and the clients people send mail
// with in front of it. Each test runs for both implementations. What must be
// installed, scripts/deps.sh installs. Postfix wants to be started as root.
//
// By hand, in other sizes:
//
//	go test ./engine/smtptest -run Source -v -args -messages 50000
//
// The transcripts that package codecs/smtp replays are recorded here:
//
//	go test ./engine/smtptest -run Golden -args -update
package smtptest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// messages may be had in larger numbers by hand.
var messages = flag.Int("messages", 2000, "messages that smtp-source sends")

// mailServer is the Postfix that tests share.
var mailServer *postfix

func TestMain(m *testing.M) {
	if path := os.Getenv(authSocketVariable); path != "" {
		exitOn(serveAuth(path))
		return
	}
	flag.Parse()
	exitOn(checkInstalled())
	var err error
	mailServer, err = newPostfix("")
	exitOn(err)
	code := m.Run()
	exitOn(mailServer.stop())
	os.Exit(code)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "smtptest:", err)
		os.Exit(1)
	}
}

// checkInstalled tells in one sentence what would else fail in many ways.
func checkInstalled() error {
	for _, program := range []string{"postfix", "smtp-sink", "smtp-source", "swaks", "openssl", python} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: scripts/deps.sh test installs what is missing", err)
		}
	}
	probe := exec.Command("node", "-e", "require('nodemailer')")
	probe.Dir = filepath.Join("testdata", "node")
	if out, err := probe.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: scripts/deps.sh test installs what is missing: %s", err, out)
	}
	return nil
}
