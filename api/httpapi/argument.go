package httpapi

import (
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/api"
)

// arg is text that goes to the floor or to FreeSWITCH. Its rule is that of the commands' argument
// with the same word.
type arg[W interface{ word() string }] string

type (
	extensionWord struct{}
	groupWord     struct{}
	passwordWord  struct{}
	jobNumberWord struct{}
	uuidWord      struct{}
	phoneWord     struct{}
	gatewayWord   struct{}
	promptWord    struct{}
	reasonWord    struct{}
)

func (extensionWord) word() string { return "EXT" }
func (groupWord) word() string     { return "GROUP" }
func (passwordWord) word() string  { return "PASSWORD" }
func (jobNumberWord) word() string { return "JOB-NUMBER" }
func (uuidWord) word() string      { return "UUID" }
func (phoneWord) word() string     { return "PHONE" }
func (gatewayWord) word() string   { return "GATEWAY" }
func (promptWord) word() string    { return "WELCOME" }
func (reasonWord) word() string    { return "REASON" }

// Schema implements huma.SchemaProvider: a string, with the rule as its description.
func (arg[W]) Schema(huma.Registry) *huma.Schema {
	var of W
	return &huma.Schema{Type: huma.TypeString, Description: api.ArgumentOf(of.word()).Rule}
}

// Resolve implements huma.ResolverWithPath. It returns an error if the text breaks the rule.
func (a arg[W]) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	var of W
	rule := api.ArgumentOf(of.word())
	switch {
	case strings.ContainsFunc(string(a), unicode.IsControl):
		return []error{&huma.ErrorDetail{
			Location: at.String(),
			Message:  rule.Name + ": no control characters are allowed",
		}}
	case !rule.Fits(string(a)) && (a != "" || of.word() != "REASON"):
		return []error{&huma.ErrorDetail{Location: at.String(), Message: rule.Name + ": " + rule.Rule}}
	}
	return nil
}

// checkTime refuses a time that the databases do not take. The zero time is none.
func checkTime(value time.Time, at *huma.PathBuffer, field string) []error {
	year := value.UTC().Year()
	if value.IsZero() || year >= 1970 && year <= 9999 {
		return nil
	}
	return []error{&huma.ErrorDetail{Location: at.With(field), Message: "a year from 1970 to 9999 is wanted"}}
}

// Resolve tells huma whether the rule can be kept.
func (r *blacklistRule) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return checkTime(r.Expires, at, "expires")
}

// Resolve tells huma whether the times can be searched for.
func (f *auditFilter) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return append(checkTime(f.From, at, "query.from"), checkTime(f.To, at, "query.to")...)
}

// Resolve tells huma whether the end can be kept.
func (in *tokenPut) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return checkTime(in.Body.Expires, at, "body.expires")
}

// Resolve tells huma whether the times can be searched for.
func (f *cdrFilter) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return append(checkTime(f.From, at, "query.from"), checkTime(f.To, at, "query.to")...)
}
