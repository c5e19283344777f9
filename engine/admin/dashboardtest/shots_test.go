package dashboardtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// shotsVariable names the folder that screenshots are kept in; they go with the test
// otherwise.
const shotsVariable = "DASHBOARD_SHOTS"

// Every size and scheme is drawn: at peace, and in trouble.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv(shotsVariable)
	if dir == "" {
		dir = t.TempDir()
	}
	f := serve(t, func(f *fake) { f.tick = hurry })
	p := open(t, f.URL)
	p.until("text('#state') === 'ready'")
	p.fastForward(f, 45)
	p.shoot(dir, "calm")
	f.set(troubled)
	f.set(func(f *fake) { f.tick = troubledTick })
	p.fastForward(f, 50)
	p.until("q('#verdict').dataset.level === 'bad'")
	p.shoot(dir, "trouble")
	p.wantClean(f.URL)
}

// hurry has eight seconds go by between two answers.
func hurry(f *fake) {
	for range 8 {
		busy(f)
	}
	f.stats.Time = f.stats.Time.Add(7 * time.Second)
}

func troubledTick(f *fake) {
	hurry(f)
	f.stats.Closed["connect_refused"] += 61
	f.stats.Closed["wake_timeout"] += 2
	f.stats.Closed["malformed"] += 3
}

// fastForward has the page ask so many times more without waiting in between.
func (p *tab) fastForward(f *fake, rounds int) {
	p.t.Helper()
	end := f.asks() + rounds
	await(p.t, "many rounds", func() bool {
		evaluate[bool](p, "document.dispatchEvent(new Event('visibilitychange'))")
		return f.asks() >= end
	})
}

func (p *tab) shoot(dir, name string) {
	p.t.Helper()
	for _, size := range [][2]int64{{390, 844}, {820, 1180}, {1440, 900}} {
		for _, scheme := range []string{"light", "dark"} {
			p.look(size[0], size[1], scheme)
			p.until(fmt.Sprintf("innerWidth === %d && matchMedia('(prefers-color-scheme: %s)').matches", size[0], scheme))
			p.wantNoScrolling()
			path := filepath.Join(dir, fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], scheme))
			p.save(path+".png", chromedp.CaptureScreenshot())
			p.save(path+"-whole.png", chromedp.FullScreenshot(100))
		}
	}
}

func (p *tab) save(path string, shot chromedp.Action[[]byte]) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, shot)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
