package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// wireJSON is JSON as bodies are read and written: text that no database keeps is refused, and faults are told in plain
// words.
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
		return errors.New("the body is not JSON, or it did not arrive whole")
	}
	// The framework reads every body once without types, before it reads it into the call's own.
	if value, ok := v.(*any); ok && holdsNUL(*value) {
		return errors.New("the body holds a NUL character")
	}
	return nil
}

func holdsNUL(value any) bool {
	switch value := value.(type) {
	case string:
		return strings.ContainsRune(value, 0)
	case []any:
		for _, v := range value {
			if holdsNUL(v) {
				return true
			}
		}
	case map[string]any:
		for _, v := range value {
			if holdsNUL(v) {
				return true
			}
		}
	}
	return false
}
