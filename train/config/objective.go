package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/infer"
)

// An Objective describes one way to train: what a configuration can say about it, and what its steps cost. Everything that a
// user sees of an objective follows from its description: YAML keys, --set, configs/schema.json, the table of options, --dry-run
// and the columns of metrics.csv. The losses themselves are in package train, which registers its objectives here.
type Objective struct {
	Name, Doc  string
	Params     []Param
	Generators []string // the networks that it can train, the default first
	Critics    []string // likewise; none: it needs no critic
	Files      []string // what a complete run leaves besides generator.npz

	Columns  func(Config) []string              // of metrics.csv, after the epoch: the losses first
	Defaults func(*Config)                      // what differs from other objectives; may be nil
	Check    func(*Config) (key, reason string) // says which value is impossible; may be nil
	Cost     func(Config) []NetworkCost         // of a step
	// Restores says that its networks see the source images encrypted, as Config.Encrypt says, and that its targets are the images.
	Restores bool
	// Everywhere keeps the parameters in the resolved configuration of other objectives as well, and so in their hashes. The first
	// three objectives are recorded like that. A new one must not be, or no earlier run could be resumed.
	Everywhere bool
}

// A Param is one number of an objective.
type Param struct {
	Name, Doc string
	Default   float64
	Min, Max  float64 // both are possible; Max may be +Inf
	Whole     bool
	Later     bool // it came later: a configuration records it only where it is not the default, so that hashes of before stay
}

// NetworkCost is what one network adds to the cost of a step. A pass is the arithmetic of running it forward on one batch; going
// back takes one pass more for the gradients of the input, and one for those of the weights.
type NetworkCost struct {
	Name   string
	Arch   infer.Arch
	Passes float64
	Graphs []float64 // forward passes that are kept for going back, in each phase of a step
	Mean   bool      // a running mean of its weights is kept
}

var objectives []Objective

// Register adds objectives to those that a configuration can name. The first one is the default. It returns a function that
// takes them away again, for tests.
func Register(more ...Objective) (remove func()) {
	before := objectives
	objectives = slices.Concat(objectives, more)
	return func() { objectives = before }
}

// Objectives lists the registered objectives.
func Objectives() []Objective { return slices.Clone(objectives) }

// Description is that of the objective that the configuration names, or nothing where there is none of that name.
func (c *Config) Description() Objective {
	if i := slices.IndexFunc(objectives, func(o Objective) bool { return o.Name == c.Objective.Name }); i >= 0 {
		return objectives[i]
	}
	return Objective{}
}

// Columns are those of metrics.csv, after the epoch.
func (c *Config) Columns() []string { return c.Description().Columns(*c) }

// ObjectiveConfig names an objective and sets its parameters. Parameters of another objective are ignored.
type ObjectiveConfig struct {
	Name   string
	Params map[string]float64 // by name
}

// has reports whether an objective has a parameter of that name.
func (o Objective) has(name string) bool {
	return slices.ContainsFunc(o.Params, func(p Param) bool { return p.Name == name })
}

// Value returns a parameter. It panics where no registered objective has one of that name.
func (o ObjectiveConfig) Value(name string) float64 {
	v, ok := o.Params[name]
	if !ok {
		panic(fmt.Sprintf("config: the objective %s has no parameter %s", o.Name, name))
	}
	return v
}

// Set changes a parameter, and leaves copies of o as they are.
func (o *ObjectiveConfig) Set(name string, value float64) {
	before := o.Params
	o.Params = map[string]float64{}
	maps.Copy(o.Params, before)
	o.Params[name] = value
}

// parameters are those of all objectives, each name once: as the objective called own describes it, or the first that has it.
func parameters(own string) (all []Param, ofOwn []bool) {
	for _, o := range objectives {
		for _, p := range o.Params {
			i := slices.IndexFunc(all, func(q Param) bool { return q.Name == p.Name })
			if i < 0 {
				all, ofOwn = append(all, p), append(ofOwn, o.Everywhere || o.Name == own)
			} else if o.Name == own {
				all[i], ofOwn[i] = p, true
			}
		}
	}
	return all, ofOwn
}

// objectiveDefaults are the parameters that the objective called name begins with.
func objectiveDefaults(name string) ObjectiveConfig {
	o := ObjectiveConfig{Name: name}
	all, recorded := parameters(name)
	for i, p := range all {
		if recorded[i] {
			o.Set(p.Name, p.Default)
		}
	}
	return o
}

// YAMLShape is a struct type with the keys that an objective can have, which are known only when the program runs.
func (ObjectiveConfig) YAMLShape() reflect.Type { return shape(reflect.TypeFor[int]()) }

// shape is a struct of the name and the parameters of all objectives, in the order of parameters.
func shape(whole reflect.Type) reflect.Type {
	field := func(i int, key string, t reflect.Type) reflect.StructField {
		return reflect.StructField{Name: "F" + strconv.Itoa(i), Type: t, Tag: reflect.StructTag(fmt.Sprintf("yaml:%q", key))}
	}
	fields := []reflect.StructField{field(0, "name", reflect.TypeFor[string]())}
	all, _ := parameters("")
	for i, p := range all {
		t := reflect.TypeFor[float64]()
		if p.Whole {
			t = whole
		}
		fields = append(fields, field(i+1, p.Name, t))
	}
	return reflect.StructOf(fields)
}

// UnmarshalYAML changes what the document says and keeps the rest.
func (o *ObjectiveConfig) UnmarshalYAML(unmarshal func(any) error) error {
	v := reflect.New(shape(reflect.TypeFor[float64]())) // strictyaml has seen to whole numbers
	fields := v.Elem()
	fields.Field(0).SetString(o.Name)
	all, _ := parameters(o.Name)
	for i, p := range all {
		value, ok := o.Params[p.Name]
		if !ok {
			value = p.Default
		}
		fields.Field(i + 1).SetFloat(value)
	}
	if err := unmarshal(v.Interface()); err != nil {
		return err
	}
	o.Name = fields.Field(0).String()
	for i, p := range all {
		o.Set(p.Name, fields.Field(i+1).Float())
	}
	return nil
}

// MarshalYAML writes the name and the parameters that a run of this objective records.
func (o ObjectiveConfig) MarshalYAML() (any, error) {
	fields := yaml.MapSlice{{Key: "name", Value: o.Name}}
	all, recorded := parameters(o.Name)
	for i, p := range all {
		var value any = o.Params[p.Name]
		if p.Whole {
			value = int(o.Params[p.Name])
		}
		if v, ok := o.Params[p.Name]; ok && recorded[i] && !(p.Later && v == p.Default) {
			fields = append(fields, yaml.MapItem{Key: p.Name, Value: value})
		}
	}
	return fields, nil
}

// Range says in words what the parameter can be.
func (p Param) Range() string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	if math.IsInf(p.Max, 1) {
		return fmt.Sprintf("a number, %s or more", number(p.Min))
	}
	return fmt.Sprintf("from %s to %s", number(p.Min), number(p.Max))
}

// checkObjective checks the objective, its parameters and whether it can train the networks.
func (c *Config) checkObjective() (rules []rule) {
	d := c.Description()
	all, _ := parameters(c.Objective.Name)
	for _, p := range all {
		if v, ok := c.Objective.Params[p.Name]; ok {
			rules = append(rules, rule{"objective." + p.Name, p.Min <= v && v <= p.Max && finite(v), "must be " + p.Range(), v})
		}
	}
	trains := func(key, name string, names []string) rule {
		allowed := fmt.Sprintf("must be %s for the objective %s", strings.Join(names, " or "), d.Name)
		return rule{key, len(names) == 0 || slices.Contains(names, name), allowed, name}
	}
	return append(rules, trains("generator.name", c.Generator.Name, d.Generators), trains("critic.name", c.Critic.Name, d.Critics))
}
