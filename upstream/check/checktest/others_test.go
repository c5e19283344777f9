package checktest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

func TestSMTPSink(t *testing.T) {
	for flag, want := range map[string]upstream.Outcome{"-v": upstream.Connected, "-qconnect": upstream.HungUp, "-Qconnect": upstream.Failed} {
		t.Run(flag, func(t *testing.T) {
			address := freeAddress(t, "127.0.0.1")
			sink := exec.Command("smtp-sink", flag, "-u", "nobody", address, "100")
			enginetest.Must(t, sink.Start())
			defer func() {
				_ = sink.Process.Kill()
				_ = sink.Wait()
			}()
			enginetest.Eventually(t, "smtp-sink listens", func() bool {
				return upstream.Classify(look(t, address, check.TCP)) == upstream.Connected
			})
			for range 20 {
				if err := look(t, address, check.SMTP); upstream.Classify(err) != want {
					t.Fatalf("%v, want %v", err, want)
				}
			}
		})
	}
}

const nginxConfig = `
daemon off; master_process off; pid %[1]s/pid; error_log stderr error;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen %[2]s;
    location = /healthz { return 204; }
    location = /moved { return 301 /healthz; }
    location / { return 503; }
  }
  server { listen %[2]s; server_name shop.example; location / { return 200 "hello"; } }
}
`

func TestNginx(t *testing.T) {
	dir := t.TempDir()
	address := freeAddress(t, "127.0.0.1")
	file := filepath.Join(dir, "nginx.conf")
	enginetest.Must(t, os.WriteFile(file, fmt.Appendf(nil, nginxConfig, dir, address), 0o600))
	nginx := exec.Command("nginx", "-p", dir, "-e", "stderr", "-c", file)
	enginetest.Must(t, nginx.Start())
	defer func() {
		// It has no other processes.
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
	}()
	enginetest.Eventually(t, "nginx listens", func() bool {
		return upstream.Classify(look(t, address, check.TCP)) == upstream.Connected
	})
	for _, tc := range []struct{ path, host, want string }{
		{"/healthz", "", "<nil>"},
		{"/moved", "", "<nil>"},
		{"/", "shop.example", "<nil>"},
		{"", "", "HTTP: status 503"},
		{"/x", "", "HTTP: status 503"},
	} {
		if err := look(t, address, check.HTTP(tc.path, tc.host, 0)); fmt.Sprint(err) != tc.want {
			t.Errorf("%s of %q: %v", tc.path, tc.host, err)
		}
	}
}
