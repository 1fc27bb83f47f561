package api_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
)

// A refusal is an error with a code, which errors.Is finds.
func ExampleProblem() {
	body := `{
		"type": "about:blank", "title": "Conflict", "status": 409, "code": "STATUS_LICENSES_IN_USE",
		"detail": "All 5 licenses of order 1042 are in use."
	}`
	var problem api.Problem
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		fmt.Println(err)
		return
	}
	err := fmt.Errorf("new license: %w", &problem)
	fmt.Println(errors.Is(err, api.ErrLicensesInUse))

	var refusal *api.Problem
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Detail)
	}
	// Output:
	// true
	// All 5 licenses of order 1042 are in use.
}
