package smtptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// postfix is a Postfix of the tests' own, with folders and sockets of its own.
type postfix struct {
	dir  string
	auth *authServer
}

// The services of a Postfix: shop and bank are the same server under two names,
// proxy wants the PROXY protocol, and submit takes mail for anybody.
const postfixMaster = `
shop unix n - n - - smtpd -o myhostname=mx.shop.example
bank unix n - n - - smtpd -o myhostname=mx.bank.example
submit unix n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks,reject
smtp unix - - n - - smtp
scache unix - - n - 1 scache
proxy unix n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

const postfixMain = `
compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = %[1]s
maillog_file = %[1]s/log
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
myhostname = backend.example
mydestination =
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = shop.example bank.example
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = texthash:%[1]s/etc/boxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_mailbox_limit = 0
message_size_limit = 50000000
smtpd_tls_security_level = may
smtpd_tls_chain_files = %[1]s/etc/chain.pem
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %[1]s/auth
`

// boxes are the users, each at both domains.
var boxes = []string{
	"smtplib", "swaks", "nodemailer", "xclient", "tls", "auth", "many", "golden", "sender",
}

// stop ends the Postfix and removes all it had.
func (p *postfix) stop() error {
	p.auth.stop()
	out, err := p.command("stop").CombinedOutput()
	if err != nil {
		return fmt.Errorf("postfix: %w: %s", err, out)
	}
	return os.RemoveAll(p.dir)
}

// newPostfix starts a Postfix with more settings.
func newPostfix(more string) (*postfix, error) {
	// Socket paths are short, and other users must get there.
	dir, err := os.MkdirTemp("", "smtp")
	if err != nil {
		return nil, err
	}
	p := &postfix{dir: dir}
	if err := p.prepare(more); err != nil {
		return nil, err
	}
	if p.auth, err = startAuth(filepath.Join(dir, "auth")); err != nil {
		return nil, err
	}
	if out, err := p.command("start").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("postfix: %w: %s", err, out)
	}
	return p, nil
}

// startPostfix starts one for a test.
func startPostfix(t testing.TB, more string) *postfix {
	t.Helper()
	p, err := newPostfix(more)
	enginetest.Must(t, err)
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *postfix) command(verb string) *exec.Cmd {
	return exec.Command("postfix", "-c", filepath.Join(p.dir, "etc"), verb)
}

// makeFolders makes what Postfix works in, and a certificate that nobody has
// reason to trust. $1 is where.
const makeFolders = `
set -e
cd "$1"; chmod 755 .; mkdir etc queue data mail; chown postfix data; chown 65534 mail
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=backend.example -days 2 -keyout key.pem -out cert.pem 2>&1
cat key.pem cert.pem >etc/chain.pem
`

// prepare writes the configuration and makes the folders for their users.
func (p *postfix) prepare(more string) error {
	if out, err := exec.Command("sh", "-c", makeFolders, "sh", p.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	var users strings.Builder
	for _, box := range boxes {
		fmt.Fprintf(&users, "%s@shop.example shop-%[1]s/\n%[1]s@bank.example bank-%[1]s/\n", box)
	}
	for name, text := range map[string]string{
		"main.cf":   fmt.Sprintf(postfixMain, p.dir) + more,
		"master.cf": postfixMaster,
		"boxes":     users.String(),
	} {
		if err := os.WriteFile(filepath.Join(p.dir, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// socket is the path of a service's.
func (p *postfix) socket(service string) string {
	return filepath.Join(p.dir, "queue", "public", service)
}

// at is where a service can be reached by TCP.
func (p *postfix) at(t testing.TB, service string) string {
	t.Helper()
	return bridge(t, p.socket(service))
}

// mail waits for the messages of a box ("shop-smtplib") to be n, and empties
// it.
func (p *postfix) mail(t testing.TB, box string, n int) []string {
	t.Helper()
	folder := filepath.Join(p.dir, "mail", box, "new")
	var files []string
	arrived := func() bool {
		files, _ = filepath.Glob(filepath.Join(folder, "*")) // fails for a malformed pattern only
		return len(files) >= n
	}
	if !enginetest.Holds(arrived) || len(files) > n {
		t.Fatalf("%s has %d messages, want %d; Postfix says:\n%s", box, len(files), n, p.log())
	}
	var messages []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		enginetest.Must(t, err)
		messages = append(messages, string(text))
		enginetest.Must(t, os.Remove(file))
	}
	return messages
}

func (p *postfix) log() string {
	text, _ := os.ReadFile(filepath.Join(p.dir, "log")) // it only explains
	return string(text[max(0, len(text)-4000):])
}
