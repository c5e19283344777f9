package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
)

// flagInText is a flag as the documentation quotes it.
var flagInText = regexp.MustCompile("(?:^|[`'( ])--([a-z][a-z0-9-]*)")

// harness is a line that runs the load harness, or a script, which have flags of
// their own.
var harness = regexp.MustCompile("(?m)^.*(bin/loadtest|scripts/tune.sh).*$")

// The documentation names no setting that doesn't exist.
func TestDocumentedFlagsExist(t *testing.T) {
	known := newTable(defaults()).names(func(s *setting) string { return s.flag })
	known = append(known, commandNames()...)
	for _, sub := range subcommandList() {
		known = append(known, sub.table().names(func(s *setting) string { return s.flag })...)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no documentation: %v", err)
	}
	for _, page := range append(pages, readme) {
		if filepath.Base(page) == "measurements.md" {
			continue // is about the load harness
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range flagInText.FindAllStringSubmatch(harness.ReplaceAllString(string(text), ""), -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: there is no --%s", filepath.Base(page), m[1])
			}
		}
	}
}

// linkInText is a link to a file of the project.
var linkInText = regexp.MustCompile(`\]\(([^):#]+)`)

// The documentation leads nowhere that isn't there.
func TestDocumentedLinksLead(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, readme) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range linkInText.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", filepath.Base(page), err)
			}
		}
	}
}

// Every reason a session may end with is explained.
func TestReasonsAreExplained(t *testing.T) {
	text, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range engine.Reasons() {
		if !strings.Contains(string(text), "`"+reason.String()+"`") {
			t.Errorf("%v isn't explained", reason)
		}
	}
}
