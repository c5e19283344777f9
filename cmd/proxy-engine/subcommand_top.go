package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/proxy-engine/proxy-engine/cmd/proxy-engine/top"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

const cmdTop = "top"

const topUsage = "Shows a running proxy in this terminal: sessions, traffic, event loops, why sessions end, resources, endpoints; " +
	"closes sessions, drains, blocks and wakes resources, forces breakers. ? lists the keys. " +
	"Without a terminal it prints once."

// topSettings are what can be said to proxy-engine top.
type topSettings struct {
	adminSettings
	interval time.Duration
	table    string
	once     bool
}

// newTopTable makes the table of s, with its defaults. The rows that the proxy has
// too have its variables.
func newTopTable(s *topSettings) table {
	s.address, s.interval, s.table = defaultAdmin, time.Second, top.Tables()[0]
	return named(table{{"", []*setting{
		{flag: "admin", meta: "ADDR", value: scalar[string]{&s.address, parseAdmin, asIs},
			usage: "Where the proxy serves its operators: host:port or unix:/path."},
		{flag: "admin-token-file", meta: "FILE", value: scalar[string]{&s.tokenFile, parsePath, asIs},
			usage: "A file with the token that the proxy wants."},
		{flag: "interval", env: "PROXY_TOP_INTERVAL", meta: "TIME", value: scalar[time.Duration]{&s.interval, parseInterval, formatDuration},
			usage: "How often to ask."},
		{flag: "table", env: "PROXY_TOP_TABLE", meta: "TABLE", choices: top.Tables(), value: scalar[string]{&s.table, parseTable, asIs},
			usage: "Which table to show first: " + strings.Join(top.Tables(), ", ") + "."},
		{flag: "once", env: "PROXY_TOP_ONCE", value: boolean(&s.once),
			usage: "Print the figures and all of the table once, without colours, after one interval, and exit."},
	}}})
}

// leastInterval keeps a slip of the finger from being a load.
const leastInterval = 100 * time.Millisecond

func parseInterval(text string) (time.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d < leastInterval {
		err = fmt.Errorf("want at least %v", leastInterval)
	}
	return d, err
}

func parseTable(text string) (string, error) {
	if !slices.Contains(top.Tables(), text) {
		return "", errors.New("want " + strings.Join(top.Tables(), ", "))
	}
	return text, nil
}

// runTop is main of proxy-engine top.
func runTop(args, env []string, stdout, stderr io.Writer) int {
	var s topSettings
	var f findings
	if newTopTable(&s).parseOwn(args, env, &f) {
		sub, _ := subcommandOf([]string{cmdTop})
		sub.printHelp(stdout)
		return 0
	}
	client := s.client(&f)
	for _, err := range f.errs {
		fmt.Fprintf(stderr, "proxy-engine top: %v\n", err)
	}
	if len(f.errs) > 0 {
		return 1
	}
	defer client.Close()
	if err := s.show(client, variablesOf(env), stdout); err != nil {
		fmt.Fprintf(stderr, "proxy-engine top: %s: %v\n", s.address, err)
		return 1
	}
	return 0
}

// topTimeout is how long an answer may take: people look at the screen.
const topTimeout = 5 * time.Second

// client is one of the proxy that is to be shown.
func (s *topSettings) client(f *findings) *api.Client {
	token, err := readToken(s.tokenFile)
	if err != nil {
		f.faultf("--admin-token-file: %v", err)
	}
	if s.address == adminOff {
		f.faultf("--admin off: want the address of a proxy")
		return nil
	}
	c, err := api.NewClient(api.ClientOptions{Address: s.address, Token: token, Timeout: topTimeout})
	f.fault(err)
	return c
}

// show prints one frame, or runs until the user ends it.
func (s *topSettings) show(client *api.Client, vars map[string]string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	o := top.Options{Client: client, Interval: s.interval, Table: s.table, Color: vars["NO_COLOR"] == "" && vars["TERM"] != "dumb"}
	if s.once || !isTerminal(stdout) {
		return top.Once(ctx, stdout, o)
	}
	t, err := top.OpenTTY()
	if err != nil {
		return err
	}
	defer t.Close()
	return top.Run(ctx, t, o)
}

// isTerminal says that somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, is := w.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}
