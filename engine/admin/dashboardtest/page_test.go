package dashboardtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// steady has exact figures go on in each second of the fake's clock.
func steady(f *fake) {
	f.stats.Accepted += 20
	f.stats.ToClients += 2 << 20
	f.stats.FromClients += 512
	f.stats.Loops[1].Busy += 0.25
	f.stats.Process.CPU += 0.5
	f.stats.Listeners[0].Accepted += 20
}

func TestFiguresAreLive(t *testing.T) {
	f := serve(t, func(f *fake) { f.tick = steady })
	p := open(t, f.URL)
	p.until("text('#state') === 'ready' && text('#version') === 'v1.4.0' && text('#impl') === 'reactor'")
	p.until("text('#uptime') === '3 d 3 h' && text('#verdict-title') === 'Everything is in order'")
	p.until("text('#chart-sessions .figure') === '4 210' && text('#chart-sessions .note') === 'of 100 000, 4.21 %'")
	p.until("text('#chart-new .figure') === '20.0/s' && text('#chart-to .figure') === '2.00 MiB/s' && text('#chart-from .figure') === '512 B/s'")
	p.until("q('#chart-to .line').getAttribute('d').split('L').length > 2")
	p.until("text('#gauges').includes('CPU50.0 %') && text('#gauges').includes('Memory96.0 MiB') && text('#gauges').includes('Files8 571of 1 048 576')")
	p.until("all('#loops-list li').length === 4 && all('#loops-list b')[1].textContent === '25.0\u202f%' && all('#loops-list small')[3].textContent.includes('1.20\u202fms')")
	p.until("text('#protocols').startsWith('postgres3 12074.1 %') && row('0.0.0.0:5432').textContent.includes('20.0/s')")
	p.until("text('#closes-table').includes('client closed') && !text('#closes-table').includes('forbidden')")
	p.until("text('#phases-list').includes('connecting') && !text('#phases-list').includes('relaying')")
	p.until("text('#starts-count') === 'none under way' && text('#starts-figures').includes('Begun214')")
	p.until("text('#resources-count') === '8' && text('#endpoints-count') === '5'")
	f.set(func(f *fake) {
		f.stats.Active, f.stats.Draining = 7, true
		f.stats.Closed["connect_refused"] = 31
	})
	p.until("text('#chart-sessions .figure') === '7' && text('#state') === 'draining'")
	p.until("text('#findings').includes('31 sessions ended in the last minutes because of: connect refused.')")
	p.until("row('connect refused').querySelector('.badge').dataset.level === 'bad' && document.title.startsWith('(1) proxy-engine 127.0.0.1')")
	p.until("text('#changes').includes('The proxy drains.')")
	p.wantClean(f.URL)
}

// What is wrong is said first, with where to look; what has changed is kept.
func TestTrouble(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("text('#verdict-title') === 'Everything is in order'")
	f.set(troubled)
	p.until("q('#verdict').dataset.level === 'bad'")
	for _, part := range []string{"10.0.4.12:5432 is failing; its breaker is open (refused).", "10.0.9.4:8080 is being drained.",
		"Event loop 2 lags: sessions waited up to 182 ms.", "tenant_0817 has been starting for 34.2 s; 16 clients wait."} {
		p.until("text('#findings').includes(" + strconv.Quote(part) + ")")
	}
	p.until("text('#changes').includes('10.0.4.12:5432: breaker open: refused.') && text('#changes').includes('preview-31.example.com (http) is being started.')")
	p.until("text('#starts-count') === '2 under way, 19 clients waiting' && text('#starts-list').includes('probing16 waitingpostgres, for 34.2 s')")
	p.until("q('#endpoints-table tbody tr').textContent.includes('10.0.4.12:5432') && q('#endpoints-table .breaker .badge').dataset.level === 'bad'")
	p.wantClean(f.URL)
}

func TestSearchAndSort(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	names := "all('#resources-table tbody .name bdi').map((n) => n.textContent).join()"
	p.until("all('#resources-table tbody tr').length === 8 && " + names + ".startsWith('orders_production,shop.example.com,analytics')")
	sorter := func(title string) {
		evaluate[bool](p, fmt.Sprintf("(all('#resources-table .sort').find((b) => b.textContent === %q).click(), true)", title))
	}
	sorter("Resource")
	p.until(names + ".startsWith('analytics,api.example.com,billing')")
	p.until("q('#resources-table th').getAttribute('aria-sort') === 'ascending'")
	sorter("Resource")
	p.until(names + ".startsWith('tenant_0817,shop.example.com')")
	sorter("Sessions")
	p.until(names + ".startsWith('orders_production') && all('#resources-table th')[3].getAttribute('aria-sort') === 'descending'")
	p.fill("#resources-search", "example")
	p.until("all('#resources-table tbody tr').length === 4 && text('#resources-count') === '4'")
	await(t, "the search asks the server", func() bool { return strings.Contains(f.lastQuery("/resources"), "name=example") })
	p.fill("#endpoints-search", "8080")
	p.until("all('#endpoints-table tbody tr').length === 2")
	p.wantClean(f.URL)
}

// Names are shown as they are, whatever is in them.
func TestHostileNames(t *testing.T) {
	f := serve(t, func(f *fake) {
		for _, name := range hostile {
			f.resources = append(f.resources, api.Resource{Protocol: "http", Name: name, State: "ready", Sessions: 2000, Endpoints: []string{name}})
			f.endpoints = append(f.endpoints, api.Endpoint{Name: name, Breaker: "open", Forced: "auto", Health: name, Trouble: name})
			f.sessions = append(f.sessions, api.Session{ID: name, Client: name, Resource: name, State: name, Protocol: name})
			f.stats.ColdStarts.UnderWay = append(f.stats.ColdStarts.UnderWay, api.ColdStart{Protocol: "http", Resource: name, Phase: name, Age: 99})
			f.stats.Closed[name] = 1
			f.stats.Phases[name] = api.Phase{Count: 1, Seconds: 1}
		}
		f.stats.Version = hostile[0]
	})
	p := open(t, f.URL)
	p.until("all('#resources-table tbody tr').length === 13")
	for _, name := range hostile {
		p.until("all('#resources-table .name bdi').some((n) => n.textContent === " + quoted(name) + ")")
		p.until("all('#endpoints-table .name bdi').some((n) => n.textContent === " + quoted(name) + ")")
	}
	p.pressRow("#resources-table", "onerror")
	p.choose("Purge")
	p.until("q('#confirm').open && text('#confirm-title').includes('onerror')")
	p.press("#confirm-cancel")
	if n := evaluate[int](p, "all('main img, main script, dialog img, #findings img').length"); n != 0 {
		t.Errorf("%d elements were made of names", n)
	}
	p.until("!document.title.includes('pwned')")
	p.look(390, 844, "light")
	p.wantNoScrolling()
	p.wantClean(f.URL)
}

// quoted is a Go string as JavaScript has it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (p *tab) wantNoScrolling() {
	p.t.Helper()
	if over := evaluate[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		wide := evaluate[string](p, "all('body *').filter((n) => n.getBoundingClientRect().right > innerWidth + 1).slice(0, 8).map((n) => n.tagName + '#' + n.id + '.' + n.className).join()")
		p.t.Errorf("the page is %d px wider than the screen: %s", over, wide)
	}
}

func TestPhone(t *testing.T) {
	f := serve(t, troubled)
	p := open(t, f.URL)
	p.look(390, 844, "light")
	p.until("all('#resources-table tbody tr').length === 8 && all('#endpoints-table tbody tr').length === 5")
	p.wantNoScrolling()
	p.press("#manage")
	p.until("q('#manage-panel').matches(':popover-open')")
	p.wantNoScrolling()
	p.wantClean(f.URL)
}

// The focus stays where it is, and so does the row under it, whatever happens around.
func TestFocusSurvives(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("all('#resources-table tbody tr').length === 8")
	evaluate[bool](p, "(row('tenant_0817').querySelector('.actions button').focus(), true)")
	focused := "document.activeElement === row('tenant_0817').querySelector('.actions button')"
	p.until(focused + " && row('tenant_0817').rowIndex === 8")
	f.set(func(f *fake) { f.resources[6].Sessions = 9999 })
	p.until("row('tenant_0817').textContent.includes('9\u202f999') && " + focused + " && row('tenant_0817').rowIndex === 8")
	f.set(func(f *fake) { f.resources = f.resources[:6] })
	p.until("all('#resources-table tbody tr').length === 7 && row('tenant_0817').classList.contains('gone') && " + focused)
	evaluate[bool](p, "(q('#resources-search').focus(), true)")
	p.until("all('#resources-table tbody tr').length === 6")
	p.wantClean(f.URL)
}

// Everything can be done with the keyboard.
func TestKeyboard(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("all('#resources-table tbody tr').length === 8")
	evaluate[bool](p, "(row('orders_production').querySelector('.actions button').focus(), true)")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("q('#menu').matches(':popover-open') && document.activeElement.textContent === 'Drain…'")
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	p.until("document.activeElement.textContent === 'Block…'")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until("!q('#menu').matches(':popover-open') && document.activeElement === row('orders_production').querySelector('.actions button')")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("q('#menu').matches(':popover-open')")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("q('#confirm').open && document.activeElement.id === 'confirm-cancel'")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until("!q('#confirm').open")
	if got := f.got(); len(got) > 0 {
		t.Errorf("sent %v", got)
	}
}

func TestScheme(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	ground := "getComputedStyle(document.body).backgroundColor"
	p.look(1440, 900, "dark")
	p.until(ground + " === 'rgb(15, 20, 25)' && text('#scheme').includes('system')")
	p.press("#manage")
	p.press("#scheme")
	p.until(ground + " === 'rgb(244, 245, 247)' && text('#scheme') === 'Colours: light'")
	p.do(chromedp.Reload())
	p.until(ground + " === 'rgb(244, 245, 247)' && text('#scheme') === 'Colours: light' && text('#state') === 'ready'")
	p.press("#manage")
	p.press("#scheme")
	p.until(ground + " === 'rgb(15, 20, 25)' && text('#scheme') === 'Colours: dark'")
	p.wantClean(f.URL)
}

// await waits for a condition that isn't the page's.
func await(t *testing.T, what string, cond func() bool) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !cond() {
		select {
		case <-again.C:
		case <-end.C:
			t.Fatalf("never: %s", what)
		}
	}
}
