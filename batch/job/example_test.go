package job_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"keygan/batch/job"
	"keygan/internal/atomicfile"
)

// Every text file in a folder is written in capitals to another folder.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"a.txt", "b.txt", "c.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	inputs, leftOut, failed := job.Collect([]string{dir}, func(name string) string {
		if strings.HasSuffix(name, ".txt") {
			return ""
		}
		return "not a text"
	})
	var host job.Host
	out := filepath.Join(dir, "out")
	var jobs []job.Job
	for _, in := range inputs {
		path := filepath.Join(out, in.Folder, filepath.Base(in.Path))
		jobs = append(jobs, job.Job{Input: in.Path, Outputs: []string{path}, Do: func(ctx context.Context) (string, error) {
			b, err := os.ReadFile(in.Path)
			if err != nil {
				return "", err
			}
			return "", host.Write(ctx, out, false, atomicfile.File{Path: path, Perm: 0o666, Write: func(w io.Writer) error {
				_, err := w.Write(bytes.ToUpper(b))
				return err
			}})
		}})
	}
	report, err := job.Run(context.Background(), host, job.Batch{Name: "capitals", Jobs: jobs, Failed: failed, LeftOut: leftOut, Root: out, Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range report.Done {
		b, err := os.ReadFile(d.Outputs[0])
		fmt.Printf("%s %v\n", b, err)
	}
	fmt.Println(filepath.Base(report.LeftOut[0].Path), "is", report.LeftOut[0].Why)
	// Output:
	// A.TXT <nil>
	// B.TXT <nil>
	// c.png is not a text
}
