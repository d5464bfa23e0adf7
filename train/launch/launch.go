// Package launch finds out from the environment which part a process has in a training of several processes.
//
//	p, err := launch.FromEnvironment(os.Getenv)
//
// It knows the variables of torchrun, which Kubeflow's PyTorchJob sets as well, and those of Slurm's srun. The package needs no libtorch.
package launch

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// Part is what one process is among those that train together. The zero Part trains alone.
type Part struct {
	Rank, World           int    // this process, from 0 on, and how many there are
	LocalRank, LocalWorld int    // the same among those of this machine; LocalWorld 0: unknown
	Host                  string // of the store
	Port                  int
	Serve                 bool          // this process holds the store
	Prefix                string        // of this start's keys in the store
	Patience              time.Duration // after which a process that nothing was heard of counts as lost
}

// Alone reports whether no other process takes part.
func (p Part) Alone() bool { return p.World <= 1 }

// PatienceVariable sets Part.Patience.
const (
	PatienceVariable = "KEYGAN_PATIENCE"
	defaultPatience  = time.Minute
)

// FromEnvironment reads the part from variables. Without any it is the zero Part. Variables that do not fit together are an error.
func FromEnvironment(getenv func(string) string) (Part, error) {
	e := &environment{get: getenv}
	var p Part
	switch {
	case getenv("RANK") != "" || getenv("WORLD_SIZE") != "":
		p = e.torchrun()
	// A batch script has a rank as well, but nobody else runs beside it: only srun makes steps.
	case getenv("SLURM_PROCID") != "" && getenv("SLURM_STEP_ID") != "":
		p = e.slurm()
	default:
		return p, nil
	}
	if e.err == nil && p.Alone() {
		return Part{}, nil
	}
	p.Patience = defaultPatience
	if text := getenv(PatienceVariable); text != "" {
		var err error
		if p.Patience, err = time.ParseDuration(text); err != nil || p.Patience < time.Second {
			e.fail("%s=%s: must be a duration of at least 1s, such as 90s", PatienceVariable, text)
		}
	}
	switch {
	case p.Rank >= p.World:
		e.fail("rank %d of %d processes: ranks begin at 0", p.Rank, p.World)
	case p.Host == "":
		e.fail("%d processes, but MASTER_ADDR does not name the host of rank 0", p.World)
	case p.Port < 1 || p.Port > 1<<16-1:
		e.fail("%d processes, but MASTER_PORT is not a port: %d", p.World, p.Port)
	}
	return p, e.err
}

// environment keeps the first error.
type environment struct {
	get func(string) string
	err error
}

func (e *environment) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}

// number is a variable's value, from 0 on, or that of the first of several names which is set.
func (e *environment) number(otherwise int, names ...string) int {
	for _, name := range names {
		if text := e.get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				e.fail("%s=%s: not a whole number from 0 on", name, text)
			}
			return n
		}
	}
	return otherwise
}

// torchrun: RANK and WORLD_SIZE with MASTER_ADDR and MASTER_PORT. PyTorchJob has no LOCAL_RANK: each of its pods runs one process.
func (e *environment) torchrun() Part {
	for _, name := range []string{"RANK", "WORLD_SIZE"} {
		if e.get(name) == "" {
			e.fail("RANK and WORLD_SIZE belong together, but %s is not set", name)
		}
	}
	p := Part{Rank: e.number(0, "RANK"), World: e.number(1, "WORLD_SIZE"), Host: e.get("MASTER_ADDR"), Port: e.number(0, "MASTER_PORT")}
	p.LocalRank, p.LocalWorld = e.number(0, "LOCAL_RANK"), e.number(0, "LOCAL_WORLD_SIZE")
	if e.get("LOCAL_RANK") == "" {
		p.LocalWorld = 1
	}
	// torchrun's agent already holds a store at this address, and one more cannot be opened there.
	p.Serve = p.Rank == 0 && e.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
	// The agent's store lives on when it starts its processes once more.
	p.Prefix = fmt.Sprintf("keygan/%s/%d/", e.get("TORCHELASTIC_RUN_ID"), e.number(0, "TORCHELASTIC_RESTART_COUNT"))
	return p
}

// slurm: srun's variables. The step's own, where there are any, count before the job's, which may have more tasks and hosts.
func (e *environment) slurm() Part {
	p := Part{Rank: e.number(0, "SLURM_PROCID"), World: e.number(1, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"), LocalRank: e.number(0, "SLURM_LOCALID")}
	first := func(names ...string) string {
		for _, name := range names {
			if v := e.get(name); v != "" {
				return v
			}
		}
		return ""
	}
	p.LocalWorld = tasksOfNode(first("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"), e.number(0, "SLURM_NODEID"))
	list := first("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")
	if p.Host = e.get("MASTER_ADDR"); p.Host == "" && list != "" {
		var err error
		if p.Host, err = firstHost(list); err != nil {
			e.fail("the node list %s: %v", list, err)
		}
	}
	job, step := first("SLURM_JOB_ID", "SLURM_JOBID"), e.get("SLURM_STEP_ID")
	p.Port = e.number(jobPort(job, step), "MASTER_PORT")
	p.Serve = p.Rank == 0
	p.Prefix = fmt.Sprintf("keygan/%s.%s/%s/", job, step, e.get("SLURM_RESTART_COUNT"))
	return p
}

// jobPort is where a job's step meets: below the ports that systems give out by themselves, and another one for each of a machine's
// jobs, as far as that goes.
func jobPort(job, step string) int {
	h := fnv.New32a()
	h.Write([]byte(job + "." + step))
	return 16384 + int(h.Sum32()%14336)
}

// firstHost is the first name of a list as Slurm abbreviates it: "gpu[03-07,9],login" begins with gpu03, "r[1-2]n[5,7]" with r1n5.
func firstHost(list string) (string, error) {
	var b strings.Builder
	for list != "" && list[0] != ',' {
		if list[0] != '[' {
			b.WriteByte(list[0])
			list = list[1:]
			continue
		}
		inside, rest, closed := strings.Cut(list[1:], "]")
		if !closed {
			return "", fmt.Errorf("a bracket is not closed")
		}
		b.WriteString(inside[:len(inside)-len(strings.TrimLeft(inside, "0123456789"))])
		list = rest
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("no host in it")
	}
	return b.String(), nil
}

// tasksOfNode is how many tasks run on a node, by its number: 4 for every node of "4(x3),2" but the last. It is 0 where the list does not
// say.
func tasksOfNode(list string, node int) int {
	for _, part := range strings.Split(list, ",") {
		count, times := 0, 1
		if n, _ := fmt.Sscanf(part, "%d(x%d)", &count, &times); n == 0 {
			return 0
		}
		if node < times {
			return count
		}
		node -= times
	}
	return 0
}

// Shard is the part of n images, from from up to to, that falls to a rank. The parts differ by at most one image.
func (p Part) Shard(n int) (from, to int) {
	if p.Alone() {
		return 0, n
	}
	return p.Rank * n / p.World, (p.Rank + 1) * n / p.World
}

// Device is the device that a configuration's name means for this process: auto and cuda are then the GPU of the local rank. count is
// how many GPUs this process sees; where it is one, it is this process's own.
func (p Part) Device(name string, count int) (string, error) {
	if p.Alone() || name == "cpu" || name == "auto" && count == 0 {
		return name, nil
	}
	switch own := fmt.Sprintf("cuda:%d", p.LocalRank); {
	case name != "auto" && name != "cuda":
		if p.LocalRank > 0 || p.LocalWorld > 1 {
			return "", fmt.Errorf("device: %s names one GPU, but several processes run here; cuda gives each process its own GPU", name)
		}
		return name, nil
	case p.LocalRank < count:
		return own, nil
	case count == 1:
		return "cuda:0", nil
	default:
		return "", fmt.Errorf("device: process %d of this machine needs a GPU of its own, but only %d can be used", p.LocalRank, count)
	}
}
