//go:build linux

package packaging

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// service is what compose.yaml may say of one; another field is a mistake.
type service struct {
	Image       string
	Build       struct{ Context, Dockerfile string }
	Profiles    []string
	Command     []string
	Environment map[string]string
	Ports       []string
	Volumes     []string
	Restart     string
	Healthcheck struct {
		Test     []string
		Interval string
		Retries  int
	}
	DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	ReadOnly  bool                                  `yaml:"read_only"`
	CapDrop   []string                              `yaml:"cap_drop"`
	Security  []string                              `yaml:"security_opt"`
	Ulimits   map[string]struct{ Soft, Hard int }
	Grace     string `yaml:"stop_grace_period"`
}

type compose struct {
	Name        string
	Proxy       service           `yaml:"x-proxy"`
	Environment map[string]string `yaml:"x-proxy-environment"`
	Services    map[string]service
	Networks    map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
	Volumes map[string]struct{}
}

// TestCompose holds compose.yaml against the original's five services and the
// settings.
func TestCompose(t *testing.T) {
	b := build(t)
	var c compose
	decode(t, "compose.yaml", &c)
	if names := slices.Sorted(maps.Keys(c.Services)); !slices.Equal(names, []string{"http", "mariadb", "redis", "smtp", "tcp"}) {
		t.Errorf("the services are %q", names)
	}
	published := map[string][]string{"http": {"8080:8080"}, "tcp": {"5432:5432", "3306:3306"}, "smtp": {"8025:8025"}}
	for name, ports := range published {
		s := c.Services[name]
		if !slices.Equal(s.Ports, ports) || !slices.Contains(s.Profiles, name) || !slices.Contains(s.Profiles, "all") {
			t.Errorf("%s: ports %q, profiles %q", name, s.Ports, s.Profiles)
		}
		var env []string
		for key, value := range s.Environment {
			env = append(env, key+"="+value)
		}
		b.check(t, env, s.Command...)
		for _, port := range ports {
			if _, inside, _ := strings.Cut(port, ":"); !strings.Contains(strings.Join(s.Command, " ")+" ", "=:"+inside+" ") {
				t.Errorf("%s: nothing listens at %s: %q", name, inside, s.Command)
			}
		}
		checkProxy(t, name, &c, s)
	}
}

// checkProxy looks at what all proxies have in common.
func checkProxy(t *testing.T, name string, c *compose, s service) {
	t.Helper()
	file := filepath.Join(s.Build.Context, s.Build.Dockerfile)
	if text(t, file) != text(t, "Dockerfile") {
		t.Errorf("%s: built from %s", name, file)
	}
	drain, err := time.ParseDuration(s.Environment["PROXY_DRAIN_TIMEOUT"])
	grace, err2 := time.ParseDuration(s.Grace)
	if err != nil || err2 != nil || drain >= grace {
		t.Errorf("%s: %v to drain, and killed after %v: %v, %v", name, drain, grace, err, err2)
	}
	if subnet := c.Networks["default"].IPAM.Config[0].Subnet; s.Environment["PROXY_ALLOW_CIDR"] != subnet {
		t.Errorf("%s: backends may not be in %s", name, subnet)
	}
	for other := range s.DependsOn {
		if _, ok := c.Services[other]; !ok {
			t.Errorf("%s depends on %s", name, other)
		}
	}
	if got := fmt.Sprint(s.ReadOnly, s.CapDrop, s.Security); got != "true [ALL] [no-new-privileges:true]" {
		t.Errorf("%s isn't locked up: %s", name, got)
	}
}
