package engine

import "github.com/proxy-engine/proxy-engine/codecs"

// letGo tells a codec, nil for none, that it isn't needed any more. Its work
// must be done.
func letGo(c codecs.Codec) {
	if closer, wants := c.(codecs.Closer); wants {
		closer.Close()
	}
}
