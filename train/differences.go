package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// differences lists the keys, in alphabetical order, in which two configurations differ as far as they determine the trained
// weights: "optimizer.learning_rate (0.0002, now 0.001)".
func (c Config) differences(now Config) (keys []string) {
	a, b := c.determining().flat(), now.determining().flat()
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if a[key] != b[key] {
			keys = append(keys, fmt.Sprintf("%s (%s, now %s)", key, orNothing(a[key]), orNothing(b[key])))
		}
	}
	return keys
}

func orNothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// flat is a configuration's values by their path: "source[0].folder".
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
