//go:build linux

package backend

import "testing"

func TestEchoAllocatesNothing(t *testing.T) {
	d := drive(t, Config{Kind: Echo})
	conn := d.connect()
	message, got := make([]byte, 1000), make([]byte, 1000)
	want := uint64(0)
	arrived := func() bool { return d.stats.bytes.Load() == want }
	n := testing.AllocsPerRun(100, func() {
		want += uint64(len(message))
		d.write(conn, message)
		d.until(arrived)
		for n := 0; n < len(got); {
			m, err := conn.Read(got[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per exchange", n)
	}
}
