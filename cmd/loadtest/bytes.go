package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteCount is a flag's value such as 1024, 64KiB or 1MiB.
type byteCount int

// String returns the number in the largest unit that divides it.
func (b *byteCount) String() string {
	n := int(*b)
	for _, unit := range byteUnits {
		if n > 0 && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return strconv.Itoa(n)
}

// Set reads a number with or without a unit.
func (b *byteCount) Set(text string) error {
	number, size := text, 1
	for _, unit := range byteUnits {
		if rest, ok := strings.CutSuffix(text, unit.name); ok {
			number, size = rest, unit.size
			break
		}
	}
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || n < 0 || n > math.MaxInt32/size {
		return fmt.Errorf("want a number of bytes below 2 GiB, such as 1024, 64KiB or 1MiB")
	}
	*b = byteCount(n * size)
	return nil
}

// byteUnits lists the larger units first.
var byteUnits = [...]struct {
	name string
	size int
}{{"MiB", 1 << 20}, {"KiB", 1 << 10}}
