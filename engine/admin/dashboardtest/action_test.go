package dashboardtest

import (
	"slices"
	"strings"
	"testing"
)

// confirmed answers the dialog with yes.
func (p *tab) confirmed() {
	p.t.Helper()
	p.until("q('#confirm').open")
	p.press("#confirm-go")
}

// fromMenu picks an action of a row's menu.
func fromMenu(table, row, label string) func(*tab) {
	return func(p *tab) {
		p.pressRow(table, row)
		p.choose(label)
	}
}

// fromPanel presses a button of the Manage panel.
func fromPanel(selector string) func(*tab) {
	return func(p *tab) {
		p.press("#manage")
		p.press(selector)
	}
}

// Every action asks first and says of what; no sends nothing, yes sends one request.
func TestActionsAskFirst(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("all('#resources-table tbody tr').length === 8 && all('#endpoints-table .actions button').length === 5 && all('#sessions-table .actions button').length === 12")
	for _, tt := range []struct {
		name   string
		begin  func(*tab)
		says   []string // in the dialog
		target string   // of the request
	}{
		{"wake", fromMenu("#resources-table", "tenant_0817", "Wake"), []string{"Wake tenant_0817 (postgres)?"},
			"/resources/wake?protocol=postgres&resource=tenant_0817"},
		{"drain a resource", fromMenu("#resources-table", "orders_production", "Drain"), []string{"Drain orders_production (postgres)?", "1 204 sessions"},
			"/resources/drain?protocol=postgres&resource=orders_production"},
		{"block", fromMenu("#resources-table", "shop.example.com", "Block"), []string{"640 sessions"},
			"/resources/block?protocol=http&resource=shop.example.com"},
		{"unblock", fromMenu("#resources-table", "old.example.com", "Unblock"), []string{"Unblock old.example.com (http)?"},
			"/resources/unblock?protocol=http&resource=old.example.com"},
		{"purge", fromMenu("#resources-table", "analytics", "Purge"), []string{"asks the resolver anew"},
			"/resources/purge?resource=analytics"},
		{"force open", fromMenu("#endpoints-table", "10.0.4.11:5432", "Force open"), []string{"Force open: 10.0.4.11:5432?", "1 841 sessions"},
			"/endpoints/force?endpoint=10.0.4.11%3A5432&state=open"},
		{"drain an endpoint", fromMenu("#endpoints-table", "10.0.7.2:25", "Drain"), []string{"88 sessions"},
			"/endpoints/force?endpoint=10.0.7.2%3A25&state=drain"},
		{"close a session", func(p *tab) { p.pressRow("#sessions-table", "192.0.2.13") }, []string{"client 192.0.2.13:40111", "resource orders_production"},
			"/sessions/close?id=s-3"},
		{"reload", fromPanel("#reload"), []string{"No session ends"}, "/config/reload"},
		{"purge all", fromPanel("#purge-all"), []string{"Everything is forgotten"}, "/resources/purge?all=true"},
		{"drain", fromPanel("#drain"), []string{"SIGTERM", "4 210 sessions"}, "/drain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(f.got())
			tt.begin(p)
			p.until("q('#confirm').open && document.activeElement.id === 'confirm-cancel'")
			for _, part := range append(tt.says, "POST "+tt.target) {
				p.until("text('#confirm').includes(" + quoted(part) + ")")
			}
			p.press("#confirm-cancel")
			p.until("!q('#confirm').open")
			if got := f.got()[before:]; len(got) > 0 {
				t.Fatalf("cancelled, and yet sent: %v", got)
			}
			tt.begin(p)
			p.confirmed()
			p.until("!q('#confirm').open && text('#toast').includes(': ')")
			if got, want := f.got()[before:], []action{{tt.target, "dashboard", ""}}; !slices.Equal(got, want) {
				t.Errorf("sent %v, want %v", got, want)
			}
		})
	}
	p.until("text('#changes').includes('Drain and stop the proxy: done (3).')")
	p.wantClean(f.URL)
}

// Two clicks on yes are one request, for the first may be under way for long.
func TestDoubleClick(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("!q('#reload').hidden")
	fromPanel("#reload")(p)
	p.until("q('#confirm').open")
	evaluate[bool](p, "(q('#confirm-go').click(), q('#confirm-go').click(), true)")
	p.until("!q('#confirm').open && text('#toast').includes('max-sessions changed; event-loops from the next start on.')")
	if got := f.got(); len(got) != 1 {
		t.Errorf("sent %v", got)
	}
}

// What fails is said where it was asked for, and can be tried again.
func TestActionFails(t *testing.T) {
	f := serve(t, func(f *fake) { f.failing = "line 3: max-sessions: want a number" })
	p := open(t, f.URL)
	p.until("!q('#reload').hidden")
	fromPanel("#reload")(p)
	p.confirmed()
	p.until("q('#confirm').open && text('#confirm-error') === 'Not done: line 3: max-sessions: want a number' && !q('#confirm-go').disabled")
	f.set(func(f *fake) { f.failing = "" })
	p.confirmed()
	p.until("!q('#confirm').open")
	if got := f.got(); len(got) != 2 {
		t.Errorf("sent %v", got)
	}
}

// Sessions are closed by what they are filtered by, never all without a filter.
func TestCloseMatching(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("text('#sessions-count') === '12' && q('#close-many').disabled")
	evaluate[bool](p, "(row('orders_production').querySelector('.active button').click(), true)")
	p.until("q('#sessions-filter').elements.resource.value === 'orders_production' && !q('#close-many').disabled")
	p.fill("#sessions-filter [name=client]", "192.0.2.0/24")
	evaluate[bool](p, "(q('[name=min_age]').value = '10m', q('[name=min_age]').dispatchEvent(new Event('input', {bubbles: true})))")
	await(t, "the filter is asked for", func() bool {
		return strings.Contains(f.lastQuery("/sessions"), "resource=orders_production&client=192.0.2.0%2F24&min_age=10m")
	})
	p.press("#close-many")
	p.until("text('#confirm').includes('client 192.0.2.0/24') && text('#confirm-go') === 'Close 12 sessions'")
	p.press("#confirm-go")
	p.until("!q('#confirm').open")
	want := []action{{"/sessions/close?resource=orders_production&client=192.0.2.0%2F24&min_age=10m", "dashboard", ""}}
	if got := f.got(); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	p.wantClean(f.URL)
}

func TestLogLevel(t *testing.T) {
	f := serve(t)
	p := open(t, f.URL)
	p.until("q('#log-level').value === 'info' && q('#log-sessions').value === 'errors'")
	set := "(q('#log-level').value = 'debug', q('#log-level').dispatchEvent(new Event('change')))"
	evaluate[bool](p, set)
	p.until("q('#confirm').open && text('#confirm-title') === 'Set the log level to debug?'")
	p.press("#confirm-cancel")
	p.until("q('#log-level').value === 'info'")
	evaluate[bool](p, set)
	p.confirmed()
	p.until("!q('#confirm').open && text('#toast') === 'Log level debug, session lines errors.' && q('#log-level').value === 'debug'")
	if got := f.got(); len(got) != 1 || got[0].target != "/log?level=debug" {
		t.Errorf("sent %v", got)
	}
	p.wantClean(f.URL)
}
