package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// A shard is one of several parts of the inputs of a command, each of which another process works on. The zero value is all of them.
type shard struct {
	flag         string
	index, count int    // part index of count, from 0; count 0: all
	from         string // the environment variable that chose it, or ""
}

// The array variables of Slurm (sbatch --array), and that of the pods of an indexed Job of Kubernetes, whose number of pods
// the Job's specification has to repeat in a variable of ours.
const (
	slurmIndex      = "SLURM_ARRAY_TASK_ID"
	slurmCount      = "SLURM_ARRAY_TASK_COUNT"
	slurmFirst      = "SLURM_ARRAY_TASK_MIN"
	slurmStep       = "SLURM_ARRAY_TASK_STEP"
	kubernetesIndex = "JOB_COMPLETION_INDEX"
	kubernetesCount = "KEYGAN_SHARDS"
)

const shardHelp = `--shard i/n does part i of n, counted from 1, so that n processes share the work. Which files are in a part follows from
their paths below the folder alone; files added later leave the others where they are. In a Slurm array (SLURM_ARRAY_TASK_ID with
_COUNT and _MIN) and in an indexed Job of Kubernetes (JOB_COMPLETION_INDEX, with the Job's completions in KEYGAN_SHARDS) what is in
folders is divided so without the flag; files named on the command line are divided by the flag alone. --shard 1/1 does all.`

func (s *shard) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&s.flag, "shard", "", "do only part i of n: i/n; in Slurm arrays and Kubernetes indexed Jobs it is known")
}

// parse reads the flag or, without one, the environment. Where a process is one of several and cannot tell of how many, it is an error:
// each of them would do the work of all.
func (s *shard) parse(env func(string) string) error {
	if s.flag != "" {
		i, n, ok := strings.Cut(s.flag, "/")
		index, err1 := strconv.Atoi(i)
		count, err2 := strconv.Atoi(n)
		if !ok || err1 != nil || err2 != nil || index < 1 || count < 1 || index > count {
			return hinted{usagef("--shard %s: it must be i/n, with i from 1 to n", s.flag), "--shard 1/4 to --shard 4/4 are four parts"}
		}
		s.index, s.count = index-1, count
		return nil
	}
	switch {
	case env(slurmIndex) != "":
		return s.fromEnvironment(env, slurmIndex, slurmCount, env(slurmFirst), env(slurmStep))
	case env(kubernetesIndex) != "":
		return s.fromEnvironment(env, kubernetesIndex, kubernetesCount, "", "")
	}
	return nil
}

func (s *shard) fromEnvironment(env func(string) string, indexName, countName, first, step string) error {
	hint := "--shard i/n says which part to do, --shard 1/1 that it is all"
	if indexName == kubernetesIndex {
		hint = kubernetesCount + " is to be the Job's completions; " + hint
	}
	if env(countName) == "" {
		return hinted{usagef("%s is set and %s is not: which part of the work is this?", indexName, countName), hint}
	}
	var n [4]int
	for i, text := range []string{env(indexName), env(countName), first, step} {
		if text == "" {
			text = []string{"", "", "0", "1"}[i]
		}
		v, err := strconv.Atoi(text)
		if err != nil {
			return hinted{usagef("%s and the like: %q is no number", indexName, text), hint}
		}
		n[i] = v
	}
	index, count, least, by := n[0], n[1], n[2], n[3]
	if by < 1 || count < 1 || index < least || (index-least)%by != 0 || (index-least)/by >= count {
		return hinted{usagef("%s is %d: not one of %d in a row from %d", indexName, index, count, least), hint}
	}
	s.index, s.count, s.from = (index-least)/by, count, indexName
	return nil
}

// has says whether an input belongs to the part: by SHA-256 of its path below the folder named, with slashes.
func (s *shard) has(in input) bool {
	if s.count == 0 || (s.from != "" && in.alone) {
		return true
	}
	sum := sha256.Sum256([]byte(filepath.ToSlash(filepath.Join(in.folder, filepath.Base(in.path)))))
	return binary.BigEndian.Uint64(sum[:])%uint64(s.count) == uint64(s.index)
}

// of is those inputs that belong to the part.
func (s *shard) of(inputs []input) (mine []input) {
	for _, in := range inputs {
		if s.has(in) {
			mine = append(mine, in)
		}
	}
	return mine
}

// note says that others are left to other processes; it is a warning, which --quiet does not silence, where nobody asked for it.
func (a *app) noteShard(what string, s shard, mine, all int) {
	switch {
	case s.from != "":
		fmt.Fprintf(a.stderr, "keygan: warning: %s: part %d of %d, by %s: %d of %d files; --shard 1/1 would do all\n", what, s.index+1, s.count, s.from, mine, all)
	case s.count > 1 && !a.quiet:
		fmt.Fprintf(a.stderr, "keygan: %s: part %d of %d: %d of %d files\n", what, s.index+1, s.count, mine, all)
	}
}
