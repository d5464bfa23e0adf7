package seeds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// flatten lists the values of a run's configuration by their path, as in "optimizer.learning_rate". Places, and what a comparison of
// objectives does not count, are left out: the name, the seed and the objective itself.
func flatten(tree any) map[string]string {
	values := map[string]string{}
	var walk func(path string, x any)
	walk = func(path string, x any) {
		switch x := x.(type) {
		case map[string]any:
			for key, v := range x {
				walk(strings.TrimPrefix(path+"."+key, "."), v)
			}
		case []any:
			for i, v := range x {
				walk(fmt.Sprintf("%s[%d]", path, i), v)
			}
		default:
			values[path] = fmt.Sprint(x)
		}
	}
	walk("", tree)
	maps.DeleteFunc(values, func(key, _ string) bool {
		return slices.Contains([]string{"name", "output", "seed", "objective.name", "objective.penalty_weight"}, key)
	})
	return values
}

// otherDifferences says what else than the objective differs between the trainings of two systems.
func otherDifferences(a, b System) string {
	keys := maps.Clone(a.settings)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, b.settings)
	var found []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if a.settings[key] != b.settings[key] {
			found = append(found, fmt.Sprintf("%s %s (%s)", key, dash(a.settings[key]), dash(b.settings[key])))
		}
	}
	if len(found) == 0 {
		return "Only the objective differs."
	}
	return "Not only the objective differs: " + strings.Join(found, ", ") + "."
}
