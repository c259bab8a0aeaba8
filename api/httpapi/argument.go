package httpapi

import (
	"strings"
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
)

func (extensionWord) word() string { return "EXT" }
func (groupWord) word() string     { return "GROUP" }
func (passwordWord) word() string  { return "PASSWORD" }
func (jobNumberWord) word() string { return "JOB-NUMBER" }
func (uuidWord) word() string      { return "UUID" }
func (phoneWord) word() string     { return "PHONE" }
func (gatewayWord) word() string   { return "GATEWAY" }
func (promptWord) word() string    { return "WELCOME" }

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
	case !rule.Fits(string(a)):
		return []error{&huma.ErrorDetail{Location: at.String(), Message: rule.Name + ": " + rule.Rule}}
	}
	return nil
}
