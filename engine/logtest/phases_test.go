package logtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// phasesOf returns the phases that the lines with a message name, line by line, of the
// text format.
func (j *journal) phasesOf(message string) (all []string) {
	phase := regexp.MustCompile(`phases\.(\w+)=`)
	for line := range strings.Lines(j.String()) {
		if !strings.Contains(line, `msg="`+message+`"`) {
			continue
		}
		var names []string
		for _, m := range phase.FindAllStringSubmatch(line, -1) {
			names = append(names, m[1])
		}
		all = append(all, strings.Join(names, " "))
	}
	return all
}

// A line has the phases that its session or request has gone through, and no other: the
// second request has a cached route.
func TestPhasesInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		front   codecs.Front
		talk    func(*testing.T, *enginetest.Proxy, *enginetest.Backend)
		message string
		want    []string
	}{
		"a session":  {postgres.Front(postgres.Options{}), postgresSession, "session ended", []string{"detect resolve connect open"}},
		"a request":  {engine.HTTPFront(), httpRequest, "request ended", []string{"resolve connect", "connect"}},
		"one broken": {engine.HTTPFront(), httpBroken, "request ended", []string{"resolve connect", "connect"}},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				b := enginetest.Listen(t)
				j := new(journal)
				p := startLogged(t, impl, j, c.front, resolve.Fixed(b.Address()))
				for range c.want {
					c.talk(t, p, b)
					p.AwaitActive(0)
				}
				p.Stop()
				if got := j.phasesOf(c.message); !slices.Equal(got, c.want) {
					t.Errorf("phases %q, want %q:\n%s", got, c.want, j)
				}
			})
		})
	}
}
