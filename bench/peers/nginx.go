//go:build linux

package main

import (
	"fmt"
	"os"
)

// nginxStream is where Debian puts the stream module; elsewhere it is mostly
// built in.
const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so"

func nginxPeer() peer {
	return peer{
		name: "nginx", descriptors: 2, version: []string{installed("nginx"), "-v"},
		serves: map[workload]func(site) plan{
			workTCP:  func(s site) plan { return nginx(s, nginxModule()+nginxMain(s)+nginxTCP(s)) },
			workTLS:  func(s site) plan { return nginx(s, nginxModule()+nginxMain(s)+nginxTLS(s)) },
			workHTTP: func(s site) plan { return nginx(s, nginxMain(s)+nginxHTTP(s)) },
		},
	}
}

func nginx(s site, text string) plan {
	c := config{"nginx.conf", text}
	binary, path := installed("nginx"), s.file(c.name)
	return plan{config: c, check: []string{binary, "-t", "-c", path}, start: []string{binary, "-c", path}}
}

// nginxModule loads the stream module if it is a file of its own.
func nginxModule() string {
	if _, err := os.Stat(nginxStream); err != nil {
		return ""
	}
	return "load_module " + nginxStream + ";\n"
}

func nginxMain(s site) string {
	return fmt.Sprintf(`daemon off;
pid %s;
error_log %s;
worker_processes %d;
worker_rlimit_nofile 20000;
events { worker_connections 19000; }
`, s.file("nginx.pid"), s.file("error.log"), s.threads)
}

// nginxTCP passes on the end of one direction alone, as the others do; without
// being told, nginx ends both.
func nginxTCP(s site) string { return nginxRelay(s, "", "") }

// nginxTLS agrees on what the others agree on; by itself it takes the client's
// choice.
func nginxTLS(s site) string {
	return nginxRelay(s, " ssl", fmt.Sprintf(`    ssl_certificate %[1]s;
    ssl_certificate_key %[1]s;
    ssl_protocols TLSv1.3;
    ssl_ecdh_curve %[2]s;
    ssl_conf_command Ciphersuites %[3]s;
`, s.file(tlsFile), tlsCurve, tlsSuite))
}

// nginxRelay has more words for what it listens at, and more lines.
func nginxRelay(s site, listen, extra string) string {
	return fmt.Sprintf(`stream {
  server {
    listen %s%s reuseport backlog=4096;
%s    proxy_pass %s;
    proxy_timeout 1h;
    proxy_half_close on;
    tcp_nodelay on;
  }
}
`, s.listen, listen, extra, s.backend)
}

// nginxHTTP keeps connections to the backend, and lifts the number of requests
// after which either side's are closed.
func nginxHTTP(s site) string {
	return fmt.Sprintf(`http {
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  upstream backend {
    server %s;
    keepalive 1000;
    keepalive_requests 1000000000;
    keepalive_time 1d;
  }
  server {
    listen %s reuseport backlog=4096;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`, s.backend, s.listen)
}
