package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nwayacd/conf"
)

// Import is `nwayacd import`.
type Import struct {
	File   string `arg:"" help:"nwayacd.conf.xml, or a fragment of it; - is standard input."`
	Output string `short:"o" placeholder:"FILE" help:"The TOML file to write; without it, standard output."`
	Force  bool   `help:"Overwrite the file."`
}

// maxImport bounds what is read. Package conf refuses a file that is too long for a configuration.
const maxImport = 1 << 20

// Run converts the module's configuration. The notes go to standard error, and are also at the end
// of the TOML. Only the TOML contains the database password.
func (i *Import) Run() error { return i.run(os.Stdin, os.Stdout, os.Stderr) }

func (i *Import) run(stdin io.Reader, stdout, stderr io.Writer) error {
	name, content, err := i.read(stdin)
	if err != nil {
		return fmt.Errorf("nwayacd: import: %w", err)
	}
	text, notes, err := conf.FromModule(name, content)
	if err != nil {
		return err
	}
	if err := i.write(stdout, text); err != nil {
		return fmt.Errorf("nwayacd: import: %w", err)
	}
	for _, n := range notes {
		fmt.Fprintln(stderr, n)
	}
	if i.Output != "" {
		fmt.Fprintf(stderr, "%s: written; check it, then run: nwayacd check -c %[1]s && nwayacd migrate -c %[1]s\n",
			i.Output)
	}
	return nil
}

func (i *Import) read(stdin io.Reader) (name string, content []byte, err error) {
	if i.File == "-" {
		content, err = io.ReadAll(io.LimitReader(stdin, maxImport))
		return "standard input", content, err
	}
	file, err := os.Open(i.File)
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	content, err = io.ReadAll(io.LimitReader(file, maxImport))
	return i.File, content, err
}

func (i *Import) write(stdout io.Writer, text []byte) error {
	if i.Output == "" || i.Output == "-" {
		_, err := stdout.Write(text)
		return err
	}
	err := writeWhole(i.Output, text, i.Force)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; --force overwrites it", i.Output)
	}
	return err
}

// writeWhole writes the file in one step, so it never exists in part. Only its owner can read it.
// Without force, it leaves an existing file as it is and returns fs.ErrExist.
func writeWhole(path string, text []byte, force bool) (err error) {
	draft, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimPrefix(filepath.Base(path), ".")+".*")
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.Remove(draft.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if force {
		return os.Rename(draft.Name(), path)
	}
	return os.Link(draft.Name(), path) // unlike a rename, it never overwrites
}
