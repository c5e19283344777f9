package pgtest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestBlocked: clients of a database that is blocked are told so, who is there and
// clients of another one notice nothing.
func TestBlocked(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"alpha": to("alpha"), "beta": to("beta")})
		there := startSleeper(t, p.url("alpha"), "there")
		_, err := p.Block("postgresql", "alpha")
		enginetest.Must(t, err)
		r := refusal{
			database: "alpha", code: "57P03", cannotConnectNow: true,
			message: `database "alpha" is not accepting connections`,
		}
		r.check(t, p.url("alpha"))
		if got := refusedByPsql(t, p.url("alpha")); !strings.Contains(got, "DETAIL:  it is blocked by the operator") {
			t.Errorf("psql says %q", got)
		}
		psql(t, p.url("beta"), "-c", whoami).succeeds(t)
		there.cancel(t)
		there.wantCancelled(t)
		if !p.Unblock("postgresql", "alpha") {
			t.Error("it wasn't blocked")
		}
		psql(t, p.url("alpha"), "-c", whoami).succeeds(t)
	})
}
