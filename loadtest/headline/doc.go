// Package headline measures the figures the original proxy published, on this
// machine: it starts the backend and as many processes of proxy-engine as the
// descriptor limit makes necessary, holds as many sessions as the machine has
// room for, and measures how fast connections come and go.
package headline
