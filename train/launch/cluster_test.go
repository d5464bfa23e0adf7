package launch

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const clusterFiles = "../../configs/cluster/"

// The batch script is bash, and asks Slurm for what makes FromEnvironment's variables.
func TestSlurmFile(t *testing.T) {
	if out, err := exec.Command("bash", "-n", clusterFiles+"keygan.slurm").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	text, err := os.ReadFile(clusterFiles + "keygan.slurm")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"#SBATCH --nodes=2\n", "#SBATCH --ntasks-per-node=4\n", "\nsrun ", "keygan-train -c"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q", want)
		}
	}
	// The first directive after a command would be ignored.
	if strings.LastIndex(string(text), "#SBATCH") > strings.Index(string(text), "set -euo") {
		t.Error("a directive comes after the first command")
	}
	p, err := FromEnvironment(environ("SLURM_JOB_ID=5 SLURM_STEP_ID=0 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=6 SLURM_LOCALID=2 " +
		"SLURM_NODEID=1 SLURM_STEP_TASKS_PER_NODE=4(x2) SLURM_STEP_NODELIST=gpu[11-12]"))
	if err != nil || p.Host != "gpu11" || p.World != 8 || p.LocalWorld != 4 || p.Serve {
		t.Errorf("%+v, %v", p, err)
	}
}

// The manifest has the form that the operator takes, and its pods run keygan-train.
func TestPyTorchJobFile(t *testing.T) {
	text, err := os.ReadFile(clusterFiles + "pytorchjob.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type replicas struct {
		Replicas      int    `yaml:"replicas"`
		RestartPolicy string `yaml:"restartPolicy"`
		Template      struct {
			Spec struct {
				Containers []struct {
					Name, Image  string
					Command      []string
					Resources    map[string]map[string]int
					VolumeMounts []struct{ Name string } `yaml:"volumeMounts"`
				}
				Volumes []struct{ Name string }
			}
		}
	}
	var job struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Spec       struct {
			Specs map[string]replicas `yaml:"pytorchReplicaSpecs"`
		}
	}
	if err := yaml.Unmarshal(text, &job); err != nil {
		t.Fatal(err)
	}
	if job.APIVersion != "kubeflow.org/v1" || job.Kind != "PyTorchJob" || len(job.Spec.Specs) != 2 || job.Spec.Specs["Master"].Replicas != 1 {
		t.Errorf("%+v", job)
	}
	for name, r := range job.Spec.Specs {
		pod := r.Template.Spec
		if len(pod.Containers) != 1 {
			t.Fatalf("%s has %d containers", name, len(pod.Containers))
		}
		c := pod.Containers[0]
		if c.Name != "pytorch" || c.Command[0] != "keygan-train" || c.Resources["limits"]["nvidia.com/gpu"] != 1 || r.RestartPolicy != "Never" {
			t.Errorf("%s: %+v", name, c)
		}
		for _, m := range c.VolumeMounts {
			if !slices.Contains(pod.Volumes, struct{ Name string }{m.Name}) {
				t.Errorf("%s: no volume %s", name, m.Name)
			}
		}
	}
}
