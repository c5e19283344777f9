package top

import "io"

// Terminal is where top is shown, and its keys come from. Run calls its methods from
// one goroutine, but for Read, which has one of its own.
type Terminal interface {
	// Read returns what keys send; io.EOF if the terminal is gone.
	io.Reader
	io.Writer
	// Raw has keys passed on as they are pressed, until restore is called.
	Raw() (restore func() error, err error)
	// Size is the terminal's, in columns and lines.
	Size() (width, height int, err error)
	// Changes tells that the size may have changed, or that somebody wants the
	// program suspended.
	Changes() <-chan Change
	// Suspend stops the program, and returns when it goes on.
	Suspend()
}

// Change is what a Terminal tells of.
type Change uint8

// The changes.
const (
	Resized   Change = iota // the size may be another one
	Suspended               // the program is to be suspended: SIGTSTP
)
