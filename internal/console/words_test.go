package console

import (
	"io/fs"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// eachText calls visit with each text of a dictionary and its name.
func eachText(name string, v reflect.Value, visit func(name, text string)) {
	switch v.Kind() {
	case reflect.Pointer:
		eachText(name, v.Elem(), visit)
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(name+"."+v.Type().Field(i).Name, v.Field(i), visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			eachText(name+"."+key.String(), v.MapIndex(key), visit)
		}
	default:
		visit(name, v.String())
	}
}

func textsOf(w *Words) map[string]string {
	texts := map[string]string{}
	eachText("words", reflect.ValueOf(w), func(name, text string) { texts[name] = text })
	return texts
}

var hole = regexp.MustCompile(`\{\d\}`)

func TestEachLanguageHasEveryWord(t *testing.T) {
	reference := textsOf(&english)
	if len(reference) < 100 {
		t.Fatalf("only %d words were found", len(reference))
	}
	for language, words := range languages {
		texts := textsOf(words)
		for name, text := range texts {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", language, name)
			}
			if _, known := reference[name]; !known {
				t.Errorf("%s: %s is not in English", language, name)
			}
		}
		for name, text := range reference {
			got := hole.FindAllString(texts[name], -1)
			want := hole.FindAllString(text, -1)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has the places %v, English has %v", language, name, got, want)
			}
		}
	}
	han := regexp.MustCompile(`\p{Han}`)
	if !han.MatchString(chinese.Login.Title) || han.MatchString(english.Login.Title) {
		t.Error("the languages are mixed up")
	}
}

// usedWords are words as a module names them, or the table of words that it gives a short name.
var usedWords = regexp.MustCompile(`\bwords(?:\.[A-Z][A-Za-z0-9]+){1,2}`)

func TestModulesUseWordsThatExist(t *testing.T) {
	known := map[string]bool{}
	for name := range textsOf(&english) {
		for is := true; is; name, _, is = cutLast(name) {
			known[name] = true
		}
	}
	used := map[string]bool{}
	modules, err := fs.Glob(web, "web/js/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range modules {
		content, err := web.ReadFile(module)
		if err != nil {
			t.Fatal(err)
		}
		text := withoutAliases(string(content))
		for _, name := range usedWords.FindAllString(text, -1) {
			used[name] = true
			if !known[name] {
				t.Errorf("%s: there is no %s", module, name)
			}
		}
	}
	if len(used) < 30 {
		t.Errorf("only %d words of modules were found: %v", len(used), slices.Sorted(maps.Keys(used)))
	}
}

func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}

// alias is a short name that a module gives to a table of words.
var alias = regexp.MustCompile(`const (\w+) = (words\.\w+);`)

func withoutAliases(module string) string {
	for _, m := range alias.FindAllStringSubmatch(module, -1) {
		module = regexp.MustCompile(`\b`+m[1]+`\.([A-Z])`).ReplaceAllString(module, m[2]+".$1")
	}
	return module
}

func TestTheLanguageIsTheChosenOneElseTheUsersElseTheBrowsers(t *testing.T) {
	titleOf := func(b *browser, accept string) string {
		t.Helper()
		_, text := b.get("/ui/desk", "Accept-Language", accept)
		return regexp.MustCompile(`<html lang="(\w+)"`).FindStringSubmatch(text)[1]
	}
	for accept, want := range map[string]string{
		"": "en", "fr": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "en;q=0.9, zh;q=1": "zh", "de, en;q=0.5, zh;q=0.2": "en",
	} {
		if got := titleOf(visit(t).as("supervisor"), accept); got != want {
			t.Errorf("Accept-Language %q: %s", accept, got)
		}
	}
	b := visit(t).as("li")
	if got := titleOf(b, "en"); got != "zh" {
		t.Errorf("a user with a language: %s", got)
	}
	answer, _ := b.post("/ui/look", "language", "en", "theme", "dark", "next", "/ui/desk")
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/ui/desk" {
		t.Errorf("%d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	if got := titleOf(b, "zh"); got != "en" {
		t.Errorf("after the choice: %s", got)
	}
	if _, text := b.get("/ui/desk"); !strings.Contains(text, `data-theme="dark"`) {
		t.Error("the theme is not kept")
	}
	b.post("/ui/look", "language", "xx", "theme", "<b>")
	if _, text := b.get("/ui/desk"); !strings.Contains(text, `lang="en" data-theme="dark"`) {
		t.Error("a language and a theme that do not exist change something")
	}
}
