package job

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"keygan/internal/failure"
)

// A Shard is one of several parts of a batch's inputs. Each part is the work of another process. The zero value is all inputs.
type Shard struct {
	Index, Count int    // part Index of Count, from 0; Count 0: all
	From         string // the environment variable that chose it, or ""
}

// The array variables of Slurm (sbatch --array), and that of the pods of an indexed Job of Kubernetes. The Job's specification
// repeats the number of its pods in a variable of ours.
const (
	slurmIndex      = "SLURM_ARRAY_TASK_ID"
	slurmCount      = "SLURM_ARRAY_TASK_COUNT"
	slurmFirst      = "SLURM_ARRAY_TASK_MIN"
	slurmStep       = "SLURM_ARRAY_TASK_STEP"
	kubernetesIndex = "JOB_COMPLETION_INDEX"
	kubernetesCount = "KEYGAN_SHARDS"
)

// ParseShard reads "i/n", with i from 1, or without it the environment. It returns an error if the process is one of several and the
// environment does not say of how many: each of them would do the work of all.
func ParseShard(text string, env func(string) string) (Shard, error) {
	switch {
	case text != "":
		i, n, ok := strings.Cut(text, "/")
		index, err1 := strconv.Atoi(i)
		count, err2 := strconv.Atoi(n)
		if !ok || err1 != nil || err2 != nil || index < 1 || count < 1 || index > count {
			return Shard{}, failure.Hint(failure.Usagef("--shard %s: it must be i/n, with i from 1 to n", text),
				"--shard 1/4 to --shard 4/4 are four parts")
		}
		return Shard{Index: index - 1, Count: count}, nil
	case env(slurmIndex) != "":
		return shardFrom(env, slurmIndex, slurmCount, slurmFirst, slurmStep)
	case env(kubernetesIndex) != "":
		return shardFrom(env, kubernetesIndex, kubernetesCount)
	}
	return Shard{}, nil
}

// shardFrom reads the part from variables: its number, how many there are and, where they are given, the first number and the step.
func shardFrom(env func(string) string, indexName, countName string, firstAndStep ...string) (Shard, error) {
	hint := "--shard i/n names the part; --shard 1/1 does everything"
	if indexName == kubernetesIndex {
		hint = kubernetesCount + " must be the Job's completions; " + hint
	}
	if env(countName) == "" {
		return Shard{}, failure.Hint(failure.Usagef("%s is set and %s is not: which part of the work is this?", indexName, countName), hint)
	}
	n := [4]int{2: 0, 3: 1}
	for i, name := range append([]string{indexName, countName}, firstAndStep...) {
		text := env(name)
		if text == "" {
			continue
		}
		v, err := strconv.Atoi(text)
		if err != nil {
			return Shard{}, failure.Hint(failure.Usagef("%s is %q, which is not a number", name, text), hint)
		}
		n[i] = v
	}
	index, count, least, by := n[0], n[1], n[2], n[3]
	if by < 1 || count < 1 || index < least || (index-least)%by != 0 || (index-least)/by >= count {
		return Shard{}, failure.Hint(failure.Usagef("%s is %d; it must be one of %d numbers counted from %d in steps of %d",
			indexName, index, count, least, by), hint)
	}
	return Shard{(index - least) / by, count, indexName}, nil
}

// Contains reports whether an input belongs to the part: by SHA-256 of its path below the folder that was named, with slashes.
func (s Shard) Contains(in Input) bool {
	if s.Count == 0 || (s.From != "" && in.Named) {
		return true
	}
	sum := sha256.Sum256([]byte(filepath.ToSlash(filepath.Join(in.Folder, filepath.Base(in.Path)))))
	return binary.BigEndian.Uint64(sum[:])%uint64(s.Count) == uint64(s.Index)
}

// Select returns the inputs of the part. It tells the host that others are left out, as a warning if the environment chose the part.
func (s Shard) Select(host Host, inputs []Input) (part []Input) {
	for _, in := range inputs {
		if s.Contains(in) {
			part = append(part, in)
		}
	}
	what := fmt.Sprintf("part %d of %d: %d of %d files", s.Index+1, s.Count, len(part), len(inputs))
	switch {
	case s.From != "":
		tell(host.Warn, fmt.Sprintf("%s, chosen by %s; --shard 1/1 would do all", what, s.From))
	case s.Count > 1:
		tell(host.Note, what)
	}
	return part
}
