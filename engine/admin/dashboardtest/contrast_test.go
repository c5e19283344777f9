package dashboardtest

import (
	"strconv"
	"testing"
)

// faint is how many texts are seen on the page, and those whose contrast with what they stand on is below
// 4.5 (WCAG 2.2, 1.4.3).
const faint = `(() => {
	const channels = (color) => color.match(/[\d.]+/g).map(Number);
	const luminance = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
		.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (node) => {
		const color = channels(getComputedStyle(node).backgroundColor);
		return color.length < 4 || color[3] === 1 || !node.parentElement ? color : ground(node.parentElement);
	};
	const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	const own = (node) => [...node.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
	const seen = all('body *').filter((n) => own(n) && n.checkVisibility({ visibilityProperty: true }) && !n.disabled);
	return [String(seen.length), ...seen
		.filter((n) => contrast(luminance(channels(getComputedStyle(n).color)), luminance(ground(n))) < 4.5)
		.map((n) => n.tagName + '.' + n.className + ' ' + n.textContent)];
})()`

func TestContrast(t *testing.T) {
	f := serve(t, troubled)
	p := open(t, f.URL)
	p.until("q('#verdict').dataset.level === 'bad' && all('#starts-list li').length === 2")
	for _, scheme := range []string{"light", "dark"} {
		p.look(1440, 900, scheme)
		p.press("#manage")
		p.wantContrast(scheme)
		p.press("#manage")
		fromPanel("#drain")(p)
		p.until("q('#confirm').open")
		p.wantContrast(scheme)
		p.press("#confirm-cancel")
	}
}

func (p *tab) wantContrast(scheme string) {
	p.t.Helper()
	found := evaluate[[]string](p, faint)
	if n, _ := strconv.Atoi(found[0]); n < 100 {
		p.t.Errorf("%s: only %d texts were seen", scheme, n)
	}
	if len(found) > 1 {
		p.t.Errorf("%s: too faint: %q", scheme, found[1:])
	}
}
