package tlstest

import (
	"bytes"
	"io"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// A client that reads nothing for now is still read: the directions of a session
// have nothing to do with each other, encrypted or not.
func TestDirectionsAreIndependent(t *testing.T) {
	eachLeg(t, func(t *testing.T, _ *proxy, client, backend duplex) {
		flood := enginetest.Async(func() error {
			_, err := io.Copy(struct{ io.Writer }{backend}, endless{})
			return err
		})
		sent := bytes.Repeat([]byte("upwards "), 4<<20) // more than there is room for
		writing := enginetest.Async(func() error { _, err := client.Write(sent); return err })
		got := make([]byte, len(sent))
		_, err := io.ReadFull(backend, got)
		enginetest.Must(t, err)
		enginetest.Must(t, <-writing)
		if !bytes.Equal(got, sent) {
			t.Error("other bytes have come")
		}
		enginetest.Must(t, under(client).SetLinger(0))
		enginetest.Must(t, under(client).Close())
		if err := <-flood; err == nil {
			t.Error("the flood has ended by itself")
		}
	})
}

// endless is a source of bytes without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
