package redis

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/redis/rueidis"
)

// What a connection of rueidis may take, in bytes and as a power of two of
// commands; its own defaults are meant for far more traffic than one resource's
// hash at a time.
const (
	connBuffer = 32 << 10
	connRing   = 8
)

// clientOption translates. A node has one connection, which everything goes
// over: commands, messages and invalidations, so that their order is the
// server's, and no answer outlives the connection that would tell of its change.
func (o *Options) clientOption(life context.Context, invalidated func([]rueidis.RedisMessage)) rueidis.ClientOption {
	dialer := net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: o.Timeout}
	c := rueidis.ClientOption{
		InitAddress:         o.Addresses,
		Username:            o.Username,
		Password:            o.Password,
		SelectDB:            o.DB,
		ClientName:          o.ClientName,
		TLSConfig:           o.TLS,
		Dialer:              dialer,
		DialCtxFn:           o.dial(life),
		ConnWriteTimeout:    o.Timeout,
		OnInvalidations:     invalidated,
		NewCacheStoreFn:     func(rueidis.CacheStoreOption) rueidis.CacheStore { return noStore{} },
		PipelineMultiplex:   -1,
		ReadBufferEachConn:  connBuffer,
		WriteBufferEachConn: connBuffer,
		RingScaleEachConn:   connRing,
		DisableRetry:        true,
		ForceSingleClient:   o.Mode == Standalone,
	}
	if o.Mode == Sentinel {
		c.Sentinel = rueidis.SentinelOption{
			Dialer: dialer, TLSConfig: o.TLS, MasterSet: o.Master, ClientName: o.ClientName,
			Username: o.SentinelUsername, Password: o.SentinelPassword,
		}
	}
	return c
}

// dial returns how connections are made, which ends with life.
func (o *Options) dial(life context.Context) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	network := "tcp"
	if o.Unix {
		network = "unix"
	}
	return func(ctx context.Context, address string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		if config != nil {
			return (&tls.Dialer{NetDialer: d, Config: config}).DialContext(ctx, network, address)
		}
		return d.DialContext(ctx, network, address)
	}
}

// noStore keeps nothing: rueidis shall have Redis track the keys, while the answers
// are kept in the resolve.Cache in front, once.
type noStore struct{}

var _ rueidis.CacheStore = noStore{}

func (noStore) Flight(string, string, time.Duration, time.Time) (rueidis.RedisMessage, rueidis.CacheEntry) {
	return rueidis.RedisMessage{}, nil
}

func (noStore) Update(string, string, rueidis.RedisMessage) int64 { return 0 }

func (noStore) Cancel(string, string, error) {}

func (noStore) Delete([]rueidis.RedisMessage) {}

func (noStore) Close(error) {}
