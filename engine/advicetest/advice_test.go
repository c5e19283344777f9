// Package advicetest has clients of every protocol refused by a web service, with
// the words and the pause that it chose, through the engine.
package advicetest

import (
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/webhook"
)

const paused = "This project is paused."

// startup is PostgreSQL's first message, of the user app.
const startup = "\x00\x00\x00\x12\x00\x03\x00\x00user\x00app\x00\x00"

const request = "GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n"

// login is MySQL's, for the database app.
func login() string {
	const protocol41, withDB, secure, plugin = 0x200, 0x8, 0x8000, 0x80000
	payload := binary.LittleEndian.AppendUint32(nil, protocol41|withDB|secure|plugin)
	payload = append(binary.LittleEndian.AppendUint32(payload, 1<<24), 45)
	payload = append(payload, make([]byte, 23)...)
	payload = append(payload, "app\x00\x00app\x00mysql_native_password\x00"...)
	return string(append([]byte{byte(len(payload)), 0, 0, 1}, payload...))
}

// find is MongoDB's command {find: "x", $db: "app"} as an OP_MSG.
func find() string {
	fields := "\x02find\x00\x02\x00\x00\x00x\x00\x02$db\x00\x04\x00\x00\x00app\x00"
	document := string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(fields)+1))) + fields + "\x00"
	body := "\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" + "\x00\x00\x00\x00" + "\x00" + document
	return string(binary.LittleEndian.AppendUint32(nil, uint32(4+len(body)))) + body
}

// service says no to everything.
func service(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"message_key": "suspended", "retry_after": 29.5}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func options() webhook.Options {
	return webhook.Options{Messages: map[string]string{"suspended": paused}}
}

func TestRefusedByService(t *testing.T) {
	for name, tt := range map[string]struct {
		front codecs.Front
		said  string
		told  []string
	}{
		"postgresql": {postgres.Front(postgres.Options{}), startup, []string{"C28000\x00", "D" + paused + "\x00"}},
		"mysql":      {mysql.Front(mysql.Options{}), login(), []string{": " + paused}},
		"mongodb":    {mongodb.Front(mongodb.Options{}), find(), []string{": " + paused}},
		"smtp":       {smtp.Front(smtp.Options{RouteBy: smtp.RouteByEHLO}), "EHLO app.example\r\n", []string{"550 5.7.1 ", ": " + paused + "\r\n"}},
		"http":       {engine.HTTPFront(), request, []string{"HTTP/1.1 403 ", "\r\nRetry-After: 30\r\n", "(" + paused + ")"}},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				r, err := webhook.New(service(t).URL, options())
				enginetest.Must(t, err)
				defer r.Close()
				client := enginetest.Start(t, enginetest.Config(impl, tt.front, r)).Dial()
				client.Say(tt.said)
				heard := client.HearTo(paused)
				if name != "mongodb" {
					heard += client.HearEnd()
				}
				for _, want := range tt.told {
					if !strings.Contains(heard, want) {
						t.Errorf("heard %q, want %q", heard, want)
					}
				}
			})
		})
	}
}

// TestWakeRefused: what a wake hook answers is told those who wait.
func TestWakeRefused(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		w, err := webhook.NewWaker(options())
		enginetest.Must(t, err)
		defer w.Close()
		r := resolve.WithWake(resolve.Fixed(enginetest.ClosedPort(t)), service(t).URL, w.Wake)
		client := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), r)).Dial()
		client.Say(request)
		client.HearTo("HTTP/1.1 403 ")
		client.HearTo("\r\nRetry-After: 30\r\n")
		client.HearTo(paused)
		client.HearEnd()
	})
}
