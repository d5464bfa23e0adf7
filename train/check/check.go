// Package check says what an experiment's data sets hold and what is wrong in them, before anything is trained.
//
//	err := check.Report(ctx, c, runlog.NewConsole(os.Stderr, false), os.Stdout)
//
// It needs no libtorch.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// Report reads every image that the configuration names and writes to w what there is: how many images, of what sizes and modes, in
// which folders, what is there twice, what would be held out, and each file that cannot be read, with the reason. It returns an
// error with the reasons if training would fail. Progress goes to the console.
func Report(ctx context.Context, c config.Config, console *runlog.Console, w io.Writer) error {
	r := &reader{inputs.Reader{Ctx: ctx, Config: c, Console: console}}
	source, err := r.examine("source", c.Source)
	if err != nil {
		return err
	}
	source.report(w, c)
	problems := source.problems(c)
	held := source.reportHeldOut(w, r, &problems)
	if c.Paired() {
		fmt.Fprintf(w, "\ntarget: the source images, encrypted (%s)\n", c.Target[0].Encrypt)
	} else {
		target, err := r.examine("target", c.TargetSpecs())
		if err != nil {
			return err
		}
		for i, t := range c.Target {
			target.specs[i].encrypt = t.Encrypt
		}
		fmt.Fprintln(w)
		target.report(w, c)
		problems = append(problems, target.problems(c)...)
		reportShared(w, source, target)
		if problem := target.allHeldOut(ctx, held); problem != "" {
			problems = append(problems, problem)
		}
	}
	if c.Data.Cache != "auto" && c.Data.Cache != "off" {
		if err := dataset.CheckCacheFolder(c.Data.Cache); err != nil {
			problems = append(problems, fmt.Sprintf("data.cache: %v", err))
		}
	}
	if len(problems) > 0 {
		return errors.New("training would fail: " + strings.Join(problems, "; "))
	}
	images := len(source.good)
	if held != nil {
		images -= held.Len()
	}
	steps := c.StepsPerEpoch(images)
	fmt.Fprintf(w, "\ntraining can begin: %d source images, %d steps an epoch, %d steps in all\n", images, steps, c.TotalSteps(steps))
	return nil
}
