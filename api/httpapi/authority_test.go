package httpapi

import (
	"testing"

	"nwayacd/internal/auth"
)

// right returns the name by which the table of roles has the operation.
func (o *openAPIOperation) right() string {
	if len(o.Commands) > 0 {
		return o.Commands[0]
	}
	return o.OperationID
}

func TestEveryOperationIsInTheTableOfRoles(t *testing.T) {
	b, _ := web(t, "")
	doc, _ := b.openAPI()
	for _, item := range doc.Paths {
		for _, o := range item {
			if auth.RightOf(o.right()) == nil {
				t.Errorf("%s needs a line in internal/auth/rights.go", o.OperationID)
			}
			if len(o.Roles) == 0 {
				t.Errorf("%s has no %s in the document", o.OperationID, roleKey)
			}
		}
	}
}
