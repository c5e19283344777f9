package engine

import (
	"slices"
	"testing"
)

// number is something that a list holds.
type number struct {
	links[number]
	n int
}

// A walk passes over everything that was there when it began and hasn't gone,
// once, whatever comes and goes meanwhile.
func TestListWalk(t *testing.T) {
	var l list[number, *number]
	all := make([]*number, 10)
	for i := range all {
		all[i] = &number{n: i}
		l.add(all[i])
	}
	var seen []int
	l.rewind()
	for s := l.step(); s != nil; s = l.step() {
		seen = append(seen, s.n)
		switch s.n {
		case 8:
			l.remove(s)            // the one at hand
			l.remove(all[7])       // the next
			l.remove(all[9])       // the last one
			l.add(&number{n: 100}) // new
		case 1:
			l.remove(all[0]) // the only one left
		}
	}
	if want := []int{9, 8, 6, 5, 4, 3, 2, 1}; !slices.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
	var left []int
	l.each(func(s *number) {
		left = append(left, s.n)
		l.remove(s)
	})
	if want := []int{100, 6, 5, 4, 3, 2, 1}; !slices.Equal(left, want) || l.head != nil {
		t.Errorf("left are %v, want %v and then none", left, want)
	}
}
