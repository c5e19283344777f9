package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// The headers of a signature.
const (
	// HeaderTimestamp is when it was made, in seconds of Unix time.
	HeaderTimestamp = "X-Proxy-Timestamp"
	// HeaderSignature is SignaturePrefix and what Signature returns.
	HeaderSignature = "X-Proxy-Signature"
	// SignaturePrefix says how it was made.
	SignaturePrefix = "v1="
)

// Signature returns the HMAC-SHA256 of a timestamp, a dot and a body in hex. A
// service in Go may use it to check what it is sent, with hmac.Equal.
func Signature(key []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// authorize says who we are.
func (o *Options) authorize(h http.Header, body []byte, now time.Time) {
	if o.Token != "" {
		h.Set("Authorization", "Bearer "+o.Token)
	}
	if len(o.Key) > 0 {
		timestamp := strconv.FormatInt(now.Unix(), 10)
		h.Set(HeaderTimestamp, timestamp)
		h.Set(HeaderSignature, SignaturePrefix+Signature(o.Key, timestamp, body))
	}
}
