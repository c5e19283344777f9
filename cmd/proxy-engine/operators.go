package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin"
)

// operators are served as long as the program runs. The zero value serves none.
type operators struct {
	address     string        // --admin
	systemdPath bool          // a unix socket's path is systemd's to remove
	server      *admin.Server // nil for none
}

// serveOperators begins to serve, at the socket that there is already if there is one. Where
// nobody asked for the default address, another process may have it.
func (p *program) serveOperators(had *inheritance) (*operators, error) {
	o := p.operatorOptions
	ln, err := had.listener(o.Address)
	if err != nil {
		return nil, err
	}
	if o.Address == "" {
		return new(operators), nil
	}
	o.Listener, o.Settings, o.Drain = ln, p.printSettings, func() { close(p.asked) }
	o.Log, o.Reload = logControl{p.log, p.engine}, p.reload
	s, err := admin.Start(p.engine, o)
	if err != nil && o.Address == defaultAdmin && ln == nil {
		p.log.Warn("no admin listener", "cause", err)
		return new(operators), nil
	}
	if err != nil {
		return nil, err
	}
	p.log.Info("admin listening", "address", fmt.Sprint(s.Addr()))
	return &operators{p.operatorOptions.Address, ln != nil && had.systemdPath, s}, nil
}

// printSettings returns the settings in force, without secrets.
func (p *program) printSettings() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var yaml bytes.Buffer
	p.current.table.inForce(p.started.table).printYAML(&yaml)
	return yaml.String()
}

// addTo adds the socket to what a successor is given.
func (o *operators) addTo(mine *belongings) (err error) {
	if o.server == nil {
		return nil
	}
	mine.address, mine.systemdPath = o.address, o.systemdPath
	mine.operators, err = o.server.Socket(operatorsSocket)
	return err
}

// handedOver says that the socket is another process's by now.
func (o *operators) handedOver() {
	if o.server != nil {
		o.server.HandedOver()
	}
}

// operatorsPatience is how long requests under way may take when nobody is served any more.
const operatorsPatience = time.Second

// close may be called more than once.
func (o *operators) close() {
	if o.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), operatorsPatience)
	defer cancel()
	o.server.Close(ctx)
}
