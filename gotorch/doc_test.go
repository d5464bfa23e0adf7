package gotorch_test

import (
	"os"
	"strings"
	"testing"
)

// TestPageShowsTheExample keeps the program of docs/gotorch.md equal to Example, which the tests run.
func TestPageShowsTheExample(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/gotorch.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func Example() {\n")
	body, _, found := strings.Cut(body, "\t// Output:")
	if !found || !strings.Contains(string(page), "func main() {\n"+body+"}\n") {
		t.Error("the program of docs/gotorch.md is not the body of Example in example_test.go")
	}
}
