package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// reply is the body of an answer: a result, or an error, which has a kind.
type reply struct {
	Endpoint    string            `json:"endpoint"`
	Endpoints   []string          `json:"endpoints"`
	Balance     string            `json:"balance"`
	Metadata    map[string]string `json:"metadata"`
	Timeout     *span             `json:"timeout"`
	TTL         span              `json:"ttl"` // of an error as well
	State       string            `json:"state"`
	Wake        string            `json:"wake"`
	Drain       span              `json:"drain"`
	MaxSessions int               `json:"max_sessions"`
	SessionRate int               `json:"session_rate"`

	refusal
}

// refusal is the body of an error, but for its ttl.
type refusal struct {
	Kind       string `json:"kind"`
	MessageKey string `json:"message_key"`
	RetryAfter span   `json:"retry_after"`
}

// parseReply reads exactly one object. Faults don't quote values: metadata may be
// secret.
func parseReply(body []byte) (r reply, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return reply{}, jsonFault(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return reply{}, errors.New("there is something behind the JSON object")
	}
	return r, nil
}

// jsonFault is err without what it may quote.
func jsonFault(err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch):
		return fmt.Errorf("field %.100q isn't of type %v", mismatch.Field, mismatch.Type)
	case errors.Is(err, errSpan):
		return errSpan
	case bytes.HasPrefix([]byte(err.Error()), []byte("json: unknown field ")):
		return fmt.Errorf("%.100w", err)
	}
	return errors.New("malformed JSON")
}

// result makes the Result of an answer that is one.
func (r *reply) result() (resolve.Result, error) {
	all := r.Endpoints
	if r.Endpoint != "" {
		all = append([]string{r.Endpoint}, all...)
	}
	if err := checkEndpoints(all); err != nil {
		return resolve.Result{}, err
	}
	res := resolve.Result{
		Endpoint: all[0], Others: all[1:], Metadata: r.Metadata, TTL: time.Duration(r.TTL),
		Wake: r.Wake, Drain: time.Duration(r.Drain), MaxSessions: r.MaxSessions, SessionRate: r.SessionRate,
	}
	return res, errors.Join(r.balance(&res), r.state(&res), r.timeout(&res), r.checkWake(), r.checkLimits())
}

func checkEndpoints(all []string) error {
	if len(all) == 0 {
		return errors.New("there is no endpoint")
	}
	if len(all) > 1+resolve.MaxOthers {
		return fmt.Errorf("%d endpoints are more than %d", len(all), 1+resolve.MaxOthers)
	}
	for _, endpoint := range all {
		if _, _, err := resolve.ParseEndpoint(endpoint); err != nil {
			return err
		}
	}
	return nil
}

func (r *reply) balance(res *resolve.Result) (err error) {
	res.Balance, err = resolve.ParseBalance(r.Balance)
	return err
}

func (r *reply) state(res *resolve.Result) (err error) {
	res.State, err = resolve.ParseState(r.State)
	return err
}

func (r *reply) timeout(res *resolve.Result) error {
	if r.Timeout == nil {
		return nil
	}
	if *r.Timeout <= 0 {
		return errors.New("the timeout isn't positive")
	}
	res.Timeout = time.Duration(*r.Timeout)
	return nil
}

func (r *reply) checkWake() error {
	if r.Wake == "" {
		return nil
	}
	if err := resolve.CheckWakeURL(r.Wake); err != nil {
		return fmt.Errorf("wake: %w", err)
	}
	return nil
}

func (r *reply) checkLimits() error {
	for _, n := range []int{r.MaxSessions, r.SessionRate} {
		if n < 0 || n > math.MaxInt32 {
			return errors.New("max_sessions and session_rate: want a whole number from 0 to 2147483647")
		}
	}
	return nil
}
