package uitest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// The tests share a binary and a browser. Each test has a browser context, with cookies of its own.
var (
	program string          // the built nwayacd
	chrome  context.Context // of the browser
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("NWAYACD_UI") == "" {
		fmt.Fprintln(os.Stderr, "NOTE: THE TESTS OF THE CONSOLE IN A BROWSER RUN WITH script/test ui ONLY")
		return 0
	}
	dir, err := os.MkdirTemp("/var/tmp", "nwayacd-ui-") // not in /dev/shm, which Chromium fills
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "nwayacd")
	race := os.Getenv("NWAYACD_UI_BENCH") == "" // which would be measured, too
	build := exec.Command("go", "build", fmt.Sprintf("-race=%t", race), "-o", program, "nwayacd")
	if out, err := build.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("%w: %s", err, out))
	}
	stop, err := startBrowser(dir)
	defer stop()
	if err != nil {
		return fail(fmt.Errorf("Chromium does not start: %w", err))
	}
	defer func() {
		if theWorld != nil {
			theWorld.end()
		}
	}()
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "uitest:", err)
	return 1
}

// startBrowser starts Chromium. stop must be called, also after an error.
func startBrowser(dir string) (stop func(), err error) {
	path, err := chromium()
	if err != nil {
		return func() {}, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-extensions", true),
		chromedp.Flag("lang", "en-US"), chromedp.Flag("accept-lang", "en-US"), chromedp.WindowSize(1920, 1080),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	var end context.CancelFunc
	chrome, end = chromedp.NewContext(allocator)
	return func() { end(); endAllocator() }, chromedp.Do(chrome)
}

func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is none on the PATH")
}
