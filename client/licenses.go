package client

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/acen-desktop/acen/api"
)

// maxPages bounds how many pages a list is followed for.
const maxPages = 10_000

// maxHistory bounds how much of a history is asked for: what is older is of no use in a window.
const maxHistory = 1_000

func id(n int64) map[string]string { return map[string]string{"id": strconv.FormatInt(n, 10)} }

// pages follows a list to its end. fetch gets a cursor and returns the next one.
func (c *Client) pages(fetch func(query map[string]string) (next string, err error)) error {
	query := map[string]string{"limit": strconv.Itoa(api.MaxPage)}
	seen := map[string]bool{}
	for range maxPages {
		next, err := fetch(query)
		if err != nil || next == "" {
			return err
		}
		if seen[next] {
			break
		}
		seen[next] = true
		query["cursor"] = next
	}
	return &NetworkError{Kind: NotACEN, Host: c.host, Err: errors.New("a list has no end")}
}

// Programs lists all programs.
func (c *Client) Programs(ctx context.Context) ([]api.Program, error) {
	var out api.ProgramList
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/programs", into: &out})
	return out.Programs, err
}

// Orders lists all orders and reports whether new ones can be added with a serial number.
func (c *Client) Orders(ctx context.Context) (orders []api.Order, canAdd bool, err error) {
	err = c.pages(func(query map[string]string) (string, error) {
		var out api.OrderList
		_, err := c.do(ctx, call{method: http.MethodGet, path: "/orders", query: query, into: &out})
		orders, canAdd = append(orders, out.Orders...), out.CanAddOrder
		return out.NextCursor, err
	})
	return orders, canAdd, err
}

// Licenses lists the active licenses of an order, on request those that have ended too.
func (c *Client) Licenses(ctx context.Context, order int64, ended bool) (licenses []api.License, err error) {
	err = c.pages(func(query map[string]string) (string, error) {
		if ended {
			query["include"] = "ended"
		}
		var out api.LicenseList
		_, err := c.do(ctx, call{method: http.MethodGet, path: "/orders/{id}/licenses", params: id(order), query: query, into: &out})
		licenses = append(licenses, out.Licenses...)
		return out.NextCursor, err
	})
	return licenses, err
}

// NewLicense activates a PC. The same key with the same request has one effect and one answer.
func (c *Client) NewLicense(ctx context.Context, key string, order int64, r api.NewLicense) (out api.License, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/orders/{id}/licenses", params: id(order), key: key, body: r, into: &out})
	return out, err
}

// ChangeLicense changes the note of a license.
func (c *Client) ChangeLicense(ctx context.Context, license int64, r api.LicenseChange) (out api.License, err error) {
	_, err = c.do(ctx, call{method: http.MethodPatch, path: "/licenses/{id}", params: id(license), body: r, into: &out})
	return out, err
}

// LicenseFile returns name and text of a license file, unverified.
func (c *Client) LicenseFile(ctx context.Context, license int64) (name, content string, err error) {
	response, err := c.do(ctx, call{method: http.MethodGet, path: "/licenses/{id}/file", params: id(license)})
	if err != nil {
		return "", "", err
	}
	mediaType, _, err := mime.ParseMediaType(response.Header().Get("Content-Type"))
	if err != nil || mediaType != api.LicenseFileMediaType {
		return "", "", &NetworkError{Kind: NotACEN, Host: c.host, Err: fmt.Errorf("a license file of type %q", mediaType)}
	}
	if _, params, err := mime.ParseMediaType(response.Header().Get("Content-Disposition")); err == nil {
		name = params["filename"]
	}
	return name, response.String(), nil
}

// EmailPreview returns the mail that SendEmail would send.
func (c *Client) EmailPreview(ctx context.Context, license int64) (out api.EmailPreview, err error) {
	_, err = c.do(ctx, call{method: http.MethodGet, path: "/licenses/{id}/email", params: id(license), into: &out})
	return out, err
}

// SendEmail asks the server to email the activation code. The same key sends one mail.
func (c *Client) SendEmail(ctx context.Context, key string, license int64, r api.EmailRequest) error {
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/email", params: id(license), key: key, body: r})
	return err
}

// Reactivate gives a license to the new codes of its PC. The same key with the same request has one effect and one answer.
func (c *Client) Reactivate(ctx context.Context, key string, license int64, r api.Reactivation) (out api.License, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/reactivation", params: id(license), key: key, body: r, into: &out})
	return out, err
}

// Release gives a license free for another PC, which can then Transfer it without a removal code; it returns the license with
// ReleasedAt. The same key with the same request has one effect and one answer.
func (c *Client) Release(ctx context.Context, key string, license int64, r api.Release) (out api.License, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/release", params: id(license), key: key, body: r, into: &out})
	return out, err
}

// Transfer gives a license to another PC; a released one needs no removal code. The same key with the same request has one effect and one answer.
func (c *Client) Transfer(ctx context.Context, key string, license int64, r api.Transfer) (out api.License, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/transfer", params: id(license), key: key, body: r, into: &out})
	return out, err
}

// Remove ends a license and returns its order. The same key with the same request has one effect and one answer.
func (c *Client) Remove(ctx context.Context, key string, license int64, r api.Removal) (out api.Order, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/removal", params: id(license), key: key, body: r, into: &out})
	return out, err
}

// Compare asks how the PC with these codes compares with a license; it changes nothing.
func (c *Client) Compare(ctx context.Context, license int64, r api.PCCodes) (out api.Comparison, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/licenses/{id}/comparison", params: id(license), body: r, into: &out})
	return out, err
}

// NewOrder makes an order of a serial number. The same key with the same request has one effect and one answer.
func (c *Client) NewOrder(ctx context.Context, key string, r api.NewOrder) (out api.Order, err error) {
	_, err = c.do(ctx, call{method: http.MethodPost, path: "/orders", key: key, body: r, into: &out})
	return out, err
}

// History lists what happened to an order, newest first, at most maxHistory entries.
func (c *Client) History(ctx context.Context, order int64) (entries []api.HistoryEntry, err error) {
	err = c.pages(func(query map[string]string) (string, error) {
		var out api.HistoryList
		_, err := c.do(ctx, call{method: http.MethodGet, path: "/orders/{id}/history", params: id(order), query: query, into: &out})
		entries = append(entries, out.History...)
		if len(entries) >= maxHistory {
			return "", err
		}
		return out.NextCursor, err
	})
	return entries, err
}
