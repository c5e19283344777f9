package redis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// meta adds one entry of the Result's metadata.
func (r *record) meta(key, value string) error {
	if key == "" {
		return errors.New("metadata needs a name")
	}
	if _, twice := r.Metadata[key]; twice {
		return fmt.Errorf("the metadata %.100q is there twice", key)
	}
	if len(r.Metadata) == maxFields {
		return fmt.Errorf("more than %d entries of metadata", maxFields)
	}
	if r.Metadata == nil {
		r.Metadata = make(map[string]string)
	}
	r.Metadata[key] = value
	return nil
}

var errObject = errors.New("want one JSON object whose values are text")

// metadataObject takes metadata in one field. It is read token by token, for a
// name that is there twice to be seen.
func (r *record) metadataObject(text string) error {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return errObject
	}
	for d.More() {
		key, value, err := textPair(d)
		if err != nil {
			return err
		}
		if err := r.meta(key, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil || d.InputOffset() != int64(len(bytes.TrimRight([]byte(text), " \t\r\n"))) {
		return errObject
	}
	return nil
}

func textPair(d *json.Decoder) (key, value string, err error) {
	for _, to := range []*string{&key, &value} {
		token, err := d.Token()
		text, ok := token.(string)
		if err != nil || !ok {
			return "", "", errObject
		}
		*to = text
	}
	return key, value, nil
}
