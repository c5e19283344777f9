package measure

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestAnswersCount(t *testing.T) {
	var a Answers
	a.Add("HTTP 503")
	a.Add("HTTP 404")
	a.Add("HTTP 503")
	if want := (Answers{"HTTP 503": 2, "HTTP 404": 1}); !maps.Equal(a, want) {
		t.Errorf("got %v, want %v", a, want)
	}
}

func TestAnswersMergeExactly(t *testing.T) {
	var sum Answers
	part := Answers{"HTTP 503": 2, "SQLSTATE 3D000": 5}
	sum.Merge(nil)
	if sum != nil {
		t.Errorf("%v out of nothing", sum)
	}
	sum.Merge(part)
	sum.Merge(part)
	if want := (Answers{"HTTP 503": 4, "SQLSTATE 3D000": 10}); !maps.Equal(sum, want) {
		t.Errorf("got %v, want %v", sum, want)
	}
	if part["HTTP 503"] != 2 {
		t.Error("what was merged has changed")
	}
}

func TestAnswersAreBounded(t *testing.T) {
	var first, second Answers
	for i := range 3 * answerKinds {
		first.Add(fmt.Sprint("first ", i))
		second.Add(fmt.Sprint("second ", i))
	}
	first.Merge(second)
	if len(first) != answerKinds+1 {
		t.Errorf("%d kinds, want %d and the others", len(first), answerKinds)
	}
	var sum uint64
	for _, n := range first {
		sum += n
	}
	if sum != 6*answerKinds || first[otherAnswers] != 5*answerKinds {
		t.Errorf("%d answers, %d of them others", sum, first[otherAnswers])
	}
	first.Add("first 0")
	if first["first 0"] != 2 {
		t.Error("a known answer is no longer counted")
	}
}

func TestAnswersRoundTrip(t *testing.T) {
	want := Answers{"HTTP 503": 1 << 60, "\"</script>\n": 2}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Answers
	if err := json.Unmarshal(text, &got); err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestEveryFailureHasItsName(t *testing.T) {
	seen := map[string]Failure{}
	for kind := range failures {
		name := kind.String()
		if other, taken := seen[name]; taken || strings.HasPrefix(name, "Failure(") {
			t.Errorf("kind %d: %q, as kind %d", kind, name, other)
		}
		seen[name] = kind
	}
	if Rejected.String() != "rejected" || failures.String() != fmt.Sprintf("Failure(%d)", failures) {
		t.Errorf("%v, %v", Rejected, failures)
	}
}

func TestRejectedInJSON(t *testing.T) {
	var f Failures
	f.Add(Rejected)
	text, err := json.Marshal(f)
	if err != nil || string(text) != `{"rejected":1}` {
		t.Errorf("%s, %v", text, err)
	}
}
