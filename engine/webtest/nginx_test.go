package webtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// nginxProgram is where Debian keeps it, which not every user's PATH leads to.
func nginxProgram() string {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path
	}
	return "/usr/sbin/nginx"
}

// nginxConfig serves files, and passes what is below /app to a server without
// buffering.
const nginxConfig = `
daemon off; user root; worker_processes 1; pid %[1]s/pid; error_log stderr error;
events { worker_connections 256; }
http {
  access_log off; keepalive_timeout 30s;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server {
    listen %[2]s;
    root %[3]s;
    location /app/ { proxy_pass http://%[4]s; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off; }
  }
}
`

// serveNginx runs an nginx for the files of a folder and an application
// behind it. It inherits its listening socket, as in an upgrade of its program:
// no port has to be guessed.
func serveNginx(t *testing.T, dir, app string) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	socket, err := l.(*net.TCPListener).File()
	enginetest.Must(t, err)
	state := t.TempDir()
	file := filepath.Join(state, "nginx.conf")
	s := &service{addr: l.Addr().String()}
	enginetest.Must(t, os.WriteFile(file, fmt.Appendf(nil, nginxConfig, state, s.addr, dir, app), 0o600))
	s.cmd = exec.Command(nginxProgram(), "-p", state, "-e", "stderr", "-c", file)
	s.cmd.Env = append(os.Environ(), "NGINX=3;")
	s.cmd.ExtraFiles = []*os.File{socket}
	s.end = syscall.SIGTERM // for its worker must go too
	s.start(t)
	enginetest.CloseAll(t, socket, l)
	return s
}
