package postgres

import "github.com/proxy-engine/proxy-engine/codecs"

// The sizes of a backend's key, in bytes: 4 of process id and the secret,
// which has 4 in protocol 3.0 and up to 256 from 3.2 on.
const (
	minKey = 4 + 4
	maxKey = 4 + 256
)

const detailKeyLength = "invalid length of cancel request"

// cancel routes a CancelRequest to the backend that issued its key. The packet
// stays unconsumed: Open passes it on. Whatever goes wrong, the client isn't
// told, as the server doesn't tell it: that would help guessing keys.
func (c *codec) cancel(in []byte, size int) codecs.Step {
	c.errand = errandCancel
	if size < headerSize+minKey || size > headerSize+maxKey {
		return fail(codecs.Malformed, detailKeyLength)
	}
	if len(in) < size {
		return codecs.Step{}
	}
	return codecs.Step{Action: codecs.RouteKey, Key: in[headerSize:size]}
}
