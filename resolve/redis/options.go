package redis

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// Defaults of Options.
const (
	// DefaultKey is the pattern of the keys of routes.
	DefaultKey = "proxy:route:{protocol}:{resource}"
	// DefaultActivity is the pattern of the keys that tell of the use.
	DefaultActivity = "proxy:activity:{protocol}:{resource}"
	// DefaultPurgeChannel is where resources to be forgotten are published.
	DefaultPurgeChannel = "proxy:purge"
	// DefaultWakeChannel is where resources to be woken are published.
	DefaultWakeChannel = "proxy:wake"
	// DefaultClientName is what CLIENT LIST shows.
	DefaultClientName = "proxy-engine"
	// DefaultConnectTimeout bounds TCP, TLS and the login together.
	DefaultConnectTimeout = 2 * time.Second
	// DefaultTimeout bounds one command, and the silence after which a
	// connection is given up.
	DefaultTimeout = time.Second
	// DefaultActivityInterval is the least time between two writings of the use
	// of one resource.
	DefaultActivityInterval = time.Second
	// DefaultLease is how long the count of sessions of an instance holds that
	// says no more: three heartbeats.
	DefaultLease = 90 * time.Second
	// DefaultActivityTTL is how long it is known when a resource that has no
	// sessions was last used.
	DefaultActivityTTL = 7 * 24 * time.Hour
	// DefaultMaxTracked bounds the resources without sessions whose last use
	// waits for Redis; 64 Ki take about 12 MiB.
	DefaultMaxTracked = 1 << 16
)

// Mode says what stands behind the addresses.
type Mode uint8

// The modes. The zero value is Standalone.
const (
	// Standalone: one server.
	Standalone Mode = iota
	// Sentinel: sentinels, who know the server.
	Sentinel
	// Cluster: some nodes of a cluster.
	Cluster

	modes
)

var modeNames = [modes]string{Standalone: "standalone", Sentinel: "sentinel", Cluster: "cluster"}

// String returns the mode's name.
func (m Mode) String() string {
	if m < modes {
		return modeNames[m]
	}
	return "unknown"
}

// Options configures a Resolver. The zero value of each field means its default,
// where it has one.
type Options struct {
	// Addresses are the server's, "host:port", or those of sentinels or of
	// nodes of a cluster. At least one.
	Addresses []string
	// Unix says that the one address is the path of a Unix socket.
	Unix bool
	Mode Mode
	// Master is the name the sentinels know the server by. Required with
	// Sentinel.
	Master string
	// Username and Password log in to the server; without a name it is
	// "default".
	Username, Password string
	// SentinelUsername and SentinelPassword log in to the sentinels.
	SentinelUsername, SentinelPassword string
	// DB is the number of the database. A cluster has 0 only.
	DB int
	// TLS is nil for none. Also the sentinels are spoken to by it.
	TLS *tls.Config
	// ClientName is what CLIENT LIST shows. Default DefaultClientName.
	ClientName string
	// Instance tells the proxies apart that share a Redis. Default: the host's
	// name and something random, new with every start.
	Instance string
	// Key and Activity are patterns of keys; {protocol} and {resource} stand
	// for the request's, every byte but A-Z a-z 0-9 - _ . ~ percent-encoded. Key
	// must have {resource}; an Activity of "-" writes nothing.
	Key, Activity string
	// PurgeChannel is where a resource's name, "*" for all, has every instance
	// forget it. Default DefaultPurgeChannel.
	PurgeChannel string
	// WakeChannel is where "wake: publish" publishes. Default DefaultWakeChannel.
	WakeChannel string
	// ConnectTimeout and Timeout: see DefaultConnectTimeout, DefaultTimeout.
	ConnectTimeout, Timeout time.Duration
	// ActivityInterval, Lease, ActivityTTL and MaxTracked: see
	// DefaultActivityInterval, DefaultLease, DefaultActivityTTL and
	// DefaultMaxTracked.
	ActivityInterval, Lease, ActivityTTL time.Duration
	MaxTracked                           int
	// Hook wakes a resource whose hash says "wake: https://..."; nil: it can't be
	// woken.
	Hook resolve.WakeFunc
	// Logger takes what happens outside of any session; nil discards it.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.ClientName, DefaultClientName)
	setDefault(&o.Instance, newInstance())
	setDefault(&o.Key, DefaultKey)
	setDefault(&o.Activity, DefaultActivity)
	setDefault(&o.PurgeChannel, DefaultPurgeChannel)
	setDefault(&o.WakeChannel, DefaultWakeChannel)
	setDefault(&o.ConnectTimeout, DefaultConnectTimeout)
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.ActivityInterval, DefaultActivityInterval)
	setDefault(&o.Lease, DefaultLease)
	setDefault(&o.ActivityTTL, DefaultActivityTTL)
	setDefault(&o.MaxTracked, DefaultMaxTracked)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}

// newInstance is random besides the host's name: a proxy that is started anew
// must not take over the counts of the one that crashed.
func newInstance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "proxy"
	}
	return host + "-" + rand.Text()[:8]
}

// check finds what can't work, of options with their defaults.
func (o *Options) check() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("no address of a server")
	case o.Mode >= modes:
		return errors.New("unknown mode")
	case o.Mode == Sentinel && o.Master == "":
		return errors.New("the sentinels must be told the name of the master")
	case o.Mode == Cluster && o.DB != 0:
		return errors.New("a cluster has database 0 only")
	case o.Unix && (o.Mode != Standalone || len(o.Addresses) != 1):
		return errors.New("behind a Unix socket there is one server")
	case o.DB < 0:
		return errors.New("the number of the database is negative")
	case min(o.ConnectTimeout, o.Timeout, o.ActivityInterval, o.Lease, o.ActivityTTL) < 0:
		return errors.New("a time is negative")
	case o.MaxTracked < 0:
		return errors.New("MaxTracked is negative")
	case len(o.Instance) > maxInstance:
		return errors.New("the instance's name is too long")
	}
	return nil
}

// maxInstance bounds the instance's name, in bytes: it becomes part of the names
// of fields.
const maxInstance = 128
