package webhook

import (
	"encoding/json"
	"errors"
	"time"
)

// span is a time: text in Go's notation, or a number of seconds.
type span time.Duration

var errSpan = errors.New(`want a time such as "5s", or a number of seconds`)

// maxSpan is what no time of ours comes near, in seconds: ten years.
const maxSpan = 10 * 365 * 86_400

// UnmarshalJSON implements json.Unmarshaler.
func (s *span) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		var notation string
		if err := json.Unmarshal(text, &notation); err != nil {
			return err
		}
		d, err := time.ParseDuration(notation)
		if err != nil {
			return errSpan
		}
		*s = span(d)
		return nil
	}
	var seconds float64
	if string(text) == "null" || json.Unmarshal(text, &seconds) != nil || seconds > maxSpan || seconds < -maxSpan {
		return errSpan
	}
	*s = span(seconds * float64(time.Second))
	return nil
}
