package measure

import (
	"encoding/json"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// An hour is far beyond every timeout, so no latency falls outside.
	longestLatency = time.Hour
	// Three digits: a reported latency is at most 0.1 % off.
	latencyDigits = 3
)

// Latencies is an HDR histogram of durations: it keeps every sample, at a
// precision of 0.1 %, and merges without loss. Not for concurrent use.
type Latencies struct {
	histogram *hdrhistogram.Histogram
}

// NewLatencies returns an empty histogram.
func NewLatencies() *Latencies {
	return &Latencies{hdrhistogram.New(1, int64(longestLatency), latencyDigits)}
}

// Add records one latency; those outside 1 ns to 1 h are recorded as the bound.
func (l *Latencies) Add(d time.Duration) {
	// The bounds are the histogram's own, so it can't refuse the value.
	_ = l.histogram.RecordValue(int64(min(max(d, 1), longestLatency)))
}

// Merge adds all samples of other, which stays as it is.
func (l *Latencies) Merge(other *Latencies) { l.histogram.Merge(other.histogram) }

// Count returns the number of samples.
func (l *Latencies) Count() uint64 { return uint64(l.histogram.TotalCount()) }

// Mean returns the average, or 0 without samples.
func (l *Latencies) Mean() time.Duration { return time.Duration(l.histogram.Mean()) }

// Max returns the longest, or 0 without samples.
func (l *Latencies) Max() time.Duration { return time.Duration(l.histogram.Max()) }

// Quantile returns the latency that percent of the samples don't exceed.
func (l *Latencies) Quantile(percent float64) time.Duration {
	return time.Duration(l.histogram.ValueAtQuantile(percent))
}

// latencyJSON holds the whole histogram, so that a reader can recompute any
// percentile and merge reports, and the usual percentiles for people.
type latencyJSON struct {
	Count     uint64        `json:"count"`
	Mean      time.Duration `json:"mean_ns"`
	P50       time.Duration `json:"p50_ns"`
	P90       time.Duration `json:"p90_ns"`
	P99       time.Duration `json:"p99_ns"`
	P999      time.Duration `json:"p999_ns"`
	Max       time.Duration `json:"max_ns"`
	Histogram []byte        `json:"hdr_v2"` // in HdrHistogram's V2 compressed form
}

// MarshalJSON writes the percentiles and the whole histogram.
func (l *Latencies) MarshalJSON() ([]byte, error) {
	encoded, err := l.histogram.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, err
	}
	return json.Marshal(latencyJSON{
		Count: l.Count(), Mean: l.Mean(), Max: l.Max(),
		P50: l.Quantile(50), P90: l.Quantile(90), P99: l.Quantile(99), P999: l.Quantile(99.9),
		Histogram: encoded,
	})
}

// UnmarshalJSON restores the histogram; the percentiles follow from it.
func (l *Latencies) UnmarshalJSON(b []byte) error {
	var in latencyJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	histogram, err := hdrhistogram.Decode(in.Histogram)
	if err != nil {
		return err
	}
	l.histogram = histogram
	return nil
}
