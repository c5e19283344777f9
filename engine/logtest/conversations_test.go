package logtest

import (
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"testing"

	sqlmysql "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// message is one of PostgreSQL's, with its length.
func message(kind, body string) string {
	return kind + string(binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))) + body
}

// startup is the first message of a client's, which has a secret nobody asked for.
var startup = message("", "\x00\x03\x00\x00user\x00alice\x00database\x00shop\x00options\x00-c my."+word+"="+secret+"\x00\x00")

// login logs a client in with a password, up to the word of the server's.
func login(p *enginetest.Proxy, b *enginetest.Backend) (client, link *enginetest.Conn) {
	client = p.Dial()
	client.Say(startup)
	link = b.Accept()
	link.Hear(startup)
	question := message("R", "\x00\x00\x00\x03") // for the password, in the clear
	link.Say(question)
	client.Hear(question)
	client.Say(message("p", secret+"\x00"))
	link.Hear(message("p", secret+"\x00"))
	return client, link
}

func postgresSession(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client, link := login(p, b)
	welcome := message("R", "\x00\x00\x00\x00") + message("S", "x."+word+"\x00"+secret+"\x00") + message("Z", "I")
	link.Say(welcome)
	client.Hear(welcome)
	query := message("Q", "SELECT '"+word+"', '"+secret+"'\x00")
	client.Say(query)
	link.Hear(query)
	answer := message("E", "SERROR\x00C42000\x00Mno "+word+"\x00\x00") + message("Z", "I")
	link.Say(answer)
	client.Hear(answer)
	enginetest.Must(t, client.CloseWrite())
	link.HearEnd()
	enginetest.CloseAll(t, link)
	client.HearEnd()
	enginetest.CloseAll(t, client)
}

func postgresRejected(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client, link := login(p, b)
	link.Say(message("E", "SFATAL\x00C28P01\x00Mnot "+secret+"\x00\x00"))
	enginetest.CloseAll(t, link)
	client.HearGone()
	enginetest.CloseAll(t, client)
}

func postgresUnknown(t *testing.T, p *enginetest.Proxy, _ *enginetest.Backend) {
	client := p.Dial()
	client.Say(startup)
	client.HearGone()
	enginetest.CloseAll(t, client)
}

// request has a secret wherever there is room for one.
const request = "GET /" + word + "?token=" + secret + " HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer " + secret +
	"\r\nCookie: " + word + "=" + secret + "\r\nReferer: http://other/?token=" + secret + "\r\nConnection: close\r\n\r\n"

// exchange has a request come to the backend.
func exchange(p *enginetest.Proxy, b *enginetest.Backend) (client, link *enginetest.Conn) {
	client = p.Dial()
	client.Say(request)
	link = b.Accept()
	link.HearTo("\r\n\r\n")
	return client, link
}

func httpRequest(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client, link := exchange(p, b)
	link.Say("HTTP/1.1 200 " + word + "\r\nSet-Cookie: a=" + secret + "\r\nContent-Length: 8\r\n\r\n" + word)
	client.HearEnd()
	enginetest.CloseAll(t, client, link)
}

func httpBroken(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client, link := exchange(p, b)
	link.Say("HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n" + word)
	client.HearTo(word)
	link.Reset()
	client.HearReset()
	enginetest.CloseAll(t, client)
}

func httpNonsense(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client, link := exchange(p, b)
	link.Say(secret + " " + word + "\r\n\r\n")
	client.HearEnd()
	enginetest.CloseAll(t, client, link)
}

// plain is the proof of AUTH PLAIN.
func plain(user string) string {
	return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+secret)) + "\r\n"
}

func smtpSession(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	client := p.Dial()
	client.HearTo("\r\n")
	client.Say("EHLO shop.example\r\n")
	link := b.Accept()
	link.Say("220 backend ESMTP\r\n")
	link.HearTo("\r\n")
	link.Say("250-backend\r\n250 AUTH PLAIN\r\n")
	client.HearTo("250 AUTH PLAIN\r\n")
	client.Say(plain("alice@shop.example"))
	link.Hear(plain("alice@shop.example"))
	link.Say("235 welcome " + secret + "\r\n")
	client.HearTo("\r\n")
	mail := "MAIL FROM:<alice@shop.example>\r\nSubject: " + word + "\r\n"
	client.Say(mail)
	link.Hear(mail)
	enginetest.Must(t, client.CloseWrite())
	link.HearEnd()
	enginetest.CloseAll(t, link)
	client.HearEnd()
	enginetest.CloseAll(t, client)
}

func smtpUnknown(t *testing.T, p *enginetest.Proxy, _ *enginetest.Backend) {
	client := p.Dial()
	client.HearTo("\r\n")
	client.Say("EHLO me.example\r\n")
	client.HearTo("250 ")
	client.HearTo("\r\n")
	client.Say(plain("alice@shop.example"))
	client.HearTo("\r\n")
	enginetest.Must(t, client.CloseWrite())
	client.HearGone()
	enginetest.CloseAll(t, client)
}

// mysqlUnknown logs in with a driver, which knows two ways to say its password.
func mysqlUnknown(t *testing.T, p *enginetest.Proxy, _ *enginetest.Backend) {
	for _, clear := range []bool{false, true} {
		cfg := sqlmysql.NewConfig()
		cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = "alice", secret, "tcp", p.Address(), "shop"
		cfg.AllowCleartextPasswords = clear
		connector, err := sqlmysql.NewConnector(cfg)
		enginetest.Must(t, err)
		db := sql.OpenDB(connector)
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("MySQL has let somebody in")
		}
		enginetest.CloseAll(t, db)
	}
}
