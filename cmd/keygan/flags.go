package main

import (
	"os"
	"strings"

	"keygan/batch"
	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

// addGenerator adds -w and --noise-seed. The function returned gives the options.
func addGenerator(c *cobra.Command) func() batch.GeneratorOptions {
	var o batch.GeneratorOptions
	var seed uint64
	c.Flags().StringVarP(&o.Weights, "weights", "w", "", "the generator, made by keygan-train; default: the one built in")
	c.Flags().Uint64Var(&seed, "noise-seed", 0,
		"a number that makes noise repeatable, for experiments only; default: fresh noise for each key")
	return func() batch.GeneratorOptions {
		if c.Flags().Changed("noise-seed") {
			o.NoiseSeed = &seed
		}
		return o
	}
}

const shardHelp = `--shard i/n does part i of n, counted from 1, so that n processes share the work. Only a file's path below the folder decides which
part it is in: files that are added later leave the others where they are. In a Slurm array (SLURM_ARRAY_TASK_ID with _COUNT and _MIN)
and in an indexed Job of Kubernetes (JOB_COMPLETION_INDEX, with the Job's completions in KEYGAN_SHARDS) keygan divides the files in
folders without the flag; only the flag divides files named on the command line. --shard 1/1 does all parts.`

// addShard adds --shard. The function returned reads it, or the environment.
func addShard(c *cobra.Command) func() (job.Shard, error) {
	text := c.Flags().String("shard", "", "do only part i of n: `i/n`; Slurm arrays and Kubernetes indexed Jobs set it")
	return func() (job.Shard, error) { return job.ParseShard(*text, os.Getenv) }
}

// addPassphrase adds --passphrase and --passphrase-file, or others that begin with prefix.
func (a *app) addPassphrase(c *cobra.Command, prefix, use string) *keyfile.Passphrases {
	p := &keyfile.Passphrases{Ask: a.askPassphrase, FileFlag: prefix + "passphrase-file"}
	short := ""
	if prefix == "" {
		short = "p"
	}
	c.Flags().BoolVarP(&p.Use, prefix+"passphrase", short, false, use)
	c.Flags().StringVar(&p.File, p.FileFlag, "", "the same, from the first line of a file, or of standard input (-), without asking")
	return p
}

func addScheme(c *cobra.Command, scheme *string) {
	c.Flags().StringVar(scheme, "scheme", cipher.Default, "the default, or for research: "+strings.Join(batch.ResearchSchemes(), ", "))
	cli.Complete(c, "scheme", cipher.Writable()...)
}
