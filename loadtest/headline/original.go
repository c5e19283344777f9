package headline

// Original are the figures published for the original proxy, on 8 cores and 32
// GB.
var Original = struct {
	Sessions         int     // peak of concurrent connections
	MemoryAtPeak     float64 // bytes
	MemoryPerSession float64 // bytes
	ConnectionRate   float64 // per second, sustained
	CPUAtPeak        float64 // share of all cores
}{672_348, 23e9, 33e3, 18_067, 0.60}
