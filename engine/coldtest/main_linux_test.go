package coldtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
)

// farm makes the databases. Set by TestMain, only read by tests.
var farm *pgcluster.Farm

func TestMain(m *testing.M) {
	if playRole() {
		return
	}
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "coldtest:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if farm, err = pgcluster.NewFarm(context.Background()); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, farm.Close()) }()
	return m.Run(), nil
}
