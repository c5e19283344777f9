package engine

import "sync/atomic"

// links are how a loop's list holds a session.
type links[T any] struct{ prev, next *T }

func (l *links[T]) own() *links[T] { return l }

// list holds a loop's sessions, linked through themselves. The zero value is
// empty.
type list[T any, P interface {
	*T
	own() *links[T]
}] struct {
	head *T
	// cursor is the next session of a walk, nil behind the last one.
	cursor *T
	// count is how many there are. Any goroutine may read it.
	count atomic.Int64
}

func (l *list[T, P]) add(s *T) {
	to := P(s).own()
	if to.next = l.head; to.next != nil {
		P(to.next).own().prev = s
	}
	l.head = s
	l.count.Add(1)
}

func (l *list[T, P]) remove(s *T) {
	from := P(s).own()
	if l.cursor == s {
		l.cursor = from.next
	}
	if from.prev != nil {
		P(from.prev).own().next = from.next
	} else {
		l.head = from.next
	}
	if from.next != nil {
		P(from.next).own().prev = from.prev
	}
	*from = links[T]{}
	l.count.Add(-1)
}

// each calls fn for every session; fn may remove the one it is given.
func (l *list[T, P]) each(fn func(*T)) {
	for s := l.head; s != nil; {
		next := P(s).own().next
		fn(s)
		s = next
	}
}

// rewind begins a walk over the sessions that are there now, in as many steps as
// one likes: sessions may come, which it passes over, and go meanwhile.
func (l *list[T, P]) rewind() { l.cursor = l.head }

// step returns the next session of the walk, nil at its end.
func (l *list[T, P]) step() *T {
	s := l.cursor
	if s != nil {
		l.cursor = P(s).own().next
	}
	return s
}
