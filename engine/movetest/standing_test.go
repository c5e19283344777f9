package movetest

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// opMsg is a message of MongoDB's: a document of a number and of a database's name.
func opMsg(id, answers uint32, command, database string) string {
	doc := "\x10" + command + "\x00\x01\x00\x00\x00" +
		"\x02$db\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(database)+1))) + database + "\x00\x00"
	doc = string(binary.LittleEndian.AppendUint32(nil, uint32(len(doc)+4))) + doc
	head := binary.LittleEndian.AppendUint32(nil, uint32(16+5+len(doc)))
	for _, x := range []uint32{id, answers, 2013} {
		head = binary.LittleEndian.AppendUint32(head, x)
	}
	return string(head) + "\x00\x00\x00\x00\x00" + doc
}

// A session whose codec stays leaves likewise: what was asked is answered.
func TestStandingLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home := enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, mongodb.Front(mongodb.Options{}), m))
		client := proxy.Dial()
		ask := func(link *enginetest.Conn, id uint32) *enginetest.Conn {
			client.Say(opMsg(id, 0, "count", "shop"))
			if link == nil {
				link = home.Accept()
			}
			link.Hear(opMsg(id, 0, "count", "shop"))
			return link
		}
		link := ask(nil, 1)
		link.Say(opMsg(7, 1, "ok", "shop"))
		client.Hear(opMsg(7, 1, "ok", "shop"))
		ask(link, 2)
		m.move("127.0.0.1:1")
		link.HearEnd()
		link.Say(opMsg(8, 2, "ok", "shop"))
		enginetest.CloseAll(t, link)
		client.Hear(opMsg(8, 2, "ok", "shop"))
		client.HearEnd()
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.Moved, 1)
	})
}

// And one whose codec lets nothing past it.
func TestGuardedLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home := enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, smtp.Front(smtp.Options{RouteBy: smtp.RouteByRCPT}), m))
		client := proxy.Dial()
		client.HearTo("\r\n")
		client.Say("EHLO a.example\r\n")
		client.HearTo("250 ")
		client.HearTo("\r\n")
		client.Say("MAIL FROM:<a@a.example>\r\n")
		client.HearTo("\r\n")
		client.Say("RCPT TO:<b@shop.example>\r\n")
		link := home.Accept()
		link.Say("220 home\r\n")
		for range 3 {
			link.HearTo("\r\n")
			link.Say("250 home\r\n")
		}
		client.HearTo("250 home\r\n")
		client.Say("DATA\r\n")
		link.Hear("DATA\r\n")
		m.move("127.0.0.1:1")
		link.HearEnd()
		link.Say("354 go on\r\n")
		enginetest.CloseAll(t, link)
		client.Hear("354 go on\r\n")
		client.HearEnd()
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.Moved, 1)
	})
}

// A connection with several backends moves by its next request; what its old
// backend has been asked it answers.
func TestBranchMoves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home, other := enginetest.Listen(t), enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, mongodb.Front(mongodb.Options{Multiplex: true}), m))
		client := proxy.Dial()
		client.Say(opMsg(1, 0, "count", "shop"))
		link := home.Accept()
		link.Hear(opMsg(1, 0, "count", "shop"))
		link.Say(opMsg(7, 1, "ok", "shop"))
		client.Hear(opMsg(7, 1, "ok", "shop"))
		client.Say(opMsg(2, 0, "count", "shop"))
		link.Hear(opMsg(2, 0, "count", "shop"))
		m.move(other.Address())
		// Until the proxy knows, queries go where they went.
		atHome, there := listening(link), accepting(other)
		id, moved := uint32(3), (*enginetest.Conn)(nil)
		for ; moved == nil; id++ {
			client.Say(opMsg(id, 0, "count", "shop"))
			select {
			case <-atHome:
				link.Say(opMsg(8, id, "ok", "shop"))
				client.Hear(opMsg(8, id, "ok", "shop"))
			case c := <-there:
				moved = enginetest.NewConn(t, c)
				moved.Hear(opMsg(id, 0, "count", "shop"))
				moved.Say(opMsg(9, id, "ok", "shop"))
				client.Hear(opMsg(9, id, "ok", "shop"))
			}
		}
		link.Say(opMsg(8, 2, "ok", "shop"))
		client.Hear(opMsg(8, 2, "ok", "shop"))
		enginetest.CloseAll(t, client, link, moved)
		proxy.AwaitClosed(engine.ClientClosed, 1)
	})
}

// listening tells of each message that comes, all of one size.
func listening(c *enginetest.Conn) <-chan struct{} {
	heard := make(chan struct{})
	go func() {
		message := make([]byte, len(opMsg(0, 0, "count", "shop")))
		for {
			if _, err := io.ReadFull(c.In, message); err != nil {
				return
			}
			heard <- struct{}{}
		}
	}()
	return heard
}

// accepting brings the first connection.
func accepting(b *enginetest.Backend) <-chan *net.TCPConn {
	first := make(chan *net.TCPConn, 1)
	go func() {
		if c, err := b.AcceptTCP(); err == nil {
			first <- c
		}
	}()
	return first
}
