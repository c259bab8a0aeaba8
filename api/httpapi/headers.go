package httpapi

import "net/http"

// policy is what a browser allows an answer that it shows as a page: nothing. The pages of the
// console and of the documentation have policies of their own.
const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// withHeaders puts on every answer, a refusal too, what protects it in a browser. Answers have
// callers' numbers and keys in them, so no browser and no proxy may keep them.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
