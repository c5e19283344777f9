//go:build linux

package packaging

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// labels are what every manifest has and every selector asks for.
type labels map[string]string

// Head is what all manifests begin with.
type Head struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name   string
		Labels labels
	}
}

type configMap struct {
	Head `yaml:",inline"`
	Data map[string]string
}

type selector struct {
	MatchLabels labels `yaml:"matchLabels"`
}

type probed struct{ Path, Port string }

type probe struct {
	Get              probed `yaml:"httpGet"`
	TimeoutSeconds   int    `yaml:"timeoutSeconds"`
	PeriodSeconds    int    `yaml:"periodSeconds"`
	FailureThreshold int    `yaml:"failureThreshold"`
}

type container struct {
	Name, Image string
	Args        []string
	Env         []struct {
		Name      string
		ValueFrom struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	ReadinessProbe probe `yaml:"readinessProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	Resources      struct{ Requests, Limits map[string]string }
	Security       struct {
		Escalation bool                    `yaml:"allowPrivilegeEscalation"`
		ReadOnly   bool                    `yaml:"readOnlyRootFilesystem"`
		Caps       struct{ Drop []string } `yaml:"capabilities"`
	} `yaml:"securityContext"`
	Mounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

// volume is made of a ConfigMap and of a Secret's items.
type volume struct {
	Name      string
	Projected struct {
		Sources []struct {
			ConfigMap struct{ Name string } `yaml:"configMap"`
			Secret    struct {
				Name  string
				Items []struct{ Key, Path string }
			}
		}
	}
}

type deployment struct {
	Head `yaml:",inline"`
	Spec struct {
		Selector selector
		Strategy struct {
			RollingUpdate struct {
				MaxSurge       int `yaml:"maxSurge"`
				MaxUnavailable int `yaml:"maxUnavailable"`
			} `yaml:"rollingUpdate"`
		}
		Template struct {
			Metadata struct{ Labels labels }
			Spec     struct {
				Grace      int  `yaml:"terminationGracePeriodSeconds"`
				Token      bool `yaml:"automountServiceAccountToken"`
				Links      bool `yaml:"enableServiceLinks"`
				Security   any  `yaml:"securityContext"`
				Spread     any  `yaml:"topologySpreadConstraints"`
				Containers []container
				Volumes    []volume
			}
		}
	}
}

type loadBalancer struct {
	Head `yaml:",inline"`
	Spec struct {
		Type     string
		Traffic  string `yaml:"externalTrafficPolicy"`
		Affinity string `yaml:"sessionAffinity"`
		Selector labels
		Ports    []struct {
			Name       string
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}
}

type autoscaler struct {
	Head `yaml:",inline"`
	Spec struct {
		Target struct {
			APIVersion string `yaml:"apiVersion"`
			Kind, Name string
		} `yaml:"scaleTargetRef"`
		Min     int `yaml:"minReplicas"`
		Max     int `yaml:"maxReplicas"`
		Metrics []struct {
			Type string
			Pods struct {
				Metric struct{ Name string }
				Target struct {
					Type    string
					Average string `yaml:"averageValue"`
				}
			}
			Resource any
		}
		Behavior any
	}
}

type budget struct {
	Head `yaml:",inline"`
	Spec struct {
		MaxUnavailable int `yaml:"maxUnavailable"`
		Selector       selector
	}
}

// manifests are all files of the folder.
type manifests struct {
	config     configMap
	deployment deployment
	service    loadBalancer
	autoscaler autoscaler
	disruption budget
}

func readManifests(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{}
	files := map[string]any{
		"config.yaml": &m.config, "deployment.yaml": &m.deployment, "service.yaml": &m.service,
		"autoscaler.yaml": &m.autoscaler, "disruption.yaml": &m.disruption,
	}
	for name, into := range files {
		decode(t, filepath.Join("kubernetes", name), into)
	}
	found, err := filepath.Glob("kubernetes/*")
	if err != nil || len(found) != len(files) {
		t.Errorf("%q, %v: want %q", found, err, slices.Sorted(maps.Keys(files)))
	}
	return m
}

func TestManifestsBelongTogether(t *testing.T) {
	m := readManifests(t)
	pod := m.deployment.Spec.Template.Metadata.Labels
	for kind, head := range map[string]Head{
		"v1 ConfigMap": m.config.Head, "apps/v1 Deployment": m.deployment.Head, "v1 Service": m.service.Head,
		"autoscaling/v2 HorizontalPodAutoscaler": m.autoscaler.Head, "policy/v1 PodDisruptionBudget": m.disruption.Head,
	} {
		if got := head.APIVersion + " " + head.Kind; got != kind || head.Metadata.Name != "proxy-engine" || !maps.Equal(head.Metadata.Labels, pod) {
			t.Errorf("%s: %+v, want %s", got, head, kind)
		}
	}
	for _, s := range []labels{m.deployment.Spec.Selector.MatchLabels, m.service.Spec.Selector, m.disruption.Spec.Selector.MatchLabels} {
		if len(s) == 0 || !maps.Equal(s, pod) {
			t.Errorf("%v selects no pod: they have %v", s, pod)
		}
	}
	if target := m.autoscaler.Spec.Target; target.Kind != "Deployment" || target.Name != m.deployment.Metadata.Name {
		t.Errorf("scales %+v", target)
	}
	if volumes := m.deployment.Spec.Template.Spec.Volumes; len(volumes) != 1 || volumes[0].Projected.Sources[0].ConfigMap.Name != m.config.Metadata.Name {
		t.Errorf("volumes %+v", volumes)
	}
}

// TestPodsRun has the binary judge what the pods are told.
func TestPodsRun(t *testing.T) {
	b, m := build(t), readManifests(t)
	c := m.deployment.Spec.Template.Spec.Containers[0]
	if len(c.Mounts) != 1 {
		t.Fatalf("mounts %+v", c.Mounts)
	}
	dir := t.TempDir()
	files := maps.Clone(m.config.Data)
	for _, item := range m.deployment.Spec.Template.Spec.Volumes[0].Projected.Sources[1].Secret.Items {
		files[item.Path] = "a secret"
	}
	for name, content := range files {
		content = strings.ReplaceAll(content, c.Mounts[0].MountPath, dir)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := slices.Clone(c.Args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], c.Mounts[0].MountPath, dir)
	}
	env := []string{c.Env[0].Name + "=redis://:password@redis:6379/0"}
	b.check(t, env, args...)

	var config map[string]any
	if err := yaml.Unmarshal([]byte(m.config.Data["config.yaml"]), &config); err != nil {
		t.Fatal(err)
	}
	checkPorts(t, m, c, config)
	checkTimes(t, m, fmt.Sprint(config["drain-delay"]), fmt.Sprint(config["drain-timeout"]))
	checkSizes(t, m, fmt.Sprint(config["max-sessions"]))
}

// checkPorts follows each port from the service to a listener of its name.
func checkPorts(t *testing.T, m *manifests, c container, config map[string]any) {
	t.Helper()
	open := make(map[string]bool)
	for _, p := range c.Ports {
		open[p.Name] = true
		if got, want := strings.Trim(fmt.Sprint(config[p.Name]), "[]"), fmt.Sprintf(":%d", p.ContainerPort); got != want {
			t.Errorf("port %s is %s, listens at %s", p.Name, want, got)
		}
	}
	for _, p := range m.service.Spec.Ports {
		if !open[p.TargetPort] {
			t.Errorf("the service's port %d leads to %s, which isn't open", p.Port, p.TargetPort)
		}
	}
	ready, live := c.ReadinessProbe, c.LivenessProbe
	if ready.Get != (probed{"/readyz", "admin"}) || live.Get != (probed{"/healthz", "admin"}) {
		t.Errorf("the probes look at %+v and %+v", ready.Get, live.Get)
	}
	// It takes the engine 2 s to say that a loop hangs.
	if live.TimeoutSeconds <= 2 {
		t.Errorf("the answer is awaited for %d s", live.TimeoutSeconds)
	}
}

// checkTimes: the probe has failed before clients are turned away, and the pod isn't killed
// before it has drained.
func checkTimes(t *testing.T, m *manifests, delay, drain string) {
	t.Helper()
	notReady, err := time.ParseDuration(delay)
	timeout, err2 := time.ParseDuration(drain)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	ready := m.deployment.Spec.Template.Spec.Containers[0].ReadinessProbe
	noticed := time.Duration(ready.PeriodSeconds*ready.FailureThreshold) * time.Second
	grace := time.Duration(m.deployment.Spec.Template.Spec.Grace) * time.Second
	if notReady <= noticed || notReady+timeout >= grace {
		t.Errorf("unready for %v, which is noticed within %v; drains %v, and is killed after %v", notReady, noticed, timeout, grace)
	}
}

// checkSizes does the arithmetic of docs/kubernetes.md, with half the kernel's
// sockets of the README's measurement.
func checkSizes(t *testing.T, m *manifests, most string) {
	t.Helper()
	sessions, err := strconv.Atoi(most)
	target, err2 := strconv.Atoi(m.autoscaler.Spec.Metrics[0].Pods.Target.Average)
	limit, err3 := strconv.Atoi(strings.TrimSuffix(m.deployment.Spec.Template.Spec.Containers[0].Resources.Limits["memory"], "Gi"))
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	if target*10 > sessions*7 {
		t.Errorf("scales at %d of %d sessions: too late to take over those of a pod that fails", target, sessions)
	}
	const perSession = 410 + 8200
	if need := 64<<20 + sessions*perSession; limit<<30 < need*3/2 {
		t.Errorf("%d GiB for %d sessions, which need %d bytes", limit, sessions, need)
	}
}

// TestKubernetesDocument: the page's sums are right.
func TestKubernetesDocument(t *testing.T) {
	page := text(t, root+"/docs/kubernetes.md")
	rows := regexp.MustCompile(`(?m)^\| ([\d,]+)[^|]* \| (\d+) MB \| ([\d.]+) GB \| ([\d.]+) GB \|`).FindAllStringSubmatch(page, -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		n, err := strconv.ParseFloat(strings.ReplaceAll(row[1], ",", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		for i, perSession := range []float64{410e3, 8610, 18510} { // MB, GB, GB
			got, err := strconv.ParseFloat(row[2+i], 64)
			if want := n * perSession / 1e9; err != nil || got < want*0.97 || got > want*1.03 {
				t.Errorf("%s sessions: %s, want %.3f", row[1], row[2+i], want)
			}
		}
	}
}
