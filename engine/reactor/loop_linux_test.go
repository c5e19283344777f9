package reactor

import (
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestPostKeepsEachCallersOrder(t *testing.T) {
	l := startLoop(t)
	const callers, posts = 8, 500
	var seen [callers][]int // touched by the loop only
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range posts {
				l.Post(func() { seen[c] = append(seen[c], i) })
			}
		})
	}
	wg.Wait()
	l.do(func() {})
	for c, got := range seen {
		if len(got) != posts || !slices.IsSorted(got) {
			t.Errorf("caller %d: %d of %d posts, in order: %v", c, len(got), posts, slices.IsSorted(got))
		}
	}
}

func TestPostBeforeRun(t *testing.T) {
	loop, err := NewLoop(1024)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	loop.Post(func() { order = append(order, "posted"); loop.Stop() })
	if err := loop.Run(func() error { order = append(order, "start"); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"start", "posted"}) {
		t.Errorf("ran %v, want start and then what was posted", order)
	}
}

// What is posted after the end must not be written to a descriptor whose
// number somebody else has got since.
func TestPostAfterStopReachesNobody(t *testing.T) {
	l := startLoop(t)
	l.stop()
	var ours []int
	for range 8 {
		fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		ours = append(ours, fd)
	}
	l.Post(func() { t.Error("ran after the end") })
	l.Stop()
	for _, fd := range ours {
		var count [8]byte
		if n, err := unix.Read(fd, count[:]); err != unix.EAGAIN {
			t.Errorf("descriptor %d has %d bytes (%v) nobody wrote", fd, n, err)
		}
	}
}

func TestStartErrorEndsRun(t *testing.T) {
	loop, err := NewLoop(1024)
	if err != nil {
		t.Fatal(err)
	}
	if err := loop.Run(func() error { return unix.EADDRINUSE }); err != unix.EADDRINUSE {
		t.Errorf("Run returned %v", err)
	}
}

// Two connections become ready in one batch of events; the first to be told
// closes the other. Its number must not come back while the batch lasts, and
// its event must reach nobody.
func TestClosedDescriptorStaysOutOfItsBatch(t *testing.T) {
	a, toA := pair(t)
	b, toB := pair(t)
	spare, _ := pair(t)
	defer unix.Close(spare)
	l := startLoop(t)
	defer l.stop()
	quiet := func(w *watched) {
		if w.Readable() {
			t.Errorf("descriptor %d was told of bytes that aren't its own", w.fd)
		}
	}
	var both [2]*watched
	told := make(chan struct{})
	closeOther := func(w *watched) {
		other := both[0]
		if w == other {
			other = both[1]
		}
		w.ready, other.ready = func(*watched) {}, quiet
		number := int(other.fd)
		other.Close()
		reused, err := unix.FcntlInt(uintptr(spare), unix.F_DUPFD_CLOEXEC, number)
		if err != nil || reused == number {
			t.Errorf("the number of a closed descriptor was free at once (%v)", err)
		}
		l.watch(reused, quiet)
		close(told)
	}
	l.do(func() {
		both = [2]*watched{l.watch(a, func(*watched) {}), l.watch(b, func(*watched) {})}
	})
	// What is posted runs behind a batch of events: both writes are in the next.
	l.do(func() {
		both[0].ready, both[1].ready = closeOther, closeOther
		say(t, toA, "x")
		say(t, toB, "x")
	})
	<-told
	l.do(func() {
		if open := [2]bool{both[0].Open(), both[1].Open()}; open[0] == open[1] {
			t.Errorf("open: %v, want one of the two", open)
		}
	})
}

// The number is free once the batch is over.
func TestClosedDescriptorIsClosed(t *testing.T) {
	fd, _ := pair(t)
	l := startLoop(t)
	l.do(func() { l.watch(fd, func(*watched) {}).Close() })
	l.do(func() {})
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the descriptor is still open (%v)", err)
	}
}

// A connection with endless work gets no more than one turn in a row when
// others have something to do.
func TestAgainLeavesOthersTheirTurn(t *testing.T) {
	a, _ := pair(t)
	b, toB := pair(t)
	l := startLoop(t)
	const turns = 100
	served := make(chan int, 2) // turns the busy one had until another was served
	busyTurns, said := 0, 0
	busy := func(w *watched) {
		if busyTurns++; busyTurns == turns {
			return
		}
		if busyTurns == turns/2 {
			said = busyTurns
			say(t, toB, "x")
			l.Post(func() { served <- busyTurns - said })
		}
		w.Again()
	}
	l.do(func() {
		l.watch(b, func(w *watched) {
			if w.Readable() {
				served <- busyTurns - said
			}
		})
	})
	l.do(func() { l.watch(a, busy) })
	for range 2 {
		if n := <-served; n > 2 {
			t.Errorf("the busy connection had %d turns before the other's first", n)
		}
	}
}

// Asking twice in a turn counts once, and a closed connection gets no turn.
func TestAgainCountsOnce(t *testing.T) {
	a, _ := pair(t)
	b, _ := pair(t)
	l := startLoop(t)
	turns := 0
	l.do(func() {
		w := l.watch(a, func(*watched) { turns++ })
		w.Again()
		w.Again()
		gone := l.watch(b, func(*watched) { t.Error("a closed connection was told") })
		gone.Again()
		gone.Close()
	})
	// The writable event of the registration, and one more turn.
	for range 3 {
		l.do(func() {})
	}
	l.do(func() {
		if turns != 2 {
			t.Errorf("%d turns, want 2", turns)
		}
	})
}

// A failed registration closes the descriptor: its caller has given it away.
func TestRegisterFailureCloses(t *testing.T) {
	l := startLoop(t)
	file, err := unix.MemfdCreate("can't be polled", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	l.do(func() {
		w := new(watched)
		if err := l.Register(&w.Conn, file, w); err == nil {
			t.Error("epoll took a file")
		}
		if w.Open() {
			t.Error("the connection is open")
		}
	})
	if _, err := unix.FcntlInt(uintptr(file), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the descriptor is still open (%v)", err)
	}
}
