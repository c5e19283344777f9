package filewatch

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Read returns the content of a file, which mustn't be more than limit bytes:
// whoever watches a file reads what others put there.
func Read(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var content bytes.Buffer
	n, err := content.ReadFrom(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return content.Bytes(), nil
}
