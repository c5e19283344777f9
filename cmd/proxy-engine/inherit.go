package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"

	"github.com/coreos/go-systemd/v22/activation"
)

// handOverVariable is what a process that is to take over finds a handOver in. Its name is
// none that a setting might have.
const handOverVariable = "_PROXY_ENGINE_HANDOVER"

// handOver says which descriptors a process was given by the one that has started it, from
// firstFile on: where to say that clients can come, operators' socket if there is one,
// and the listeners' sockets by name.
type handOver struct {
	// From is the giver's process id. In any other's child the variable means nothing.
	From int `json:"from"`
	// Operators is --admin of the giver, "" if its socket isn't given; the path of a unix socket
	// may be systemd's.
	Operators   string `json:"operators"`
	SystemdPath bool   `json:"systemd_path"`
	// Clients are how many sockets each listener has.
	Clients map[string]int `json:"clients"`
}

// firstFile is the first descriptor behind the standard streams, where systemd's begin as
// well.
const firstFile = 3

// operatorsSocket is what systemd's socket unit calls the one of --admin
// (FileDescriptorName).
const operatorsSocket = "admin"

// inheritance is what this process was given to listen at.
type inheritance struct {
	clients   []*os.File
	operators *os.File // nil for none
	// address is --admin of the process that operators is from, "" if that is systemd.
	address string
	// systemdPath says that a unix socket's path is systemd's to remove.
	systemdPath bool
	ready       *os.File // where to say that clients can come, nil if nobody waits
}

// inherit takes what the process was given, once: by the one that it takes over from, or by
// systemd.
func inherit() (*inheritance, error) {
	text := os.Getenv(handOverVariable)
	if err := os.Unsetenv(handOverVariable); err != nil {
		return nil, err
	}
	given := handOver{From: -1}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			return nil, fmt.Errorf("%s: %w", handOverVariable, err)
		}
	}
	if given.From == os.Getppid() {
		return given.take(), nil
	}
	return fromSystemd(activation.Files(true)), nil
}

// take opens the descriptors.
func (h *handOver) take() *inheritance {
	next := firstFile
	open := func(name string) *os.File {
		closeOnExec(next)
		next++
		return os.NewFile(uintptr(next-1), name)
	}
	had := &inheritance{ready: open("ready"), address: h.Operators, systemdPath: h.SystemdPath}
	if h.Operators != "" {
		had.operators = open(operatorsSocket)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Clients)) {
		for range h.Clients[name] {
			had.clients = append(had.clients, open(name))
		}
	}
	return had
}

// fromSystemd tells operators' socket from the others.
func fromSystemd(files []*os.File) *inheritance {
	had := &inheritance{systemdPath: true}
	for _, f := range files {
		if f.Name() == operatorsSocket && had.operators == nil {
			had.operators = f
		} else {
			had.clients = append(had.clients, f)
		}
	}
	return had
}

// listener returns operators' listener if it is for this address, nil if it isn't or there is
// none; "" is no address. It may be called once.
func (h *inheritance) listener(address string) (net.Listener, error) {
	if h.operators == nil {
		return nil, nil
	}
	defer h.operators.Close()
	if address == "" || h.address != "" && h.address != address {
		return nil, nil
	}
	ln, err := net.FileListener(h.operators)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	if unix, is := ln.(*net.UnixListener); is {
		unix.SetUnlinkOnClose(!h.systemdPath)
	}
	return ln, nil
}

// tell says to who waits for it that clients can come.
func (h *inheritance) tell() error {
	if h.ready == nil {
		return nil
	}
	defer h.ready.Close()
	_, err := h.ready.Write([]byte{1})
	return err
}
