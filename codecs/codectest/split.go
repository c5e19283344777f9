package codectest

import "iter"

// Splits yields the ways a message may arrive that find most mistakes: whole,
// in two pieces for every split point, and one byte at a time. The chunks
// alias in.
func Splits(in []byte) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		if !yield([][]byte{in}) || !yield(Bytewise(in)) {
			return
		}
		for i := 1; i < len(in); i++ {
			if !yield([][]byte{in[:i], in[i:]}) {
				return
			}
		}
	}
}

// Bytewise cuts in into single bytes, which alias it.
func Bytewise(in []byte) [][]byte {
	return Chop(in, []byte{1})
}

// Chop cuts in into chunks whose lengths are the values of sizes, over and
// over (0 counts as 256), so that a fuzzer can choose them. The chunks alias
// in; without sizes it is one chunk.
func Chop(in, sizes []byte) [][]byte {
	if len(sizes) == 0 {
		return [][]byte{in}
	}
	var chunks [][]byte
	for i := 0; len(in) > 0; i++ {
		n := min(int(sizes[i%len(sizes)]-1)+1, len(in))
		chunks = append(chunks, in[:n])
		in = in[n:]
	}
	return chunks
}
