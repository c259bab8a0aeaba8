// Package uitest has the tests of the console in a real browser: Debian's Chromium, driven over its
// DevTools protocol. `script/test ui` installs it and runs them. They run without the race
// detector, because a browser needs the processor.
package uitest
