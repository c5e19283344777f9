//go:build unix

package pgcluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// WriteFile puts a file into the cluster's data folder, where settings name it
// without a path. Only the server may read it. What a running server has read
// already it reads again when it is restarted.
func (c *Cluster) WriteFile(name string, content []byte) error {
	path := filepath.Join(c.data(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return c.farm.account.own(path)
}

// Delete ends the server at once and deletes its data. It can't be restarted
// then.
func (c *Cluster) Delete() error {
	return errors.Join(c.Stop(context.Background(), Immediate), os.RemoveAll(c.dir))
}
