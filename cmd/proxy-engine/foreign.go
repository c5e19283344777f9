package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkForeign looks for variables that look like settings and are none.
func (t table) checkForeign(vars map[string]string, f *findings) {
	known := t.variables()
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		checkTypo(name, known, f)
	}
}

// checkTypo warns of a variable that is nearly a setting's. Others of the same
// prefixes are left alone: Kubernetes sets TCP_..._PORT and the like for
// services that happen to be named so, and HTTP_PROXY is other programs'.
func checkTypo(name string, known []string, f *findings) {
	if slices.Contains(known, name) || !isOurs(name) {
		return
	}
	if hint := didYouMean("", name, known); hint != "" {
		f.warnf("%s is not a setting%s", name, hint)
	}
}

// isOurs says that a variable has one of the prefixes of settings.
func isOurs(name string) bool {
	return slices.ContainsFunc([]string{"TCP_", "HTTP_", "SMTP_", "PROXY_"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}

// maxTypos is how many letters a name may be off and still be taken for a
// misspelling.
const maxTypos = 2

// didYouMean returns a question for the candidate nearest to name, "" if none
// is near.
func didYouMean(prefix, name string, candidates []string) string {
	best, least := "", maxTypos+1
	for _, c := range candidates {
		if d := typos(name, c); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", prefix, best)
}

// typos is the Levenshtein distance: the fewest letters to insert, delete or
// change that turn a into b.
func typos(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
