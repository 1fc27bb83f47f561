package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// wireJSON is the JSON format of bodies. It refuses text that databases cannot store, and explains errors.
var wireJSON = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: readJSON}

func readJSON(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("the body is not UTF-8")
	}
	err := json.Unmarshal(data, v)
	if fault := (*json.UnmarshalTypeError)(nil); errors.As(err, &fault) {
		return fmt.Errorf("the value of %s is of the wrong kind or too large", fault.Field)
	}
	if err != nil {
		return errors.New("the body is not JSON, or it is incomplete")
	}
	// huma decodes every body into an any before it decodes it into the type of the call.
	if value, ok := v.(*any); ok && containsNUL(*value) {
		return errors.New("the body contains a NUL character")
	}
	return nil
}

func containsNUL(value any) bool {
	switch value := value.(type) {
	case string:
		return strings.ContainsRune(value, 0)
	case []any:
		for _, v := range value {
			if containsNUL(v) {
				return true
			}
		}
	case map[string]any:
		for _, v := range value {
			if containsNUL(v) {
				return true
			}
		}
	}
	return false
}
