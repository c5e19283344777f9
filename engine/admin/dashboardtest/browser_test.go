// Package dashboardtest drives the dashboard in a real browser, headless Chromium:
// against a fake admin server that answers what a test wants, and against an engine.
package dashboardtest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test whose page never gets where it should: a browser on a loaded
// machine is slow. No outcome depends on its length.
const patience = 2 * time.Minute

// tab is a page in a browser of its own. Its methods are for the test's goroutine.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string // every address that was asked for
	errors   []string // what the console says is wrong
}

// open starts a browser and has it show a page. It ends with the test, and with it
// what it wrote.
func open(t *testing.T, address string) *tab {
	t.Helper()
	p := blank(t)
	p.do(chromedp.EmulateViewport(1440, 900))
	p.do(chromedp.Navigate(address))
	return p
}

func blank(t *testing.T) *tab {
	t.Helper()
	p := &tab{t: t}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, // it can't be had as root, nor in most containers
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-component-update", true),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithListener(p.note))
	t.Cleanup(func() {
		defer stop()
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser's end: %v", err)
		}
	})
	p.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // starts it
		t.Fatal(err)
	}
	return p
}

// note keeps what tests ask about. It is called on the browser's goroutine.
func (p *tab) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.errors = append(p.errors, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, fmt.Sprint(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		p.errors = append(p.errors, "something was written to the console")
	}
}

// wantClean checks that the page asked its own server only, and that nothing went
// wrong in it.
func (p *tab) wantClean(server string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if u, err := url.Parse(r); err != nil || u.Scheme+"://"+u.Host != server {
			p.t.Errorf("asked for %s", r)
		}
	}
	if len(p.errors) > 0 {
		p.t.Errorf("the console says: %s", strings.Join(p.errors, "\n"))
	}
}

func (p *tab) do(a chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, a); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for a JavaScript condition. q(), all() and text() are querySelector,
// querySelectorAll as an array, and an element's text.
func (p *tab) until(condition string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	expression := helpers + "try { return Boolean(" + condition + ") } catch (e) { return false } })()"
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0))
	if err := chromedp.Do(ctx, poll); err != nil {
		body, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText.slice(0, 3000)"))
		p.t.Fatalf("not so: %s: %v\nthe console says %q, the page:\n%s", condition, err, p.errors, body)
	}
}

const helpers = `(() => {
	const q = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
	const text = (s) => q(s).textContent.replaceAll('\u202f', ' ');
	const row = (part) => all('tbody tr').find((tr) => tr.textContent.includes(part));
`

// evaluate returns what a JavaScript expression is.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](helpers+"return "+expression+" })()", chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// press clicks as somebody would: what is out of view is scrolled to, and what
// something else covers isn't hit.
func (p *tab) press(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// pressRow presses the button at the end of the row that has a text.
func (p *tab) pressRow(table, part string) {
	p.t.Helper()
	p.until(fmt.Sprintf("all(%q).some((tr) => tr.textContent.includes(%s))", table+" tbody tr", strconv.Quote(part)))
	evaluate[bool](p, fmt.Sprintf(`(() => {
		for (const b of all('[data-pressed]')) b.removeAttribute('data-pressed');
		all(%q).find((tr) => tr.textContent.includes(%s)).querySelector('.actions button').setAttribute('data-pressed', '');
		return true })()`, table+" tbody tr", strconv.Quote(part)))
	p.press("[data-pressed]")
}

// choose picks an item of the menu that is open.
func (p *tab) choose(label string) {
	p.t.Helper()
	p.until(fmt.Sprintf("all('#menu button').some((b) => b.textContent.startsWith(%q))", label))
	evaluate[bool](p, fmt.Sprintf("(all('#menu button').find((b) => b.textContent.startsWith(%q)).click(), true)", label))
}

// fill types into a field, in place of what is in it.
func (p *tab) fill(selector, text string) {
	p.t.Helper()
	p.press(selector)
	evaluate[bool](p, fmt.Sprintf("(q(%q).select(), true)", selector))
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// look has the page as on a screen of that size, in a scheme.
func (p *tab) look(width, height int64, scheme string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
	p.do(func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}
