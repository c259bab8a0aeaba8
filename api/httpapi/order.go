package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"nwayacd/internal/auth"
	"nwayacd/internal/setting"
)

// order returns what the audit log has of an operation with this input, or nil if the operation
// changes nothing.
func (o *operation) order(in any, objects []auth.Object) *auth.Order {
	if o.method == http.MethodGet {
		return nil
	}
	order := &auth.Order{Action: o.right(), Detail: map[string]string{}}
	fields := reflect.Indirect(reflect.ValueOf(in))
	addDetail(order.Detail, fields)
	name := objectOf(fields)
	order.Object = order.Detail[name]
	delete(order.Detail, name)
	if name == "" && len(objects) > 0 {
		order.Object = objects[0].Name
	}
	return order
}

// objectOf returns the name of the field that says what an operation is about. That is the first
// one of the path, else the first one of the body if it is a text. It returns "" if there is none.
func objectOf(fields reflect.Value) (name string) {
	for i := range fields.NumField() {
		if name := fields.Type().Field(i).Tag.Get("path"); name != "" {
			return name
		}
	}
	if body := fields.FieldByName("Body"); body.Kind() == reflect.Struct && body.NumField() > 0 {
		if first := body.Type().Field(0); first.Type.Kind() == reflect.String && first.Tag.Get("writeOnly") == "" {
			name, _, _ = strings.Cut(first.Tag.Get("json"), ",")
		}
	}
	return name
}

// addDetail adds the fields of an input and of its body. Secrets are masked.
func addDetail(detail map[string]string, fields reflect.Value) {
	for i := range fields.NumField() {
		field, value := fields.Type().Field(i), fields.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		for _, place := range []string{"path", "query"} {
			if tag := field.Tag.Get(place); tag != "" {
				name = tag
			}
		}
		switch {
		case field.Name == "Body" && reflect.Indirect(value).Kind() == reflect.Struct:
			addDetail(detail, reflect.Indirect(value))
		case field.Name == "Body" && value.Kind() == reflect.Map:
			for _, key := range value.MapKeys() {
				detail[key.String()] = shownValue(value.MapIndex(key).Elem())
			}
		case name == "" || value.IsZero() && (field.Tag.Get("json") == "" || isNone(value.Kind())):
		case field.Tag.Get("writeOnly") == "true":
			detail[name] = auth.Masked
		case value.Kind() != reflect.Pointer || !value.IsNil():
			detail[name] = shownValue(reflect.Indirect(value))
		}
	}
}

// isNone reports whether the zero value of a kind means that nothing was given, such as a time or a
// list.
func isNone(kind reflect.Kind) bool { return kind == reflect.Struct || kind == reflect.Slice }

// shownValue returns a text as it is, and anything else in JSON.
func shownValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Invalid: // null
		return setting.Default
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return ""
	}
	return string(text)
}
