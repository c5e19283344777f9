//go:build linux

package main

const (
	httpHost = "bench.example"
	httpPath = "/"
	// httpBody is the size of the backend's answers.
	httpBody = "1KiB"
)

func httpRows() []row {
	return []row{
		requests("http-50", "HTTP keep-alive, 1 KiB, 50 connections", 50),
		requests("http-200", "HTTP keep-alive, 1 KiB, 200 connections", 200),
		requests("http-new", "HTTP, a connection for each request", 50, "--new-connections"),
	}
}

func requests(id, title string, conns int, more ...string) row {
	return row{
		id: id, title: title, workload: workHTTP, backend: backendHTTP,
		load:    timed("http", conns, append(requestWords("tag"), more...)...),
		metrics: []metric{rateOf("requests"), cpuPer("request", "%.2f"), latencyP99()},
		takes:   spanTakes,
	}
}

// requestWords says what is asked for and how closely the answer is looked at.
func requestWords(check string) []string {
	return []string{"--host", httpHost, "--path", httpPath, "--payload", httpBody, "--check", check}
}
