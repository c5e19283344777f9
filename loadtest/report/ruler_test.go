package report

import (
	"slices"
	"testing"
)

func texts(r ruler) []string {
	var all []string
	for _, m := range r.marks {
		all = append(all, m.text)
	}
	return all
}

func TestRulers(t *testing.T) {
	for name, c := range map[string]struct {
		ruler ruler
		unit  string
		marks []string
	}{
		"seconds":          {across(timeUnits(), []float64{3, 44}), "s", []string{"0", "10", "20", "30", "40"}},
		"minutes":          {across(timeUnits(), []float64{700}), "min", []string{"0", "2", "4", "6", "8", "10"}},
		"hours":            {across(timeUnits(), []float64{6 * 3600}), "h", []string{"0", "1", "2", "3", "4", "5", "6"}},
		"sessions":         {across(plain(""), []float64{60000}), "", []string{"0", "10,000", "20,000", "30,000", "40,000", "50,000", "60,000"}},
		"no sessions":      {across(plain(""), []float64{0}), "", []string{"0"}},
		"cores":            {upwards(plain("cores"), []float64{0.25}), "cores", []string{"0", "0.05", "0.1", "0.15", "0.2", "0.25"}},
		"memory":           {upwards(memoryUnits(), []float64{1, 34 << 20}), "MiB", []string{"0", "10", "20", "30", "40"}},
		"less memory":      {upwards(memoryUnits(), []float64{-2048, 1024}), "KiB", []string{"-2", "-1", "0", "1"}},
		"gigabytes":        {upwards(byteRateUnits(), []float64{1.9e9}), "GB/s", []string{"0", "0.5", "1", "1.5", "2"}},
		"latencies":        {upwardsLog(latencyUnits(), 30e-6, 0.9e-3), "us", []string{"20", "50", "100", "200", "500", "1,000"}},
		"slow ones":        {upwardsLog(latencyUnits(), 0.1, 3), "s", []string{"0.1", "0.2", "0.5", "1", "2", "5"}},
		"percentiles":      {percentiles(20000), "", []string{"50 %", "90 %", "99 %", "99.9 %", "99.99 %"}},
		"few percentiles":  {percentiles(2), "", []string{"50 %"}},
		"a single latency": {percentiles(1), "", nil},
	} {
		if got := texts(c.ruler); c.ruler.unit != c.unit || !slices.Equal(got, c.marks) {
			t.Errorf("%s: %q %q, want %q %q", name, c.ruler.unit, got, c.unit, c.marks)
		}
	}
}

func TestRulersPlaceTheirMarks(t *testing.T) {
	r := upwards(memoryUnits(), []float64{40 << 20})
	if got := r.at(r.marks[0].value); got != plotBottom {
		t.Errorf("0 lies at %v", got)
	}
	if got := r.at(r.marks[len(r.marks)-1].value); got != plotTop {
		t.Errorf("40 MiB lie at %v", got)
	}
	p := percentiles(1000)
	if first, second := p.at(10)-p.at(1), p.at(100)-p.at(10); !near(first, second) {
		t.Errorf("the nines have %v and %v", first, second)
	}
}
