package console

import (
	"embed"
	"encoding/json"
	"net/http"
	"path"
	"strings"
)

// web has the templates, styles and modules.
//
//go:embed web
var web embed.FS

// kinds are the types of the files that a browser may load.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// serveAsset answers with a style, a module or an image. Templates are not among them.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	kind, known := kinds[path.Ext(name)]
	content, err := web.ReadFile(name)
	if !known || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Write(content) // fails only if the client is gone
}

// serveWords answers with the words of one language, for the modules.
func serveWords(w http.ResponseWriter, r *http.Request) {
	language, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	words, known := languages[language]
	if !known || !isJSON {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(words) // fails only if the client is gone
}
