package conf

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// written puts a file into a directory of its own.
func written(t *testing.T, name, text string, mode fs.FileMode) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPassThroughWithoutAPasswordIsRefusedAndOff(t *testing.T) {
	const text = "[control]\npass-through = \"a\"\n[[freeswitch]]\nname = \"a\"\naddress = \"a:8021\"\n"
	c, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if c.Control.PassThrough != "" || len(c.Refused) != 1 ||
		!strings.HasPrefix(c.Refused[0].Error(), "f:2: control.pass-through: needs control.password") {
		t.Errorf("%q, refused: %v", c.Control.PassThrough, c.Refused)
	}
	c, err = Parse("f", []byte(strings.Replace(text, "[control]", "[control]\npassword = \"a long password\"", 1)))
	if err != nil || c.Control.PassThrough != "a" || len(c.Refused) > 0 {
		t.Errorf("with a password: %+v %v", c, err)
	}
}

func TestDangersAreWarnedOf(t *testing.T) {
	file := written(t, "c.toml", `
[server]
allow = ["0.0.0.0/0", "10.0.0.0/8", "::/0"]
[control]
password = "x"
[http]
token = "short"
[[freeswitch]]
name = "a"
address = "a:8021"
`, 0o644)
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	said := c.Warnings.Error()
	for _, want := range []string{
		file + ": everybody on this host can read its secrets", ":3: server.allow: 0.0.0.0/0 is everybody",
		"::/0 is everybody", ":5: control.password: has fewer than 12", ":7: http.token: has fewer than 12",
		":8: freeswitch.password: is FreeSWITCH's default",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	if len(c.Warnings) != 6 {
		t.Errorf("%d warnings:\n%s", len(c.Warnings), said)
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	token := written(t, "token", "the-token-of-http\n", 0o644)
	directory := written(t, "directory-token", "the-directory-token\n", 0o600)
	password := written(t, "password", "the-control-password", 0o600)
	t.Setenv("NWAYACD_CONTROL_PASSWORD_FILE", password)
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(directory))
	file := written(t, "c.toml", "[http]\nlisten = \"0.0.0.0:8085\"\ntoken-file = \""+token+"\"\n", 0o644)
	c, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Token != "the-token-of-http" || c.HTTP.DirectoryToken != "the-directory-token" ||
		c.Control.Password != "the-control-password" {
		t.Errorf("%q %q %q", string(c.HTTP.Token), string(c.HTTP.DirectoryToken), string(c.Control.Password))
	}
	if !strings.Contains(c.Warnings.Error(), token+": everybody on this host can read") ||
		strings.Contains(c.Warnings.Error(), password) {
		t.Errorf("warnings: %s", c.Warnings)
	}
	if shown := c.String(); strings.Contains(shown, "the-") {
		t.Error(shown)
	}
}

func TestASecretThatIsMissingIsNoEmptySecret(t *testing.T) {
	for name, text := range map[string]string{
		"no such file": `token-file = "nothing"`,
		"both":         "token = \"a long token\"\ntoken-file = \"token\"",
		"empty":        `token-file = "/dev/null"`,
		"endless":      `token-file = "/dev/zero"`,
		"a pipe":       `token-file = "` + pipe(t) + `"`,
		"no text":      `token-file = 7`,
	} {
		_, err := Load(written(t, "c.toml", "[http]\n"+text, 0o600))
		if err == nil || !strings.Contains(err.Error(), "http.token-file: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, variable := range []string{"NWAYACD_HTTP_TOKEN", "NWAYACD_CONTROL_PASSWORD", "NWAYACD_DBSTRING"} {
		t.Setenv(variable, "")
		_, err := Load(written(t, "c.toml", "", 0o600))
		if err == nil || !strings.Contains(err.Error(), variable+": is set but empty") {
			t.Errorf("%s: %v", variable, err)
		}
		os.Unsetenv(variable)
	}
}

// pipe makes a pipe to which nobody writes.
func pipe(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", path).Run(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheSameSecretTwiceIsAFaultThatNamesBoth(t *testing.T) {
	file := written(t, "token", "the-token-of-http\n", 0o600)
	t.Setenv("NWAYACD_HTTP_TOKEN", "the-token-of-http")
	t.Setenv("NWAYACD_HTTP_TOKEN_FILE", file)
	_, err := Load(written(t, "c.toml", "", 0o600))
	const want = "environment: NWAYACD_HTTP_TOKEN: is given beside NWAYACD_HTTP_TOKEN_FILE; keep one of the two"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	t.Setenv("NWAYACD_HTTP_TOKEN", "")
	os.Unsetenv("NWAYACD_HTTP_TOKEN")
	t.Setenv("NWAYACD_HTTP_TOKEN_FILE", "")
	if _, err := Load(written(t, "c.toml", "", 0o600)); err == nil ||
		!strings.Contains(err.Error(), "NWAYACD_HTTP_TOKEN_FILE: is set but empty") {
		t.Error(err)
	}
}

func TestACredentialThatCannotBeReadIsAFault(t *testing.T) {
	credentials := t.TempDir()
	if err := os.Mkdir(filepath.Join(credentials, "http-token"), 0o700); err != nil { // no file
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	_, err := Load(written(t, "c.toml", "", 0o600))
	if err == nil || !strings.Contains(err.Error(), "CREDENTIALS_DIRECTORY: ") {
		t.Error(err)
	}
}

func TestAnEndlessFileIsNoConfiguration(t *testing.T) {
	if _, err := Load("/dev/zero"); err == nil || !strings.Contains(err.Error(), "longer than 256 KiB") {
		t.Error(err)
	}
}

func TestBlanksInPathsOfWhatIsOneArgument(t *testing.T) {
	for _, text := range []string{
		"[acd]\nrecord-path = \"/my records/{uuid}.wav\"", "[prompts]\nsurvey = \"/my voices/survey.wav\"",
	} {
		if _, err := Parse("f", []byte(text)); err == nil || !strings.Contains(err.Error(), "has a blank") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAnOpenDirectoryIsForLoopback(t *testing.T) {
	_, err := Parse("f", []byte("[http]\nlisten = \"0.0.0.0:8085\"\ntoken = \"a long token\"\ndirectory-open = true"))
	if err == nil || !strings.Contains(err.Error(), "f:4: http.directory-open: is on, but") {
		t.Error(err)
	}
}

func TestTrustedProxiesNeedAToken(t *testing.T) {
	_, err := Parse("f", []byte("[http]\ntrusted-proxies = [\"10.0.0.9\"]"))
	if err == nil || !strings.Contains(err.Error(), "f:2: http.trusted-proxies: is set, but http.token is empty") {
		t.Error(err)
	}
	c, err := Parse("f", []byte("[http]\ntoken = \"a-long-token\"\ntrusted-proxies = [\"0.0.0.0/0\", \"10.0.0.9\"]"))
	if err != nil || len(c.HTTP.TrustedProxies) != 2 ||
		!strings.Contains(c.Warnings.Error(), "0.0.0.0/0 is everybody") {
		t.Errorf("%+v %v", c, err)
	}
}
