//go:build !linux

// Command loadtest generates load for a server. It needs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "loadtest: needs Linux (epoll and /proc)")
	os.Exit(1)
}
