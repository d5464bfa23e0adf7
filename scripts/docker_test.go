package scripts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readTop(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What can be known of the images without an engine that builds them: an ordinary user, a health check, labels, and files that are there.
func TestDockerfiles(t *testing.T) {
	for _, name := range []string{"Dockerfile", "Dockerfile.cuda"} {
		text := readTop(t, name)
		expect(t, text, "\nUSER keygan\n", `CMD ["keygan-train", "doctor"]`, "org.opencontainers.image.title=", "org.opencontainers.image.version=")
		for _, copied := range regexp.MustCompile(`(?m)^COPY ([^-\n].*) \S+$`).FindAllStringSubmatch(text, -1) {
			for _, source := range strings.Fields(copied[1]) {
				if _, err := os.Stat(filepath.Join("..", source)); err != nil {
					t.Errorf("%s copies %s: %v", name, source, err)
				}
			}
		}
	}
}

// The recipe for Apptainer has no file like .dockerignore, so it lists what it copies, and no arguments, so it repeats versions.
func TestApptainerRecipeFollowsTheDockerfile(t *testing.T) {
	recipe, docker := readTop(t, "keygan.def"), readTop(t, "Dockerfile.cuda")
	code, err := filepath.Glob("../*/")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range code {
		var source bool
		filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			source = source || strings.HasSuffix(path, ".go")
			return err
		})
		if name := filepath.Base(folder); source && name != "build" && !strings.Contains(recipe, "\n    "+name+" /keygan/\n") {
			t.Errorf("keygan.def does not copy %s", name)
		}
	}
	versions := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ARG (\w+)=(\S+)$`).FindAllStringSubmatch(docker, -1) {
		versions[m[1]] = m[2]
	}
	expect(t, recipe, "From: golang:"+versions["GO"]+"-bookworm\n", "From: nvidia/cuda:"+versions["CUDA"]+"-devel-"+versions["UBUNTU"]+"\n",
		"From: nvidia/cuda:"+versions["CUDA"]+"-base-"+versions["UBUNTU"]+"\n", versions["LIBTORCH_ZIP"])
	expect(t, readTop(t, "Dockerfile"), "ARG GO="+versions["GO"]+"\n")
}
