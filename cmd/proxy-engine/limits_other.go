//go:build !linux && !darwin

package main

import "math"

// raiseDescriptorLimit has nothing to do where sockets aren't limited by a
// number of descriptors per process.
func raiseDescriptorLimit(uint64) (uint64, error) { return math.MaxInt64, nil }
