package engine

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// forwarded is what a request is forwarded with: whose it is and where it goes.
type forwarded struct {
	client   netip.AddrPort
	trusted  bool // the client is a proxy of ours
	tls      bool // the client's connection is encrypted
	endpoint string
}

// appendRequest appends the head for the backend.
func (h *HTTP) appendRequest(dst []byte, r *http.Request, ids *requestIDs, f forwarded) []byte {
	to := http.Forwarding{Trusted: f.trusted, TLS: f.tls, Bare: h.Bare, Via: h.Via}
	var address [64]byte
	if !h.Bare {
		to.Client = f.client.Addr().Unmap().WithZone("").AppendTo(address[:0])
	}
	if h.BackendHost {
		to.Host = []byte(f.endpoint)
	}
	if !h.Bare && len(r.RequestID()) == 0 {
		to.RequestID = ids.next()
	}
	return r.Append(dst, &to)
}

// requestIDs makes ids no other request has: random for the loop, and counted.
type requestIDs struct {
	seed [16]byte
	made uint64
	text [32]byte
}

func newRequestIDs() requestIDs {
	var ids requestIDs
	_, _ = rand.Read(ids.seed[:]) // never fails
	return ids
}

// next returns an id, valid until the next.
func (ids *requestIDs) next() []byte {
	ids.made++
	id := ids.seed
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])^ids.made)
	hex.Encode(ids.text[:], id[:])
	return ids.text[:]
}

// reply says how final responses are passed on. A client that is still sending
// its request can't be told from the next.
func (e *Engine) reply(sending bool) http.Reply {
	h := &e.cfg().HTTP
	return http.Reply{Close: sending || e.draining.Load(), Via: h.Via, AssumeOK: h.AssumeOK}
}

// appendTelemetry appends the lines that tell the client how it was served.
func appendTelemetry(dst []byte, route *resolve.Route, cached bool, took time.Duration) []byte {
	dst = append(append(dst, "X-Proxy-Resource: "...), route.Resource...)
	dst = strconv.AppendBool(append(dst, "\r\nX-Proxy-Cached: "...), cached)
	dst = strconv.AppendBool(append(dst, "\r\nX-Proxy-Cold-Start: "...), route.State == resolve.Cold)
	dst = append(dst, "\r\nX-Proxy-Upstream-Ms: "...)
	dst = strconv.AppendFloat(dst, float64(took)/float64(time.Millisecond), 'f', 3, 64)
	return append(dst, "\r\n"...)
}

// refusalAnswer is what a client is told whose request can't be served.
func refusalAnswer(reason Reason, resource string, cause error) http.Answer {
	failure, speak := reason.failure(resource, cause)
	if !speak {
		failure = codecs.Failure{Kind: codecs.Internal}
	}
	return http.Refusal(failure)
}
