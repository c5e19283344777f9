package logtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// What the conversations say that no log may have: every password and token is the
// secret, and every query, path, header and mail has the word.
const (
	secret = "hunter2-of-everybody"
	word   = "lavender"
)

// journal keeps what is logged, as text and as JSON.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// logger logs all there is.
func (j *journal) logger() *slog.Logger {
	all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	return slog.New(slog.NewMultiHandler(slog.NewTextHandler(j, all), slog.NewJSONHandler(j, all)))
}

// check fails if the journal has a secret, or nothing of the ends that it should have.
func (j *journal) check(t *testing.T, ends ...string) {
	t.Helper()
	text := j.String()
	for _, hidden := range []string{secret, word} {
		for _, form := range forms(hidden) {
			for line := range strings.Lines(text) {
				if strings.Contains(line, form) {
					t.Errorf("the log has %q: %s", form, line)
				}
			}
		}
	}
	for _, end := range ends {
		if !strings.Contains(text, end) {
			t.Errorf("the log has no %q:\n%s", end, text)
		}
	}
}

// forms are how a secret may be written down. In base64 that depends on what is before
// it.
func forms(hidden string) []string {
	all := []string{hidden, hex.EncodeToString([]byte(hidden)), strings.ToUpper(hidden)}
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + hidden))
		all = append(all, encoded[4:len(encoded)-4]) // but for what neighbours share
	}
	return all
}

// conversation is what one client says, with all the secrets it has.
type conversation struct {
	front codecs.Front
	// talk has a client talk; the backend is nil where the resolver finds none.
	talk func(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend)
	// ends are in the log behind it.
	ends []string
}

// served are those that reach a backend.
var served = map[string]conversation{
	"PostgreSQL":          {postgres.Front(postgres.Options{}), postgresSession, []string{"client_closed"}},
	"HTTP":                {engine.HTTPFront(), httpRequest, []string{"request ended", "status=200", "client_closed"}},
	"HTTP, broken off":    {engine.HTTPFront(), httpBroken, []string{"request ended", "backend_reset"}},
	"HTTP, bad backend":   {engine.HTTPFront(), httpNonsense, []string{"request refused", "backend_malformed"}},
	"SMTP":                {smtp.Front(smtp.Options{}), smtpSession, []string{"client_closed"}},
	"PostgreSQL, refused": {postgres.Front(postgres.Options{}), postgresRejected, []string{"session ended"}},
}

// unserved are those that don't.
var unserved = map[string]conversation{
	"PostgreSQL":            {postgres.Front(postgres.Options{}), postgresUnknown, []string{"not_found"}},
	"PostgreSQL, malformed": {postgres.Front(postgres.Options{}), says("PASSWORD " + secret + " " + word + "\r\n\r\n"), []string{"malformed"}},
	"MySQL":                 {mysql.Front(mysql.Options{}), mysqlUnknown, []string{"not_found"}},
	"MySQL, malformed":      {mysql.Front(mysql.Options{}), says(word + secret + secret + "\r\n\r\n"), []string{"session ended"}},
	"SMTP":                  {smtp.Front(smtp.Options{RouteBy: smtp.RouteByAUTH}), smtpUnknown, []string{"not_found"}},
	"HTTP":                  {engine.HTTPFront(), says(request), []string{"request refused", "not_found"}},
	"HTTP, userinfo":        {engine.HTTPFront(), says("GET http://alice:" + secret + "@shop.example/" + word + " HTTP/1.1\r\n\r\n"), []string{"session ended"}},
	"HTTP, own method":      {engine.HTTPFront(), says(word + strings.TrimPrefix(request, "GET")), []string{"request refused", "method=other"}},
	"HTTP, malformed":       {engine.HTTPFront(), says(strings.Replace(request, "Authorization:", "Authorization :", 1)), []string{"malformed"}},
	"HTTP, not HTTP":        {engine.HTTPFront(), says(secret + " " + word + "\r\n\r\n"), []string{"malformed"}},
}

// unknown knows no resource.
type unknown struct{}

func (unknown) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "nobody knows it")
}

func TestNoSecretsInTheLog(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for name, c := range served {
			t.Run("served/"+name, func(t *testing.T) {
				b := enginetest.Listen(t)
				c.check(t, impl, resolve.Fixed(b.Address()), b)
			})
		}
		for name, c := range unserved {
			t.Run("unserved/"+name, func(t *testing.T) { c.check(t, impl, unknown{}, nil) })
		}
	})
}

// check holds the conversation, and looks at the log.
func (c conversation) check(t *testing.T, impl engine.Impl, r resolve.Resolver, b *enginetest.Backend) {
	t.Helper()
	j := new(journal)
	p := startLogged(t, impl, j, c.front, r)
	c.talk(t, p, b)
	p.Stop()
	j.check(t, append(c.ends, "session ended")...)
}

// startLogged starts a proxy that logs all there is.
func startLogged(t *testing.T, impl engine.Impl, j *journal, front codecs.Front, r resolve.Resolver) *enginetest.Proxy {
	t.Helper()
	cfg := enginetest.Config(impl, front, r)
	cfg.Logger, cfg.SessionLog = j.logger(), engine.SessionLog{Mode: engine.LogAll}
	return enginetest.Start(t, cfg)
}

// says has a client say all at once, and wait for the proxy to close.
func says(all string) func(*testing.T, *enginetest.Proxy, *enginetest.Backend) {
	return func(t *testing.T, p *enginetest.Proxy, _ *enginetest.Backend) {
		client := p.Dial()
		client.Say(all)
		enginetest.Must(t, client.CloseWrite())
		_, _ = io.Copy(io.Discard, client.In)
		enginetest.CloseAll(t, client)
	}
}
