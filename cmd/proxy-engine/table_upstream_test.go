package main

import "testing"

func TestParsePercent(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "50": 0.5, "50%": 0.5, "12.5": 0.125, "100": 1} {
		if got, err := parsePercent(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "101", "NaN", "half", "50%%"} {
		if got, err := parsePercent(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestParseCheckPath(t *testing.T) {
	for text, good := range map[string]bool{
		"/": true, "/healthz?deep=1": true, "": false, "healthz": false, "/a b": false, "/\r\nX: y": false, "/ö": false,
	} {
		if _, err := parseCheckPath(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
