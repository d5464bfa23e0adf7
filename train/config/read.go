package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

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
		if wrong == key || strings.HasPrefix(wrong, key+".") || strings.HasPrefix(wrong, key+"[") {
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
	src := strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)-1)
	name := "--set " + override
	if _, err := strictyaml.Decode(name, []byte(src), c); err != nil {
		reason, _ := strings.CutPrefix(err.Error(), name+":1: ") // a line's number says nothing here
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(reason, name+": "))
	}
	return nil
}

// Differences lists the keys, in alphabetical order, that determine the trained weights and have another value now, as in
// "optimizer.learning_rate (0.0002, now 0.001)".
func (c Config) Differences(now Config) (keys []string) {
	a, b := c.determining().flat(), now.determining().flat()
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
