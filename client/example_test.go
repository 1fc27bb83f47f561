package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// A program signs in, lists the orders and handles a refusal.
func Example() {
	server := httptest.NewServer(vendor())
	defer server.Close()

	ctx := context.Background()
	c, err := client.New(client.Options{Server: server.URL}) // "https://licenses.example.com" in a program
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := c.SignIn(ctx, api.SessionRequest{Username: "anna", Password: "correct horse battery"})
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _, err := c.Orders(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range orders {
		fmt.Printf("%s: order %d, %d of %d licenses\n", session.Client.Username, o.ID, o.LicensesActivated, o.LicensesTotal)
	}

	// The key makes the call safe to retry: the server creates one license for it.
	const key = "8f14e45f-ceea-467f-a0e6-4c5d9a1b2c3d"
	_, err = c.NewLicense(ctx, key, 1042, api.NewLicense{SiteCode: "7183EC4D", MachineID: "83A9-3429-0090-B3F5"})
	fmt.Println(errors.Is(err, api.ErrLicensesInUse))
	// Output:
	// anna: order 1042, 5 of 5 licenses
	// true
}

// vendor returns a license server with one order, all of whose licenses are in use.
func vendor() http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, status int, contentType string, body any) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	mux.HandleFunc("POST /api/v1/sessions", func(w http.ResponseWriter, _ *http.Request) {
		hour := time.Now().Add(time.Hour)
		answer(w, http.StatusCreated, "application/json", api.Session{
			AccessToken:      "access",
			ExpiresAt:        hour,
			RefreshToken:     "refresh",
			RefreshExpiresAt: hour,
			Client:           api.Client{ID: 1, Username: "anna"},
		})
	})
	mux.HandleFunc("GET /api/v1/orders", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "application/json", api.OrderList{Orders: []api.Order{{
			ID:                1042,
			ProgramID:         1,
			LicensesTotal:     5,
			LicensesActivated: 5,
		}}})
	})
	mux.HandleFunc("POST /api/v1/orders/1042/licenses", func(w http.ResponseWriter, _ *http.Request) {
		problem := api.NewProblem(api.ErrLicensesInUse, "All 5 licenses of order 1042 are in use.")
		answer(w, problem.Status, api.ProblemMediaType, problem)
	})
	return mux
}
