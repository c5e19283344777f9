package main

import (
	"errors"
	"strconv"
)

// parseStatus takes the status of a final response.
func parseStatus(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 200 || n > 599 {
		return 0, errors.New("want a status from 200 to 599")
	}
	return n, nil
}

// formatStatus is "" for no status.
func formatStatus(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

const (
	hostPreserve = "preserve"
	hostBackend  = "backend"
)

// parseHostHeader returns whether Host becomes the backend's.
func parseHostHeader(text string) (bool, error) {
	if text != hostPreserve && text != hostBackend {
		return false, errors.New("want preserve or backend")
	}
	return text == hostBackend, nil
}

func formatHostHeader(backend bool) string {
	if backend {
		return hostBackend
	}
	return hostPreserve
}

func parseServerMode(text string) (string, error) {
	if text != "process" && text != "base" {
		return "", errors.New("want process or base")
	}
	return text, nil
}

func formatLargeSize(n int64) string { return strconv.FormatInt(n, 10) }
