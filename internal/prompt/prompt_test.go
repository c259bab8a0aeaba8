package prompt

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatMayBePlayed(t *testing.T) {
	for text, allowed := range map[string]bool{
		"":                               true,
		"/home/voices/welcome.wav":       true,
		"ivr/ivr-welcome.wav":            true,
		"/my files/it's.WAV":             true,
		"/v.2/welcome":                   true, // not played, and harmless
		"/v.2_b/welcome.wav":             true,
		"/a.PCMU":                        true,
		"/a.AMR-WB":                      true,
		"/a.wav@@8000":                   true,
		"{loops=2}/a.wav":                true,
		"local_stream://moh":             true,
		"silence_stream://-1":            true,
		"tone_stream://%(1000,4000,440)": true,
		"tone_stream://path=/etc/tones.ttml;loops=3":       true,
		"{x=y}local_stream://moh":                          true,
		"file_string:///a.wav!b.wav":                       true,
		"file_string:///a.wav!silence_stream://500!/b.wav": true,
		"say:hello":                                   true,
		"say:visit www.shell_stream":                  true, // spoken
		"phrase:spell:12":                             true,
		"shell_stream:///bin/id":                      false,
		"SHELL_STREAM:///bin/id":                      false,
		"{a=b}shell_stream:///bin/id":                 false,
		"/bin/touch /tmp/x .shell_stream":             false,
		"/bin/id.Shell_Stream":                        false,
		"/bin/id.shell_stream@@8000.wav":              false,
		"/bin/id.shell_stream!/a.wav":                 false,
		"file_string:///bin/id.shell_stream":          false,
		"file_string:///a.wav!/bin/id.shell_stream":   false,
		"file_string:///a.wav!shell_stream:///bin/id": false,
		"local_stream://moh!shell_stream:///bin/id":   false, // with playback_delimiter
		"http_cache://http://host/a.wav":              false,
		"http://host/a.wav":                           false,
		"https://youtube.com/x":                       false,
		"/x.http":                                     false,
		"tts://flite|kal|hello":                       false,
		"/x.tts":                                      false,
		"file:///a.wav":                               false,
		"file:///bin/id.shell%5Fstream":               false,
		"vlc:///x":                                    false,
		"unknown://x":                                 false,
		"://x":                                        false,
	} {
		err := Check(text, DefaultSchemes())
		if (err == nil) != allowed {
			t.Errorf("%q: %v, want allowed = %t", text, err, allowed)
		}
		if err != nil && !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%q: %v is not ErrNotAllowed", text, err)
		}
	}
}

func TestSchemesOfTheConfiguration(t *testing.T) {
	allowed := []string{"http_cache"}
	for text, right := range map[string]bool{
		"http_cache://http://host/a.wav": true, "/a.wav": true, "local_stream://moh": false, "say:hello": false,
		"http://host/a.wav": false, "http_cache://shell_stream://x": false, "http_cache://https://host/a.wav": true,
		"Phrase:x": false, " {a=b} say:hello": false,
	} {
		if err := Check(text, allowed); (err == nil) != right {
			t.Errorf("%q: %v", text, err)
		}
	}
	err := Check("shell_stream://x", allowed)
	if !strings.Contains(err.Error(), "[prompts] schemes has those that are: http_cache") {
		t.Error(err)
	}
}
