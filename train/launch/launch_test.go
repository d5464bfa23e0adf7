package launch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func environ(lines string) func(string) string {
	all := map[string]string{}
	for _, line := range strings.Fields(lines) {
		name, value, _ := strings.Cut(line, "=")
		all[name] = value
	}
	return func(name string) string { return all[name] }
}

func TestFromEnvironment(t *testing.T) {
	const (
		torchrun = "RANK=5 LOCAL_RANK=1 WORLD_SIZE=8 LOCAL_WORLD_SIZE=4 GROUP_RANK=1 MASTER_ADDR=n1 MASTER_PORT=29400 " +
			"TORCHELASTIC_RESTART_COUNT=2 TORCHELASTIC_RUN_ID=run7 "
		slurm = "SLURM_JOB_ID=812 SLURM_STEP_ID=0 SLURM_NTASKS=16 SLURM_STEP_NUM_TASKS=6 SLURM_TASKS_PER_NODE=8(x2) " +
			"SLURM_STEP_TASKS_PER_NODE=2(x2),1(x2) SLURM_JOB_NODELIST=gpu[01-09] SLURM_STEP_NODELIST=gpu[03-05,9] "
	)
	for _, test := range []struct {
		name, env string
		want      Part
		err       string
	}{
		{"nothing", "HOME=/root", Part{}, ""},
		{"torchrun", torchrun + "TORCHELASTIC_USE_AGENT_STORE=True", Part{5, 8, 1, 4, "n1", 29400, false, "keygan/run7/2/", time.Minute}, ""},
		{"rank 0 is a client of the agent's store", torchrun + "RANK=0 LOCAL_RANK=0 TORCHELASTIC_USE_AGENT_STORE=True",
			Part{0, 8, 0, 4, "n1", 29400, false, "keygan/run7/2/", time.Minute}, ""},
		{"rank 0 without an agent's store", torchrun + "RANK=0 LOCAL_RANK=0 TORCHELASTIC_USE_AGENT_STORE=False",
			Part{0, 8, 0, 4, "n1", 29400, true, "keygan/run7/2/", time.Minute}, ""},
		{"torchrun with one process", "RANK=0 LOCAL_RANK=0 WORLD_SIZE=1 LOCAL_WORLD_SIZE=1 MASTER_ADDR=n1 MASTER_PORT=29400", Part{}, ""},
		{"PyTorchJob's master", "RANK=0 WORLD_SIZE=3 MASTER_ADDR=localhost MASTER_PORT=23456 PYTHONUNBUFFERED=0",
			Part{0, 3, 0, 1, "localhost", 23456, true, "keygan//0/", time.Minute}, ""},
		{"PyTorchJob's worker", "RANK=2 WORLD_SIZE=3 MASTER_ADDR=job-master-0 MASTER_PORT=23456 KEYGAN_PATIENCE=10m",
			Part{2, 3, 0, 1, "job-master-0", 23456, false, "keygan//0/", 10 * time.Minute}, ""},
		{"srun", slurm + "SLURM_PROCID=4 SLURM_LOCALID=0 SLURM_NODEID=2",
			Part{4, 6, 0, 1, "gpu03", jobPort("812", "0"), false, "keygan/812.0//", time.Minute}, ""},
		{"srun on the first node", slurm + "SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0",
			Part{0, 6, 0, 2, "gpu03", jobPort("812", "0"), true, "keygan/812.0//", time.Minute}, ""},
		{"srun with an address", slurm + "SLURM_PROCID=1 SLURM_LOCALID=1 SLURM_NODEID=0 MASTER_ADDR=10.0.0.7 MASTER_PORT=4000 SLURM_RESTART_COUNT=1",
			Part{1, 6, 1, 2, "10.0.0.7", 4000, false, "keygan/812.0/1/", time.Minute}, ""},
		{"a job of older names", "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_STEP_ID=3 SLURM_JOBID=9 SLURM_LOCALID=0 SLURM_NODELIST=a,b",
			Part{1, 2, 0, 0, "a", jobPort("9", "3"), false, "keygan/9.3//", time.Minute}, ""},
		{"a batch script, not started by srun", "SLURM_PROCID=0 SLURM_NTASKS=16 SLURM_JOB_ID=812 SLURM_JOB_NODELIST=gpu[01-09]", Part{}, ""},
		{"srun of one task", "SLURM_PROCID=0 SLURM_NTASKS=1 SLURM_STEP_ID=0 SLURM_JOB_ID=812", Part{}, ""},
		{"torchrun within srun", "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_STEP_ID=0 SLURM_JOB_ID=812 SLURM_JOB_NODELIST=a,b " + torchrun,
			Part{5, 8, 1, 4, "n1", 29400, false, "keygan/run7/2/", time.Minute}, ""},

		{"no world", "RANK=1 MASTER_ADDR=n1 MASTER_PORT=29400", Part{}, "WORLD_SIZE is not set"},
		{"no rank", "WORLD_SIZE=2 MASTER_ADDR=n1 MASTER_PORT=29400", Part{}, "RANK is not set"},
		{"no address", "RANK=0 WORLD_SIZE=2 MASTER_PORT=29400", Part{}, "MASTER_ADDR"},
		{"no port", "RANK=0 WORLD_SIZE=2 MASTER_ADDR=n1", Part{}, "MASTER_PORT"},
		{"a word", "RANK=one WORLD_SIZE=2 MASTER_ADDR=n1 MASTER_PORT=29400", Part{}, "RANK=one"},
		{"too high a rank", "RANK=2 WORLD_SIZE=2 MASTER_ADDR=n1 MASTER_PORT=29400", Part{}, "rank 2 of 2"},
		{"a bad list", "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_STEP_ID=3 SLURM_JOB_NODELIST=a[1-", Part{}, "a[1-"},
		{"no list", "SLURM_PROCID=1 SLURM_NTASKS=2 SLURM_STEP_ID=3", Part{}, "MASTER_ADDR"},
		{"little patience", "KEYGAN_PATIENCE=10 " + torchrun, Part{}, "KEYGAN_PATIENCE=10"},
	} {
		got, err := FromEnvironment(environ(test.env))
		switch {
		case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: %v, want %q", test.name, err, test.err)
		case test.err == "":
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
		}
	}
}

func TestFirstHost(t *testing.T) {
	for list, want := range map[string]string{
		"a": "a", "a,b": "a", "node[01-04,07],x": "node01", "gpu[9]": "gpu9", "r[1-2]n[05,7]": "r1n05", "n[3-4].cluster": "n3.cluster",
		"login-1,n[1-2]": "login-1", "n[1-": "", "": "", ",a": "",
	} {
		if got, err := firstHost(list); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v, want %s", list, got, err, want)
		}
	}
}

func TestTasksOfNode(t *testing.T) {
	for _, test := range []struct {
		list string
		node int
		want int
	}{{"4", 0, 4}, {"4(x3),2", 2, 4}, {"4(x3),2", 3, 2}, {"4(x3),2", 4, 0}, {"", 0, 0}, {"many", 0, 0}} {
		if got := tasksOfNode(test.list, test.node); got != test.want {
			t.Errorf("%q, node %d: %d, want %d", test.list, test.node, got, test.want)
		}
	}
}

func TestJobPorts(t *testing.T) {
	seen := map[int]bool{}
	for _, job := range []string{"1", "2", "3", "99999", "100000"} {
		for _, step := range []string{"0", "1"} {
			p := jobPort(job, step)
			if p < 1024 || p >= 32768 || seen[p] {
				t.Errorf("job %s.%s: port %d", job, step, p)
			}
			seen[p] = true
		}
	}
}

// Every image falls to one rank, in order, and the ranks' shares are as equal as can be.
func TestShards(t *testing.T) {
	for n := 1; n < 20; n++ {
		for world := 1; world <= n; world++ {
			next := 0
			for rank := range world {
				from, to := Part{Rank: rank, World: world}.Shard(n)
				if from != next || to-from < n/world || to-from > (n+world-1)/world {
					t.Fatalf("%d of %d: rank %d has %d to %d", n, world, rank, from, to)
				}
				next = to
			}
			if next != n {
				t.Fatalf("%d images over %d ranks end at %d", n, world, next)
			}
		}
	}
}

func TestDevice(t *testing.T) {
	of := func(rank, world int) Part { return Part{Rank: 9, World: 16, LocalRank: rank, LocalWorld: world} }
	for _, test := range []struct {
		p     Part
		name  string
		count int
		want  string
	}{
		{Part{}, "auto", 4, "auto"}, {Part{}, "cuda:3", 4, "cuda:3"},
		{of(2, 4), "cpu", 4, "cpu"}, {of(2, 4), "auto", 0, "auto"},
		{of(2, 4), "auto", 4, "cuda:2"}, {of(2, 4), "cuda", 4, "cuda:2"},
		{of(2, 4), "auto", 1, "cuda:0"}, // a GPU for each task, of which each sees its own
		{of(2, 4), "auto", 2, ""}, {of(2, 4), "cuda:0", 4, ""}, {of(0, 2), "cuda:0", 4, ""}, {of(0, 1), "cuda:1", 2, "cuda:1"},
	} {
		if got, err := test.p.Device(test.name, test.count); got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%+v, %s of %d: %s, %v, want %s", test.p, test.name, test.count, got, err, test.want)
		}
	}
}
