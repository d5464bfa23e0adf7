package dicom

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of pydicom's files in docs/formats.md")

// The versions whose files and pictures the table in docs/formats.md is about: Debian 12's.
const pydicomVersion, dcmtkVersion = "2.3.1", "3.6.7"

// Every file that comes with pydicom is read with pydicom's values and dcmtk's levels, or refused; and it stands in docs/formats.md.
func TestPydicomsFiles(t *testing.T) {
	version, _ := exec.Command("dcmj2pnm", "--version").Output()
	if !bytes.Contains(version, []byte("v"+dcmtkVersion)) {
		t.Skipf("dcmtk %s is not installed", dcmtkVersion)
	}
	version, _ = exec.Command("/usr/bin/python3", "-c", "import pydicom; print(pydicom.__version__)").Output()
	if strings.TrimSpace(string(version)) != pydicomVersion {
		t.Skipf("pydicom %s is not installed", pydicomVersion)
	}
	if out, err := exec.Command("/usr/bin/python3", "-c", "import numpy, PIL, gdcm").CombinedOutput(); err != nil {
		t.Skipf("numpy, Pillow or gdcm is not installed for Python: %s", out)
	}
	out, err := exec.Command("/usr/bin/python3", "testdata/judge.py").Output()
	if err != nil {
		t.Fatalf("testdata/judge.py: %v", err)
	}
	rows := map[string][]string{} // the files of a verdict
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		part := strings.Split(line, "\t")
		if len(part) != 3 { // what the decoders print
			continue
		}
		_, name, _ := strings.Cut(part[0], "/pydicom/data/")
		b, err := os.ReadFile(part[0])
		if err != nil {
			t.Fatal(err)
		}
		verdict := judge(t, part[0], name, part[1], part[2], b)
		rows[verdict] = append(rows[verdict], name)
	}
	if len(rows) < 20 {
		t.Fatalf("only %d kinds of files", len(rows))
	}
	compareTable(t, rows)
}

// judge compares a file with what pydicom and dcmtk make of it, and returns the end of a row for the table: syntax, pixels, verdict.
func judge(t *testing.T, path, name, shape, values string, b []byte) string {
	t.Helper()
	gotShape, got, err := storedHash(b)
	f, _ := Parse(b)
	syntax := ""
	if f != nil {
		syntax = f.Syntax
	}
	switch {
	case err != nil:
		decoded := shape != "none"
		if decoded && !strings.Contains(err.Error(), "JPEG 2000") && !strings.Contains(err.Error(), "12 bits") {
			t.Errorf("%s: %v, but pydicom reads it", name, err)
		}
		return fmt.Sprintf("%s | | refused: %v", syntax, err)
	case shape != gotShape || values != got:
		t.Errorf("%s: %s of other values than pydicom's, %s %s", name, gotShape, shape, values)
	}
	signed := ""
	if f.Signed {
		signed = " signed"
	}
	pixels := fmt.Sprintf("%s, %d%s bits of %d", f.Photometric, f.Bits, signed, f.Allocated)
	return fmt.Sprintf("%s | %s | stored values equal; %s", syntax, pixels, compareShown(t, path, name, f, b))
}

// beyondDCMTK are the files that dcmtk 3.6.7 shows in another way, with the reason.
var beyondDCMTK = map[string]string{
	"test_files/rtdose_expb.dcm":        "dcmtk takes the halves of big-endian 32-bit words in the other order",
	"test_files/rtdose_expb_1frame.dcm": "dcmtk takes the halves of big-endian 32-bit words in the other order",
	"test_files/SC_rgb_jpeg.dcm":        "dcmtk does not read it: implicit, where its syntax is explicit",
}

// compareShown compares what is shown with the picture of dcmtk.
func compareShown(t *testing.T, path, name string, f *File, b []byte) string {
	t.Helper()
	got, err := shown(b)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	want, problem := dcmtkShows(t, path, f)
	if why := beyondDCMTK[name]; why != "" {
		if bytes.Equal(got, want) {
			t.Errorf("%s: dcmtk shows the same, against %q", name, why)
		}
		return why
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d samples, of dcmtk %d: %s", name, len(got), len(want), problem)
		return ""
	}
	most := 0
	for i := range got {
		most = max(most, int(got[i])-int(want[i]), int(want[i])-int(got[i]))
	}
	slope, _ := f.decimals(tagSlope)
	fractional := len(slope) > 0 && slope[0] != float64(int(slope[0]))
	switch {
	case most == 0:
		return "levels equal"
	case most == 1 && fractional: // dcmtk drops the fraction of a rescaled value
		return "levels equal but for 1 of 255, since dcmtk drops the fractions of rescaled values"
	}
	t.Errorf("%s: levels differ from dcmtk's by up to %d", name, most)
	return ""
}

// dcmtkShows gives the samples of all frames in the pictures of dcmtk.
func dcmtkShows(t *testing.T, path string, f *File) (pix, problem []byte) {
	t.Helper()
	dir := t.TempDir()
	window := []string{"+Wm"}
	view := View{file: f}
	if w, table, _ := view.interest(0); w != nil {
		window = []string{"+Wi", "1"}
	} else if table != nil {
		window = []string{"+Wl", "1"}
	}
	if strings.HasPrefix(f.Syntax, "JPEG-LS") {
		raw := filepath.Join(dir, "raw.dcm")
		if problem, err := exec.Command("dcmdjpls", path, raw).CombinedOutput(); err != nil {
			return nil, problem
		}
		path = raw
	}
	args := append([]string{"-O", path, filepath.Join(dir, "out")}, window...)
	if f.Frames > 1 {
		args = append(args, "+Fa")
	}
	problem, err := exec.Command("dcmj2pnm", args...).CombinedOutput()
	if err != nil {
		return nil, problem
	}
	for i := range f.Frames {
		name := "out"
		if f.Frames > 1 {
			name = fmt.Sprintf("out.%d.p?m", i)
		}
		matches, _ := filepath.Glob(filepath.Join(dir, name))
		if len(matches) != 1 {
			return nil, problem
		}
		pnm, err := os.ReadFile(matches[0])
		if size := f.Width * f.Height * f.Channels(); err == nil && len(pnm) > size {
			pix = append(pix, pnm[len(pnm)-size:]...)
		}
	}
	return pix, problem
}

// compareTable compares the rows with the table in docs/formats.md, or writes it.
func compareTable(t *testing.T, rows map[string][]string) {
	t.Helper()
	var lines []string
	files := 0
	for verdict, names := range rows {
		files += len(names)
		lines = append(lines, fmt.Sprintf("| %s | %s |", strings.Join(inFolders(names), ", "), verdict))
	}
	slices.SortFunc(lines, func(a, b string) int {
		refused := func(s string) int { return strings.Count(s, "refused:") }
		return cmp.Or(cmp.Compare(refused(a), refused(b)), cmp.Compare(a, b))
	})
	table := fmt.Sprintf("%d files\n\n| files | transfer syntax | pixels | result |\n|---|---|---|---|\n%s\n", files, strings.Join(lines, "\n"))
	const page, start, end = "../../../docs/formats.md", "<!-- go test ./data/imagefile/dicom -run Pydicom -update -->\n", "<!-- end -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), start)
	was, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Fatalf("%s has no place for the table", page)
	case was == table:
	case *update:
		if err := os.WriteFile(page, []byte(before+start+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table in %s is out of date: run this test with -update; it should be\n%s", page, table)
	}
}

// inFolders shortens a list of files: the folders below test_files are named once, with the number of their files where there are many.
func inFolders(names []string) (short []string) {
	folders := map[string][]string{}
	for _, name := range names {
		dir, file := filepath.Split(name)
		folders[dir] = append(folders[dir], file)
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		files := folders[dir]
		if dir == "test_files/" {
			dir = ""
		}
		if len(files) > 4 && dir != "" {
			short = append(short, fmt.Sprintf("`%s` (%d files)", dir, len(files)))
			continue
		}
		for _, file := range files {
			short = append(short, "`"+dir+file+"`")
		}
	}
	return short
}
