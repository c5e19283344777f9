package webtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// understood is what a server made of a request. The keys are lower case.
type understood struct {
	Method   string              `json:"method"`
	Target   string              `json:"target"`
	Headers  map[string][]string `json:"headers"`
	Body     string              `json:"body"` // a character per byte
	Trailers map[string][]string `json:"trailers"`
}

// serveGo runs a server of package net/http, and returns its address.
func serveGo(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.DisableGeneralOptionsHandler = true // OPTIONS * is for the handler
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// seen answers with the request as net/http understood it.
func seen(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	u := understood{
		Method: r.Method, Target: r.RequestURI, Body: latin1(body),
		Headers: lowerCase(r.Header), Trailers: lowerCase(r.Trailer),
	}
	// Package net/http takes these out.
	u.Headers["host"] = []string{r.Host}
	if len(r.TransferEncoding) > 0 {
		u.Headers["transfer-encoding"] = r.TransferEncoding
	}
	answer, err := json.Marshal(u)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(answer) // a client that has gone is no fault
}

func lowerCase(h http.Header) map[string][]string {
	lower := make(map[string][]string, len(h))
	for name, values := range h {
		lower[strings.ToLower(name)] = values
	}
	return lower
}

func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// file is what /file holds, for ranges.
const file = "0123456789abcdefghijklmnopqrstuvwxyz"

// page serves what the tests of clients ask for.
func page(w http.ResponseWriter, r *http.Request) {
	switch path.Join("/", path.Base(r.URL.Path)) {
	case "/file":
		http.ServeContent(w, r, "file.txt", time.Time{}, strings.NewReader(file))
	case "/chunked":
		for i := range 100 {
			fmt.Fprintf(w, "line %d\n", i)
			w.(http.Flusher).Flush()
		}
	case "/sum":
		sum := checksum()
		n, err := io.Copy(sum, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "%d %08x %v\n", n, sum.Sum32(), r.TransferEncoding)
	case "/refused":
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/reversed":
		body, _ := io.ReadAll(r.Body) // what is missing shows
		slices.Reverse(body)
		_, _ = w.Write(body)
	default:
		seen(w, r)
	}
}
