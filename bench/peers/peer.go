//go:build linux

package main

import (
	"net/netip"
	"path/filepath"
)

// peer is a proxy that can be measured.
type peer struct {
	name string
	// serves says, for each workload the peer can carry, how it is started.
	serves map[workload]func(site) plan
	// descriptors is how many it needs per idle session, which bounds the
	// sessions it can hold.
	descriptors int
	// version is the command that prints it.
	version []string
}

// site is where a peer is to be started.
type site struct {
	listen, backend netip.AddrPort
	dir             string // for its files; another user may not see into it
	threads         int    // workers, loops or processes
	root            bool   // it is started by root
	self            string // this program's binary
	proxyEngine     string // proxy-engine's
}

// file returns the path of one of the peer's files.
func (s site) file(name string) string { return filepath.Join(s.dir, name) }

// plan is how to start a peer.
type plan struct {
	// config is the file it reads; none if the name is empty.
	config config
	// check is the command that says beforehand whether it can be started;
	// nil for none.
	check []string
	start []string
	// copies is how many processes are started with that command, all
	// listening at the same address; 0 means one.
	copies int
}

// config is a configuration file in the site's folder.
type config struct{ name, text string }

// direct is the name under which the backend is measured without a proxy.
const direct = "direct"

// reference is the peer the others' results are divided by.
const reference = "haproxy"

// ownDescriptors is what a peer needs besides its sessions'. The largest
// share is proxy-engine's, which keeps 385 back for its own files and for
// clients that it refuses.
const ownDescriptors = 500

// peers lists those there are. The binary is proxy-engine's.
func peers(binary string) []peer {
	return []peer{
		haproxyPeer("haproxy", ""),
		haproxyPeer("haproxy-splice", "  option splice-auto\n"),
		nginxPeer(),
		// A reactor's session holds its two sockets, a goroutine's also the
		// pipes of splice: package net keeps one per direction while it waits.
		proxyEnginePeer("reactor", binary, 2),
		proxyEnginePeer("goroutine", binary, 2+2*2),
		cryptoTLSPeer(),
		pgbouncerPeer(),
	}
}

func peerNames() []string {
	names := []string{direct}
	for _, p := range peers("") {
		names = append(names, p.name)
	}
	return names
}

// holds returns how many of the sessions wanted the peer can hold when it may
// open so many descriptors.
func (p peer) holds(wanted, limit int) int {
	return max(min(wanted, (limit-ownDescriptors)/p.descriptors), 1)
}

// about is how the results name the peer at a workload.
func (p peer) about(w workload) string { return p.name + " (" + w.String() + ")" }
