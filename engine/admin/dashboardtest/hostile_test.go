package dashboardtest

import (
	"fmt"
	"testing"
)

// A token that no header can carry is a wrong one.
func TestTokenNoHeaderCarries(t *testing.T) {
	f := serve(t, func(f *fake) { f.token = "secret" })
	p := open(t, f.URL)
	p.until("q('#token').open")
	p.fill("#token-input", "secret…")
	p.press("#token-form button")
	p.until("q('#token').open && text('#token-error') === 'The token is wrong.'")
	p.fill("#token-input", "secret")
	p.press("#token-form button")
	p.until("text('#state') === 'ready'")
}

// However many backends fail, the page stays as short as it is.
func TestManyFindings(t *testing.T) {
	f := serve(t, func(f *fake) {
		for i := range 1000 {
			e := endpoint(fmt.Sprintf("10.0.%d.%d:5432", i/250, i%250), 1)
			e.Breaker = "open"
			f.endpoints = append(f.endpoints, e)
		}
	})
	p := open(t, f.URL)
	p.until("all('#findings li').length === 21 && text('#findings').includes('more.') && text('#verdict-title').startsWith('1 000 problems')")
}

// A name that turns text around leaves the question as it is.
func TestNameThatTurnsTextAround(t *testing.T) {
	f := serve(t, func(f *fake) { f.resources[0].Name = "\u202egnp.evil" })
	p := open(t, f.URL)
	p.pressRow("#resources-table", "gnp.evil")
	p.choose("Drain")
	p.until("text('#confirm-title').startsWith('Drain \ufffdgnp.evil (')")
}
