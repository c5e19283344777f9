package redis

import "strings"

// hidden stands for a password in an error's text.
const hidden = "xxxxx"

// blamed is an error of which the text is another one.
type blamed struct {
	text string
	err  error
}

func (e *blamed) Error() string { return e.text }

func (e *blamed) Unwrap() error { return e.err }

// withoutSecrets returns an error, nil for none, without the passwords: a server that
// doesn't know a command answers with the command, and logging in is one.
func (o *Options) withoutSecrets(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, password := range []string{o.Password, o.SentinelPassword} {
		if password != "" {
			text = strings.ReplaceAll(text, password, hidden)
		}
	}
	if text == err.Error() {
		return err
	}
	return &blamed{text, err}
}
