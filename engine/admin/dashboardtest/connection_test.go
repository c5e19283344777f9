package dashboardtest

import (
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// The page asks for the token when one is wanted, keeps it in its tab, and brings it
// along with actions.
func TestToken(t *testing.T) {
	f := serve(t, func(f *fake) { f.token = "s3cret" })
	p := open(t, f.URL)
	p.until("q('#token').open && document.activeElement.id === 'token-input' && text('#token-error') === ''")
	p.fill("#token-input", "wrong\r")
	p.until("q('#token').open && text('#token-error') === 'The token is wrong.'")
	p.fill("#token-input", "s3cret\r")
	p.until("!q('#token').open && text('#state') === 'ready' && sessionStorage.length === 1 && localStorage.length === 0")
	p.until("!q('#reload').hidden")
	fromPanel("#reload")(p)
	p.confirmed()
	p.until("!q('#confirm').open")
	if got, want := f.got(), []action{{"/config/reload", "dashboard", "Bearer s3cret"}}; !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	f.set(func(f *fake) { f.token = "another" })
	p.until("q('#token').open && text('#token-error') === 'The token is wrong.'")
}

// A server that goes away is said to be gone, its figures are greyed out, and it is
// asked less and less often; when it is back, so is everything.
func TestServerGoesAndComesBack(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("text('#state') === 'ready' && !q('#banner').classList.contains('shown')")
	f.set(func(f *fake) { f.gone = true })
	p.until("q('#banner').classList.contains('shown') && text('#banner-text').startsWith('No answer from the server (no connection). What is shown is of')")
	p.until("document.body.classList.contains('stale') && text('#state') === 'no answer' && document.title.startsWith('No answer')")
	p.until("text('#chart-sessions .figure') === '4 210'") // still there
	p.until("text('#banner-text').endsWith('every 2.00 s.')")
	f.set(func(f *fake) { f.gone = false })
	p.press("#retry")
	p.until("!q('#banner').classList.contains('shown') && !document.body.classList.contains('stale') && text('#state') === 'ready'")
	p.until("text('#changes').includes('The server stopped answering.') && text('#changes').includes('The server answers again.')")
}

// Another process behind the same address starts the figures anew.
func TestRestart(t *testing.T) {
	f := serve(t, func(f *fake) { f.tick = steady })
	p := open(t, f.URL)
	p.until("text('#chart-new .figure') === '20.0/s'")
	f.set(func(f *fake) {
		f.stats = api.Stats{Time: f.stats.Time, Started: f.stats.Time, Version: "v1.5.0"}
		f.tick = func(f *fake) { f.stats.Accepted += 3 }
	})
	p.until("text('#changes').includes('The proxy has started anew.') && text('#changes').includes('Version v1.4.0 became v1.5.0.')")
	p.until("text('#chart-new .figure') === '3.00/s' && text('#chart-new .note') === 'peak 3.00/s' && text('#version') === 'v1.5.0'")
}

// An older server has less: what it hasn't isn't shown, nor asked for.
func TestOlderServer(t *testing.T) {
	f := serve(t, func(f *fake) {
		f.without = []string{"GET /sessions", "GET /log", "POST /sessions/close", "POST /log", "POST /config/reload", "POST /drain", "POST /endpoints/force",
			"POST /resources/wake", "POST /resources/drain", "POST /resources/block", "POST /resources/unblock"}
		f.stats = api.Stats{Active: 5, Accepted: 9, Time: f.stats.Time}
	})
	p := open(t, f.URL)
	p.until("text('#chart-sessions .figure') === '5' && all('#resources-table tbody tr').length === 8")
	p.until("['sessions', 'log', 'reload', 'drain', 'loops'].every((id) => q('#' + id).hidden)")
	p.until("all('#endpoints-table .actions button').length === 0")
	p.pressRow("#resources-table", "orders_production")
	p.until("all('#menu button').map((b) => b.textContent).join() === 'Purge…'")
	p.wantClean(f.URL)
}

// One that doesn't describe itself is asked, and its noes are taken for it.
func TestServerWithoutDescription(t *testing.T) {
	f := serve(t, func(f *fake) {
		f.without = []string{"GET /openapi.json", "GET /sessions", "GET /endpoints"}
		f.unable = []string{"GET /log"}
	})
	p := open(t, f.URL)
	p.until("all('#resources-table tbody tr').length === 8 && text('#state') === 'ready' && q('#log').hidden")
	p.until("q('#sessions').hidden && q('#endpoints').hidden && q('#reload').hidden && all('.actions button').length === 0")
}

// Nobody who doesn't look costs anything: a hidden page goes on with no clock.
func TestHiddenPageIsSilent(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("text('#state') === 'ready'")
	stopped := evaluate[bool](p, `(() => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
		const set = window.setTimeout, clear = window.clearTimeout;
		let cleared = 0;
		window.rounds = 0; // the test's own waiting sets timers too
		window.setTimeout = (fn, ...rest) => { window.rounds += fn.name === 'round'; return set(fn, ...rest); };
		window.clearTimeout = (id) => { cleared++; return clear(id); };
		document.dispatchEvent(new Event('visibilitychange'));
		window.clearTimeout = clear;
		window.beat = document.querySelector('#pulse').className;
		document.querySelector('#resources-search').dispatchEvent(new Event('input'));
		return cleared > 0 })()`)
	if !stopped {
		t.Error("the clock that was running wasn't stopped")
	}
	p.until("q('#pulse').className !== window.beat") // a round that was asked for
	evaluate[bool](p, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
	if n := evaluate[int](p, "window.rounds"); n != 0 {
		t.Errorf("%d more rounds are to come", n)
	}
	evaluate[bool](p, "(Object.defineProperty(document, 'hidden', { get: () => false }), document.dispatchEvent(new Event('visibilitychange')))")
	p.until("window.rounds > 0")
}
