//go:build !linux

package atomicfile

import "time"

// setModified sets the file's modification time. It goes by name: were the name swapped for a link at this moment, another file
// of the folder would get the time. Windows may set the time again when the file is closed.
func (t *temporary) setModified(dir directory, modified time.Time) error {
	if !isFile(dir, t.name, t.info) {
		return errSwapped
	}
	return dir.Chtimes(t.name, time.Time{}, modified)
}
