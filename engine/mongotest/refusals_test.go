package mongotest

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// refusal is what a driver is told: a server's code, and words.
type refusal struct {
	code int
	text string
}

func (want refusal) check(t *testing.T, what string, r mongoprograms.Report) {
	t.Helper()
	if r.Code != want.code || !strings.Contains(r.Error, want.text) {
		t.Errorf("%s: %+v, want %d: %s", what, r, want.code, want.text)
	}
}

// TestRefusals are what keeps a client from its backend.
func TestRefusals(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		r := toAll().with(map[string]string{"away": enginetest.ClosedPort(t)})
		r.refused = map[string]resolve.Kind{
			"asleep": resolve.Unavailable, "secret": resolve.Forbidden, "slow": resolve.Timeout, "broken": resolve.Internal,
		}
		p := startProxy(t, impl, r)
		for database, want := range map[string]refusal{
			"away":    {6, `database "away" is not accepting connections`},
			"asleep":  {6, `database "asleep" is not accepting connections`},
			"nowhere": {26, `database "nowhere" does not exist`},
			"1":       {26, `database "1" does not exist`},
			"secret":  {13, `not allowed to use database "secret"`},
			"slow":    {89, `database "slow" did not accept the connection in time`},
			"broken":  {1, "internal error"},
		} {
			want.check(t, database, run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: database, Count: 20}))
		}
		told := run(t, d, mongoprograms.Job{URI: p.uri("alice:secret@", "away"), Database: "away", Count: 20})
		refusal{told.Code, "is not accepting connections"}.check(t, "a login", told) // not all drivers tell of a code there
	})
}

// TestUnreadable are messages that no driver sends.
func TestUnreadable(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		enginetest.CheckLeaks(t)
		p := startProxy(t, impl, toAll())
		for name, tt := range map[string]struct {
			message string
			want    refusal
		}{
			"OP_COMPRESSED":     {"\x1a\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\xdc\x07\x00\x00\xdd\x07\x00\x00\x01\x00\x00\x00\x00x", refusal{115, "a compressed message came before compression was agreed on"}},
			"a negative length": {"\xff\xff\xff\xff", refusal{17, "invalid message header"}},
			"unknown flags":     {"\x15\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x04\x00\x00\x00\x00", refusal{17, "unknown flags in OP_MSG"}},
		} {
			client := p.Dial()
			client.Say(tt.message)
			said := client.HearEnd()
			code := "\x10code\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(tt.want.code)))
			if !strings.Contains(said, code) || !strings.Contains(said, tt.want.text) {
				t.Errorf("%s: %q, want %d: %s", name, said, tt.want.code, tt.want.text)
			}
		}
	})
}

// TestTooManySessions is the limit's refusal.
func TestTooManySessions(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll(), func(_ *mongodb.Options, cfg *engine.Config) { cfg.MaxSessions = 1 })
		first := p.Dial()
		p.AwaitActive(1)
		r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: "shop" + own, Count: 20})
		refusal{202, "too many connections for database \"shop\""}.check(t, "the second", r)
		enginetest.Must(t, first.Close())
	})
}

// TestAnotherDatabase is what a client may do with the connections it has: use
// other databases of the same backend, and no others.
func TestAnotherDatabase(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll().with(map[string]string{"also": world.shop.Address}))
		job := mongoprograms.Job{URI: p.uri("", "", "maxPoolSize=1"), Database: "shop" + own, Count: 20}
		for _, tt := range []struct {
			another string
			want    refusal
		}{
			{"also" + own, refusal{}},
			{"shop" + own + "2", refusal{}},
			{"bank" + own, refusal{13, `not allowed to use database "bank": this connection serves another database's resource`}},
			{"nowhere" + own, refusal{26, `database "nowhere" does not exist`}},
		} {
			job.Another = tt.another
			r := run(t, d, job)
			tt.want.check(t, tt.another, r)
			if r.Server != world.shop.PID || tt.want.code == 0 && r.Error != "" {
				t.Errorf("%s: %+v", tt.another, r)
			}
			job.Database += "_" // with documents of its own
		}
	})
}
