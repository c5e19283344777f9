package webhook

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/proxy-engine/proxy-engine/resolve/filewatch"
)

// maxOptionFile bounds the files that options name, in bytes.
const maxOptionFile = 1 << 20

// ParseOptions reads options as a URL's query has them:
//
//	token-env=NAME       the variable that holds the bearer token, or
//	token-file=PATH      the file; a line end behind it is no part of it
//	hmac-env, hmac-file  the key for signatures, likewise
//	timeout=3s           for one POST
//	concurrency=64       POSTs at once
//	ca=PATH              authorities for the service's certificate, PEM
//	messages=PATH        what clients may be told: YAML, "key: text" per line
//	origins=URL,URL      where resources may be woken
//
// so that no secret shows in a list of processes. Files are read once. All
// faults are returned, joined.
func ParseOptions(query string) (Options, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return Options{}, errors.New("the options aren't of the form name=value&name=value")
	}
	var o Options
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := o.parse(name, values[name]); err != nil {
			errs = append(errs, fmt.Errorf("%.100s: %w", name, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Options{}, err
	}
	return o, o.Validate()
}

func (o *Options) parse(name string, values []string) (err error) {
	if len(values) != 1 {
		return errors.New("is given more than once")
	}
	value := values[0]
	switch name {
	case "token-env", "token-file":
		o.Token, err = secret(o.Token, name, value)
	case "hmac-env", "hmac-file":
		var key string
		key, err = secret(string(o.Key), name, value)
		o.Key = []byte(key)
	case "timeout":
		o.Timeout, err = time.ParseDuration(value)
		if err != nil || o.Timeout <= 0 {
			err = errors.New("want a time with its unit, such as 3s or 500ms")
		}
	case "concurrency":
		o.Concurrency, err = strconv.Atoi(value)
		if err != nil || o.Concurrency < 1 {
			err = errors.New("want a whole number from 1")
		}
	case "ca":
		o.Roots, err = readRoots(value)
	case "messages":
		o.Messages, err = readMessages(value)
	case "origins":
		o.Origins = strings.Split(value, ",")
	default:
		err = errors.New("there is no such option: want token-env, token-file, hmac-env, hmac-file, timeout, " +
			"concurrency, ca, messages or origins")
	}
	return err
}

// secret reads a secret from where it is; before is what another option has read.
func secret(before, name, place string) (string, error) {
	if before != "" {
		return "", errors.New("the same secret is given twice")
	}
	text := ""
	if strings.HasSuffix(name, "-env") {
		text = os.Getenv(place)
	} else {
		content, err := filewatch.Read(place, maxOptionFile)
		if err != nil {
			return "", err
		}
		text = strings.TrimRight(string(content), "\r\n")
	}
	if text == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}

func readRoots(path string) (*x509.CertPool, error) {
	content, err := filewatch.Read(path, maxOptionFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, errors.New("the file has no certificate in PEM")
	}
	return roots, nil
}

func readMessages(path string) (messages map[string]string, err error) {
	content, err := filewatch.Read(path, maxOptionFile)
	if err != nil {
		return nil, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(&messages); err != nil {
		return nil, errors.New(`the file isn't YAML with "key: text" per line`)
	}
	return messages, nil
}
