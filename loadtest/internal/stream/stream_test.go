package stream

import (
	"bytes"
	"testing"
)

func TestPatternRepeatsWithItsPeriod(t *testing.T) {
	p := NewPattern()
	for _, offset := range []uint64{0, 1, ChunkSize, period - 1, 7 * period} {
		if !bytes.Equal(p.At(offset), p.At(offset+period)) {
			t.Errorf("at %d: differs one period later", offset)
		}
		if len(p.At(offset)) != ChunkSize {
			t.Errorf("at %d: %d bytes", offset, len(p.At(offset)))
		}
	}
}

func TestPatternNoticesWholeBuffersLost(t *testing.T) {
	p := NewPattern()
	for size := uint64(512); size <= 16<<20; size *= 2 {
		if p.Check(size, p.At(0)) == ChunkSize {
			t.Errorf("a loss of %d bytes goes unnoticed", size)
		}
	}
}

func TestCheckFindsTheFirstDifference(t *testing.T) {
	p := NewPattern()
	for _, at := range []int{0, 1, 4095, ChunkSize - 1} {
		got := bytes.Clone(p.At(99))
		got[at] ^= 1
		if same := p.Check(99, got); same != at {
			t.Errorf("byte %d altered: found at %d", at, same)
		}
	}
}

func TestVerifierKeepsTheFirstWrongOffset(t *testing.T) {
	v := Verifier{Pattern: NewPattern()}
	if v.Wrong() != None {
		t.Fatalf("wrong before anything came: %d", v.Wrong())
	}
	v.Take(v.Pattern.At(0)[:1000])
	for range 2 {
		bad := bytes.Clone(v.Pattern.At(v.Received())[:10])
		bad[3] ^= 1
		v.Take(bad)
	}
	if v.Received() != 1020 || v.Wrong() != 1003 {
		t.Errorf("received %d, wrong at %d; want 1020, 1003", v.Received(), v.Wrong())
	}
}

func TestTrailerRoundTrip(t *testing.T) {
	want := Trailer{Sent: 1, Received: 1 << 40, Wrong: None}
	wire := want.Append(nil)
	if got := ParseTrailer([TrailerSize]byte(wire)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// feed gives v the stream in pieces of the sizes given, over and over.
func feed(v *TailVerifier, data, sizes []byte) {
	for i := 0; len(data) > 0; i++ {
		n := copy(v.Space(), data[:min(len(data), int(sizes[i%len(sizes)])+1)])
		v.Filled(n)
		data = data[n:]
	}
}

// FuzzTailVerifier checks that however a stream is cut into reads, its trailer
// is told apart from its bytes, and a wrong byte is found where it is.
func FuzzTailVerifier(f *testing.F) {
	f.Add(uint16(0), uint16(0), false, []byte{0})
	f.Add(uint16(1000), uint16(999), true, []byte{23})
	f.Add(uint16(24), uint16(3), true, []byte{0, 255, 24})
	p := NewPattern()
	f.Fuzz(func(t *testing.T, length, flip uint16, alter bool, sizes []byte) {
		if len(sizes) == 0 {
			return
		}
		data, wrong := bytes.Clone(p.At(0)[:length]), None
		if alter && flip < length {
			data[flip] ^= 0x80
			wrong = uint64(flip)
		}
		want := Trailer{Sent: uint64(length), Received: 5, Wrong: None}
		v := NewTailVerifier(p)
		feed(v, want.Append(data), sizes)
		got, ok := v.Trailer()
		if !ok || got != want || v.Received() != uint64(length) || v.Wrong() != wrong {
			t.Errorf("trailer %+v %v, received %d, wrong at %d; want %+v, %d, %d",
				got, ok, v.Received(), v.Wrong(), want, length, wrong)
		}
	})
}

func TestTailVerifierWithoutTrailer(t *testing.T) {
	v := NewTailVerifier(NewPattern())
	v.Filled(copy(v.Space(), make([]byte, TrailerSize-1)))
	if _, ok := v.Trailer(); ok {
		t.Error("a trailer in too few bytes")
	}
}
