package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// The ports of a server and of a sentinel when the URL doesn't say.
const (
	serverPort   = "6379"
	sentinelPort = "26379"
)

// scheme is what a URL's scheme stands for.
type scheme struct {
	name            string
	mode            Mode
	encrypted, unix bool
}

var schemes = []scheme{
	{name: "redis"},
	{name: "rediss", encrypted: true},
	{name: "redis+unix", unix: true},
	{name: "redis+sentinel", mode: Sentinel},
	{name: "rediss+sentinel", mode: Sentinel, encrypted: true},
	{name: "redis+cluster", mode: Cluster},
	{name: "rediss+cluster", mode: Cluster, encrypted: true},
}

var _ resolve.OpenFunc = Open

// Schemes returns the schemes of the URLs Open takes, for
// resolve.OpenOptions.Schemes.
func Schemes() []string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.name
	}
	return names
}

// Open makes the Resolver a URL names:
//
//	redis://user:password@host:port/db        rediss:// with TLS
//	redis+unix:///path/of/socket?db=0
//	redis+sentinel://host:port/master/db?host=other:port&host=...
//	redis+cluster://host:port?host=other:port&host=...
//
// with, as its query, host for further addresses, key, activity ("-": none),
// purge_channel, wake_channel, instance, client_name, db, connect_timeout,
// timeout, activity_ttl; sentinel_user and sentinel_password; with TLS ca, a
// PEM file to be trusted instead of the system's, server_name, and cert and cert_key, the
// PEM files of a client's certificate. What Options says of them holds. Errors don't quote passwords.
func Open(u *url.URL, o resolve.OpenOptions) (resolve.Resolver, error) {
	parsed, err := ParseURL(u)
	if err != nil {
		return nil, err
	}
	parsed.Hook, parsed.Logger = o.Wake, o.Logger
	r, err := New(parsed)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// ParseURL returns the Options a URL stands for; see Open.
func ParseURL(u *url.URL) (Options, error) {
	i := slices.IndexFunc(schemes, func(s scheme) bool { return s.name == u.Scheme })
	if i < 0 {
		return Options{}, fmt.Errorf("unknown scheme %q: want %s", u.Scheme, strings.Join(Schemes(), ", "))
	}
	s := schemes[i]
	if u.Opaque != "" || u.Fragment != "" {
		return Options{}, errors.New("want scheme://..., and nothing behind a #")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Options{}, errors.New("malformed query")
	}
	o := Options{Mode: s.mode, Unix: s.unix, Username: u.User.Username()}
	o.Password, _ = u.User.Password()
	if err := o.place(u, query["host"]); err != nil {
		return Options{}, err
	}
	return o, o.query(query, s.encrypted)
}

// place takes the host and the path of a URL.
func (o *Options) place(u *url.URL, more []string) error {
	if o.Unix {
		if u.Host != "" || u.Path == "" || len(more) > 0 {
			return errors.New("want redis+unix:///path/of/socket, with three slashes")
		}
		o.Addresses = []string{u.Path}
		return nil
	}
	if err := o.hosts(append([]string{u.Host}, more...)); err != nil {
		return err
	}
	path := strings.Trim(u.Path, "/")
	if o.Mode == Sentinel {
		o.Master, path, _ = strings.Cut(path, "/")
	}
	if path == "" {
		return nil
	}
	return setInt(&o.DB)("the database, "+strconv.Quote(path), path)
}

func (o *Options) hosts(hosts []string) error {
	if o.Mode == Standalone && len(hosts) > 1 {
		return errors.New("one server has one address: host is for redis+sentinel and redis+cluster")
	}
	port := serverPort
	if o.Mode == Sentinel {
		port = sentinelPort
	}
	for _, host := range hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		if _, _, err := resolve.ParseEndpoint(host); err != nil {
			return err
		}
		o.Addresses = append(o.Addresses, host)
	}
	return nil
}

// query takes the parameters of a URL, each at most once but host.
func (o *Options) query(query url.Values, encrypted bool) error {
	secured := security{config: &tls.Config{MinVersion: tls.VersionTLS12}}
	set := o.parameters()
	if encrypted {
		o.TLS = secured.config
		maps.Copy(set, secured.parameters())
	}
	for name, values := range query {
		switch take := set[name]; {
		case name == "host":
		case take == nil:
			return fmt.Errorf("unknown parameter %q", name)
		case len(values) != 1 || values[0] == "":
			return fmt.Errorf("the parameter %q must have one value", name)
		default:
			if err := take("the parameter "+strconv.Quote(name), values[0]); err != nil {
				return err
			}
		}
	}
	return secured.complete()
}

// taker takes the value of what it is called in errors.
type taker func(what, value string) error

func (o *Options) parameters() map[string]taker {
	set := map[string]taker{
		"key":             setText(&o.Key),
		"activity":        setText(&o.Activity),
		"purge_channel":   setText(&o.PurgeChannel),
		"wake_channel":    setText(&o.WakeChannel),
		"instance":        setText(&o.Instance),
		"client_name":     setText(&o.ClientName),
		"db":              setInt(&o.DB),
		"connect_timeout": setTime(&o.ConnectTimeout),
		"timeout":         setTime(&o.Timeout),
		"activity_ttl":    setTime(&o.ActivityTTL),
	}
	if o.Mode == Sentinel {
		set["sentinel_user"] = setText(&o.SentinelUsername)
		set["sentinel_password"] = setText(&o.SentinelPassword)
	}
	return set
}

func setText(to *string) taker {
	return func(_, value string) error {
		*to = value
		return nil
	}
}

func setInt(to *int) taker {
	return func(what, value string) error {
		n, err := parseCount(value)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		*to = n
		return nil
	}
}

func setTime(to *time.Duration) taker {
	return func(what, value string) error {
		d, err := parsePositive(value)
		if err != nil || d < time.Millisecond {
			return fmt.Errorf("%s: %w", what, errDuration)
		}
		*to = d
		return nil
	}
}
