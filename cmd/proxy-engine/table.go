package main

import (
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine"
)

// setting is one row of the table that drives flags, environment, defaults,
// help, docs/settings.md and the dump of the configuration.
type setting struct {
	flag string
	// env is the variable's name; PROXY_ and the flag's name unless the
	// original proxy has a name for it.
	env string
	// original is the original proxy's name of the option, "" if it has none.
	original string
	// alias is the original's name of the same for HTTP: one engine drives all
	// listeners. Given both, they must agree.
	alias string
	// meta stands for the value in the help. Settings without one are switches.
	meta string
	// choices are the values there are, for shells that complete them; nil if
	// anything of meta's kind will do.
	choices []string
	usage   string
	// auto says what the default is when it isn't a constant.
	auto  string
	value value
	// fixed says that a change takes effect at the next start, or upgrade, only.
	fixed bool
	// quiet says that values may hold a password: faults don't quote them.
	quiet bool

	// fallback is the default, as text.
	fallback string
	source   source
	// variable is the name the environment had it under, iff that is the source,
	// or the configuration file's.
	variable string
	// line is where the configuration file has it, iff that is the source.
	line int
}

// group is a heading and its settings.
type group struct {
	title string
	rows  []*setting
}

// table is the one list of settings, bound to where their values go.
type table []group

// newTable makes the table of s, whose values are taken for the defaults.
func newTable(s *settings) table {
	return named(table{
		{"Configuration", fileRows(s)},
		{"Listeners", listenerRows(s)},
		{"Routing", routingRows(s)},
		{"DNS", dnsRows(s)},
		{"HTTP", httpRows(s)},
		{"MySQL", mysqlRows(s)},
		{"MongoDB", mongodbRows(s)},
		{"SMTP", smtpRows(s)},
		{"TLS", tlsRows(s)},
		{"Sessions", append(append(sessionRows(s), resourceRows(s)...), clientRows(s)...)},
		{"PROXY protocol", proxyProtocolRows(s)},
		{"Cold start", coldStartRows(s)},
		{"Backends", append(upstreamRows(s), preconnectRows(s)...)},
		{"Deadlines", deadlineRows(s)},
		{"Sockets", socketRows(s)},
		{"Admin", adminRows(s)},
		{"Logs", logRows(s)},
	})
}

// named fills in what rows leave out: their variables' names, and their defaults,
// which are their values now.
func named(t table) table {
	for _, row := range t.rows() {
		row.fallback = row.value.String()
		if row.env == "" {
			row.env = "PROXY_" + strings.ToUpper(strings.ReplaceAll(row.flag, "-", "_"))
		}
	}
	return t
}

// rows returns the settings of all groups, in order.
func (t table) rows() []*setting {
	var all []*setting
	for _, g := range t {
		all = append(all, g.rows...)
	}
	return all
}

// inForce is the table with the fixed settings of the one that the program started with.
func (t table) inForce(started table) table {
	all := make(table, len(t))
	for i, g := range t {
		all[i] = group{g.title, slices.Clone(g.rows)}
		for j, row := range g.rows {
			if row.fixed {
				all[i].rows[j] = started[i].rows[j]
			}
		}
	}
	return all
}

// flag finds a setting by its flag, nil if there is none.
func (t table) flag(name string) *setting {
	for _, row := range t.rows() {
		if row.flag == name {
			return row
		}
	}
	return nil
}

// names returns what f says of every setting.
func (t table) names(f func(*setting) string) []string {
	var all []string
	for _, row := range t.rows() {
		all = append(all, f(row))
	}
	slices.Sort(all)
	return all
}

// variables are the names of the setting in the environment.
func (s *setting) variables() []string {
	if s.alias == "" {
		return []string{s.env}
	}
	return []string{s.env, s.alias}
}

// variables returns the names of all settings in the environment.
func (t table) variables() []string {
	var all []string
	for _, row := range t.rows() {
		all = append(all, row.variables()...)
	}
	slices.Sort(all)
	return all
}

// isSwitch says that the flag needs no value.
func (s *setting) isSwitch() bool { return s.meta == "" }

// standard is the default as people read it.
func (s *setting) standard() string {
	if s.auto != "" {
		return s.auto
	}
	return s.fallback
}

// meaning is what the setting does, and when a change of it does.
func (s *setting) meaning() string {
	if s.fixed {
		return s.usage + " A change takes effect at the next start or upgrade."
	}
	return s.usage
}

func listenerRows(s *settings) []*setting {
	return []*setting{
		{flag: "http", env: "PROXY_HTTP", original: "port", meta: "ADDR",
			value: list[place]{&s.http, parsePlace, place.String},
			usage: "Listen for HTTP at host:port; a port alone means 0.0.0.0:port. Requests are routed by Host. Repeatable. " +
				"What holds for one listener of any kind only stands behind it: ADDR?tls=MODE&backend-tls=MODE."},
		{flag: "https", meta: "ADDR",
			value: list[place]{&s.https, parsePlace, place.String},
			usage: "Listen for HTTP over TLS. With --tls=passthrough connections are routed by SNI and not looked into. Repeatable."},
		{flag: "postgres", env: "TCP_POSTGRES_PORT", original: "ports", meta: "ADDR",
			value: list[place]{&s.postgres, parsePlace, place.String},
			auto:  defaultPostgres + " if no listener is given, nor --demo",
			usage: "Listen for PostgreSQL at host:port; a port alone means 0.0.0.0:port. Repeatable."},
		{flag: "tcp", meta: "[NAME@]ADDR",
			value: list[namedPlace]{&s.tcp, parseNamedPlace, namedPlace.String},
			usage: "Listen for TCP at host:port; whoever connects wants the resource NAME. With --route-by=sni or --tls=passthrough " +
				"clients name it themselves. Repeatable."},
		{flag: "route-by", meta: "WHAT", choices: []string{"name", "sni"}, value: scalar[routeBy]{&s.routeBy, parseRouteBy, routeBy.String},
			usage: "What names the resource of a --tcp listener with TLS: name (its own) or sni (the name the client asks for); " +
				"with sni it is also that of MySQL clients that name no database."},
		{flag: "resource-pattern", meta: "REGEXP",
			value: scalar[pattern]{&s.pattern, parsePattern, pattern.String},
			auto:  "the whole name",
			usage: "Cut the resource id out of the database name of PostgreSQL, MySQL and MongoDB: what the one capture group matches. " +
				"The original proxy's form is ^db-([A-Za-z0-9]+)(?:\\.|$)."},
		{flag: "demo", value: boolean(&s.demo),
			usage: "For a look at it: serve the hosts " + demoHosts[0] + " and " + demoHosts[1] + " from two small HTTP servers of its own, " +
				"behind the proxy, which listens at " + defaultDemo + " if no listener is given. HTTP backends may be at 127.0.0.1 then."},
	}
}

func sessionRows(s *settings) []*setting {
	return []*setting{
		{flag: "impl", fixed: true, env: "TCP_SERVER_IMPL", alias: "HTTP_SERVER_IMPL", original: "TCP_SERVER_IMPL", meta: "NAME", choices: []string{"reactor", "goroutine"},
			value: scalar[engine.Impl]{&s.engine.Impl, engine.ParseImpl, func(i engine.Impl) string { return string(i) }},
			auto:  "reactor; goroutine where there is no epoll",
			usage: "How sessions are driven: reactor (event loops) or goroutine (portable). " +
				"swoole and coroutine mean the same two."},
		{flag: "event-loops", fixed: true, env: "TCP_WORKERS", alias: "HTTP_WORKERS", original: "workers", meta: "N",
			value: count(&s.engine.EventLoops), auto: "one per core",
			usage: "Event loops of the reactor, each with a thread of its own. More than cores gain nothing."},
		{flag: "max-sessions", original: "maxConnections, maxCoroutine", meta: "N",
			value: count(&s.engine.MaxSessions),
			usage: "The most sessions at once; further clients are refused in their protocol. " +
				"Lowered at start, with a warning, to what the descriptor limit allows."},
		{flag: "read-buffer", fixed: true, original: "receiveBufferSize", meta: "SIZE",
			value: size(&s.engine.ReadBuffer),
			usage: "The read buffer of an event loop (not of a session), and the most that waits behind a slow peer per direction."},
	}
}

func deadlineRows(s *settings) []*setting {
	t := &s.engine.Timeouts
	return []*setting{
		{flag: "detect-timeout", meta: "TIME", value: duration(&t.Detect),
			usage: "How long a new client may take to say what it wants."},
		{flag: "connect-timeout", original: "connectTimeout", meta: "TIME", value: duration(&t.Connect),
			usage: "How long connecting to a backend may take, over all its addresses; a route may say otherwise."},
		{flag: "open-timeout", original: "timeout", meta: "TIME", value: duration(&t.Open),
			usage: "How long the login may take. Established sessions have no time limit: keepalive finds dead peers."},
		{flag: "flush-timeout", meta: "TIME", value: duration(&t.Flush),
			usage: "How long the last bytes of a closing session may take."},
		{flag: "drain-timeout", meta: "TIME", value: duration(&s.drain),
			usage: "How long sessions may go on after SIGTERM or SIGINT, or once an upgrade has taken over. A second signal ends them at once."},
		{flag: "drain-idle", meta: "TIME", value: duration(&s.engine.DrainIdle),
			usage: "A session that has moved nothing for so long, and whose client awaits no answer, is ended first then, in order, so that its client comes back elsewhere; 0 lets all go on alike."},
		{flag: "drain-delay", meta: "TIME", value: duration(&s.drainDelay),
			usage: "How long clients are still let in after SIGTERM or SIGINT, while /readyz says no already: what balancers take to notice."},
		{flag: "upgrade-timeout", meta: "TIME", value: duration(&s.upgradeTimeout),
			usage: "How long the process that SIGUSR2 starts may take until clients can come in. Else it is ended, and this one goes on."},
	}
}

func socketRows(s *settings) []*setting {
	listen, socket := &s.engine.Listen, &s.socket
	return []*setting{
		{flag: "backlog", fixed: true, meta: "N", value: count(&listen.Backlog),
			usage: "Length of the accept queue; the kernel caps it at net.core.somaxconn."},
		{flag: "reuseport", fixed: true, value: boolean(&listen.ReusePort),
			usage: "Every event loop has a listening socket of its own (SO_REUSEPORT)."},
		{flag: "defer-accept", fixed: true, meta: "TIME", value: duration(&listen.DeferAccept),
			usage: "Where clients speak first, accept them with their first bytes, waiting so long (TCP_DEFER_ACCEPT); 0 is off."},
		{flag: "nodelay", fixed: true, value: boolean(&socket.NoDelay),
			usage: "Send small messages at once (TCP_NODELAY)."},
		{flag: "keepalive-idle", fixed: true, original: "tcpKeepidle", meta: "TIME", value: duration(&socket.KeepAlive.Idle),
			usage: "Idle time before the kernel probes a peer; 0 turns keepalive off."},
		{flag: "keepalive-interval", fixed: true, original: "tcpKeepinterval", meta: "TIME", value: duration(&socket.KeepAlive.Interval),
			usage: "Time between two probes."},
		{flag: "keepalive-count", fixed: true, original: "tcpKeepcount", meta: "N", value: count(&socket.KeepAlive.Count),
			usage: "Unanswered probes after which the peer is dead."},
		{flag: "user-timeout", fixed: true, meta: "TIME", value: duration(&socket.UserTimeout),
			usage: "How long sent data may stay unacknowledged before the peer is dead (TCP_USER_TIMEOUT); 0 is the kernel's own, about 15 minutes. " +
				"It also cuts off a peer that merely reads nothing for so long, and replaces keepalive's count."},
		{flag: "receive-buffer", fixed: true, original: "socketBufferSize", meta: "SIZE", value: size(&socket.ReceiveBuffer),
			usage: "Fixed kernel receive buffer (SO_RCVBUF). 0 has the kernel size it for each connection; " +
				"the original's 16 MiB turns that off and lets every slow session hold so much."},
		{flag: "send-buffer", fixed: true, original: "bufferOutputSize", meta: "SIZE", value: size(&socket.SendBuffer),
			usage: "Fixed kernel send buffer (SO_SNDBUF). 0 as above."},
	}
}
