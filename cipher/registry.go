package cipher

import (
	"fmt"
	"slices"
	"strings"
)

// Default is the system that the commands take.
const Default = "sealed"

// systems is the registry, in the order in which people are told of them. A variant stands behind its system.
var systems = []Cryptosystem{
	catMapAlone, paper,
	rawKey, xor,
	logistic, logistic32,
	sealedSystem{},
	aesSystem{}, aesKept{},
	oneTimeKey, constantKey,
}

// Register adds a cryptosystem from a package above this one, usually in init. It panics on a name that is taken.
func Register(c Cryptosystem) {
	name := c.Info().Name
	if _, err := ByName(name); err == nil || name == "" {
		panic(fmt.Sprintf("cipher: the name %q is taken", name))
	}
	systems = append(systems, c)
}

// Variants are the variants of a system, in order; those of "" are always attacked.
func Variants(of string) []Cryptosystem {
	return slices.DeleteFunc(slices.Clone(systems), func(c Cryptosystem) bool {
		return len(c.Info().OnlyAttacks) == 0 || c.Info().VariantOf != of
	})
}

// ByName finds a cryptosystem. Its error lists the names there are.
func ByName(name string) (Cryptosystem, error) {
	i := slices.IndexFunc(systems, func(c Cryptosystem) bool { return c.Info().Name == name })
	if i < 0 {
		return nil, unknown(name, Names())
	}
	return systems[i], nil
}

// Describe returns the Info of a name, or the zero value where there is no such system.
func Describe(name string) Info {
	c, err := ByName(name)
	if err != nil {
		return Info{}
	}
	return c.Info()
}

// Names are the names of all cryptosystems but variants and those that are only controls.
func Names() []string { return namesOf(func(Info) bool { return true }) }

// Writable are the names of the systems that write key files, and so encrypt for users. The default comes first.
func Writable() []string {
	names := namesOf(func(i Info) bool { return i.KeyFile == ClearKeyFile })
	return append(namesOf(func(i Info) bool { return i.KeyFile == AgeKeyFile }), names...)
}

// WritableByName is ByName for the systems that write key files.
func WritableByName(name string) (Cryptosystem, error) {
	if !slices.Contains(Writable(), name) {
		return nil, unknown(name, Writable())
	}
	return ByName(name)
}

func unknown(name string, known []string) error {
	return fmt.Errorf("unknown scheme %q: it must be one of %s", name, strings.Join(known, ", "))
}

func namesOf(keep func(Info) bool) []string {
	var names []string
	for _, c := range systems {
		if i := c.Info(); i.OnlyAttacks == nil && keep(i) {
			names = append(names, i.Name)
		}
	}
	return names
}
