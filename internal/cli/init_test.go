package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nwayacd/conf"
	"nwayacd/internal/auth/users"
)

func TestInitWritesAConfigurationWithStrongSecrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	var out strings.Builder
	if err := (&Init{Dir: dir, FreeSWITCH: "10.0.0.9:8021"}).write(&out); err != nil {
		t.Fatal(err)
	}
	c, err := conf.Load(filepath.Join(dir, "nwayacd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings)+len(c.Refused) > 0 {
		t.Errorf("%s %s", c.Warnings, c.Refused)
	}
	seen := map[conf.Secret]bool{}
	for _, s := range []conf.Secret{c.Control.Password, c.HTTP.Token, c.HTTP.DirectoryToken, c.FreeSWITCH[0].Password} {
		if len(s) != 48 || seen[s] {
			t.Errorf("a secret of %d characters, or one that is there twice", len(s))
		}
		seen[s] = true
	}
	for _, want := range []conf.Secret{c.HTTP.DirectoryToken, c.FreeSWITCH[0].Password} {
		if !strings.Contains(out.String(), `value="`+string(want)+`"`) &&
			!strings.Contains(out.String(), `value="freeswitch:`+string(want)+`"`) {
			t.Errorf("FreeSWITCH's lines lack a secret:\n%s", out.String())
		}
	}
	name, hash, _ := strings.Cut(string(c.HTTP.FirstAdmin), ":")
	if name != "admin" || users.CheckHash(hash) != nil || strings.Contains(out.String(), hash) {
		t.Errorf("the first administrator is %q", c.HTTP.FirstAdmin)
	}
	for _, private := range []conf.Secret{c.Control.Password, c.HTTP.Token} {
		if strings.Contains(out.String(), string(private)) {
			t.Error("a secret that FreeSWITCH does not need is printed")
		}
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err := (&Init{Dir: dir, FreeSWITCH: "a:8021"}).write(&out); err == nil ||
		!strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
}

func TestInitTellsAWrongAddress(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	if err := (&Init{Dir: dir, FreeSWITCH: "nowhere"}).write(&strings.Builder{}); err == nil {
		t.Error("an address without a port is taken")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was written")
	}
}
