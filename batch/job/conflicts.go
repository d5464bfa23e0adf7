package job

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"keygan/internal/failure"
)

// ErrAsWell ends the error of an input whose output another input wants.
var ErrAsWell = errors.New("as well")

// Conflicts returns, by index, the jobs that would write a file that another job writes, or replace an input or another given file.
// When several want one name, all of them fail: which one should have it is not ours to say.
func Conflicts(jobs []Job, given ...string) map[int]error {
	c := conflictFinder{resolver: resolver{}, jobs: jobs, failed: map[int]error{}}
	inputs := map[string]bool{}
	for _, j := range jobs {
		given = slices.Concat(given, []string{j.Input}, j.Inputs, j.Reads)
	}
	for _, path := range given {
		inputs[c.identity(path)], inputs[c.name(path)] = true, true
	}
	first := map[string]int{}
	for i, j := range jobs {
		for _, out := range j.Outputs {
			id := c.name(out)
			k, taken := first[id]
			switch {
			case inputs[id]:
				c.failed[i] = failure.Hint(fmt.Errorf("%s: the output would be an input", out), "name another folder with -o")
			case !taken:
				first[id] = i
			case k == i:
				c.failed[i] = fmt.Errorf("%s: two outputs cannot be one file", out)
			default:
				c.both(i, k, out)
			}
		}
	}
	// A file cannot have the name of a folder that others lie in.
	folders := map[string]int{}
	for i, j := range jobs {
		for _, out := range j.Outputs {
			for dir := folded(c.folder(filepath.Dir(out))); ; dir = filepath.Dir(dir) {
				if _, known := folders[dir]; known {
					break
				}
				folders[dir] = i
			}
		}
	}
	for i, j := range jobs {
		for _, out := range j.Outputs {
			if k, isFolder := folders[c.name(out)]; isFolder {
				c.both(i, k, out)
			}
		}
	}
	return c.failed
}

type conflictFinder struct {
	resolver
	jobs   []Job
	failed map[int]error
}

// both fails two jobs that want the same output.
func (c *conflictFinder) both(i, k int, out string) {
	for _, pair := range [][2]int{{k, i}, {i, k}} {
		input, other := c.jobs[pair[0]].Input, c.jobs[pair[1]].Input
		switch {
		case c.failed[pair[0]] != nil:
		case c.identity(input) == c.identity(other):
			c.failed[pair[0]] = fmt.Errorf("%s: is named twice", input)
		default:
			c.failed[pair[0]] = failure.Hint(fmt.Errorf("%s: %s would be written for %s %w", input, out, other, ErrAsWell),
				"rename one of them, or write them to different folders with -o")
		}
	}
}

// Protected are files that a command was given and must never replace: identities, recipients, passphrases, weights.
type Protected []string

// Refuse returns an error if an output is one of the files.
func (p Protected) Refuse(outputs []string) error {
	for _, out := range outputs {
		there, err := os.Stat(out)
		if err != nil {
			continue
		}
		for _, path := range p {
			if info, err := os.Stat(path); err == nil && os.SameFile(info, there) {
				return failure.Hint(fmt.Errorf("%s: this is %s, which the command was given; it is never replaced", out, path),
					"name another folder with -o")
			}
		}
	}
	return nil
}

// Protect returns those of the names that are files: a recipient may be a file or the recipient itself.
func Protect(names ...string) (p Protected) {
	for _, name := range names {
		if name != "" && name != "-" && Exists(name) {
			p = append(p, name)
		}
	}
	return p
}
