package top

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// showAdmin, in the environment of the test binary, makes it show that server.
const showAdmin = "PROXY_ENGINE_TEST_SHOW_ADMIN"

func TestMain(m *testing.M) {
	if address := os.Getenv(showAdmin); address != "" {
		if err := show(address); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// show is what proxy-engine top does.
func show(address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := api.NewClient(api.ClientOptions{Address: address})
	if err != nil {
		return err
	}
	t, err := OpenTTY()
	if err != nil {
		return err
	}
	defer t.Close()
	return Run(ctx, t, Options{Client: c, Interval: 100 * time.Millisecond, Table: "resources", Color: true})
}
