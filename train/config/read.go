package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/data/dataset"
	"keygan/internal/strictyaml"
)

// Read reads the experiment in the file at path and applies overrides of the form key=value, as in train.batch=8; a value is YAML.
// What neither says is the published setting of the objective and of the networks that they name. Errors name the file and the
// line, or the override, and say what is allowed.
func Read(path string, overrides ...string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	decode := func(c *Config) (*strictyaml.Document, error) {
		c.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		doc, err := strictyaml.Decode(path, src, c)
		for _, o := range overrides {
			if err == nil {
				err = c.set(o)
			}
		}
		return doc, err
	}
	var named Config // the names decide what the defaults are
	if _, err := decode(&named); err != nil {
		return named, err
	}
	c := DefaultOf(named.Objective.Name, named.Generator.Name, named.Critic.Name)
	doc, err := decode(&c)
	if err != nil {
		return c, err
	}
	wrong, reason := c.Validate()
	if wrong == "" {
		return c, nil
	}
	for _, o := range slices.Backward(overrides) { // the last word on a key is the one to name
		key, _, _ := strings.Cut(o, "=")
		of, at := key+".", strings.NewReplacer("[", ".", "]", "").Replace(wrong)+"."
		if strings.HasPrefix(at, of) || at != wrong+"." && strings.HasPrefix(of, at) { // about it, or about the item of a list that it is part of
			return c, fmt.Errorf("--set %s: %s: %s", o, wrong, reason)
		}
	}
	return c, doc.Errorf(wrong, "%s", reason)
}

func (c *Config) set(override string) error {
	key, value, ok := strings.Cut(override, "=")
	if !ok || key == "" || strings.ContainsAny(key, " :{}[],") {
		return fmt.Errorf("--set %s: expected key=value, as in train.batch=8", override)
	}
	keys := strings.Split(key, ".")
	name := "--set " + override
	var into any = c
	if len(keys) > 1 && (keys[0] == "source" || keys[0] == "target") {
		var err error
		if into, err = c.item(keys[0], keys[1], len(keys) == 2); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		keys = keys[2:]
	}
	src := value
	if len(keys) > 0 {
		src = strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)-1)
	}
	if _, err := strictyaml.Decode(name, []byte(src), into); err != nil {
		reason, _ := strings.CutPrefix(err.Error(), name+":1: ") // a line's number says nothing here
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(reason, name+": "))
	}
	return nil
}

// item is an item of the list source or target, by its number; anew makes it empty.
func (c *Config) item(list, number string, anew bool) (item any, err error) {
	n := map[string]int{"source": len(c.Source), "target": len(c.Target)}[list]
	i, err := strconv.Atoi(number)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is a list: expected the number of an item, as in %s.0.seed=9", list, list)
	case i < 0 || i >= n:
		return nil, fmt.Errorf("%s has no item %d; the first of its %d is %s.0", list, i, n, list)
	case list == "source" && anew:
		c.Source[i] = dataset.Spec{}
	case anew:
		c.Target[i] = Target{}
	}
	if list == "source" {
		return &c.Source[i], nil
	}
	return &c.Target[i], nil
}

// Differences lists the keys, in alphabetical order, that determine the trained weights and have another value now, as in
// "optimizer.learning_rate (0.0002, now 0.001)".
func (c Config) Differences(now Config) (keys []string) {
	return differences(c.determining().flat(), now.determining().flat())
}

// Changes lists, as Differences does, the keys that make a run another experiment, its length and what it keeps included. Places and
// what only changes the speed do not count.
func (c Config) Changes(now Config) (keys []string) {
	return differences(c.experiment().flat(), now.experiment().flat())
}

// experiment is the configuration without what Changes leaves out.
func (c Config) experiment() Config {
	d := c.determining()
	d.Train, d.Data.OnBadFile = c.Train, c.Data.OnBadFile
	d.Train.Workers, d.Train.LogEvery = 0, 0
	return d
}

func differences(a, b map[string]string) (keys []string) {
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if a[key] != b[key] {
			keys = append(keys, fmt.Sprintf("%s (%s, now %s)", key, cmp.Or(a[key], "nothing"), cmp.Or(b[key], "nothing")))
		}
	}
	return keys
}

// flat is a configuration's values by their path, as in "source[0].folder".
func (c Config) flat() map[string]string {
	var tree any
	if err := yaml.Unmarshal(c.YAML(), &tree); err != nil {
		panic(err) // it was made by YAML
	}
	values := map[string]string{}
	var walk func(path string, x any)
	walk = func(path string, x any) {
		switch x := x.(type) {
		case map[string]any:
			for key, v := range x {
				walk(path+"."+key, v)
			}
		case []any:
			for i, v := range x {
				walk(fmt.Sprintf("%s[%d]", path, i), v)
			}
		default:
			values[strings.TrimPrefix(path, ".")] = fmt.Sprint(x)
		}
	}
	walk("", tree)
	return values
}
