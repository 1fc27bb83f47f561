package client

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"github.com/go-resty/resty/v2"

	"github.com/acen-desktop/acen/api"
)

// maxPages is the maximum number of pages of a list.
const maxPages = 10_000

// maxHistory is the maximum number of history entries to fetch; a window has no use for more.
const maxHistory = 1_000

func id(n int64) map[string]string { return map[string]string{"id": strconv.FormatInt(n, 10)} }

// pages fetches all pages of a list. fetch gets a query with the cursor and returns the next cursor.
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
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   "/programs",
		status: http.StatusOK,
		read:   into(&out, checkPrograms),
	})
	return out.Programs, err
}

// Orders lists all orders and reports whether new ones can be added with a serial number.
func (c *Client) Orders(ctx context.Context) (orders []api.Order, canAdd bool, err error) {
	seen := ids{}
	err = c.pages(func(query map[string]string) (string, error) {
		var out api.OrderList
		err := c.do(ctx, call{
			method: http.MethodGet,
			path:   "/orders",
			query:  query,
			status: http.StatusOK,
			read:   into(&out, func(list api.OrderList) error { return checkOrders(list, seen) }),
		})
		orders, canAdd = append(orders, out.Orders...), out.CanAddOrder
		return out.NextCursor, err
	})
	if err != nil {
		return nil, false, err
	}
	return orders, canAdd, nil
}

// Licenses lists the active licenses of an order, optionally with those that have ended.
func (c *Client) Licenses(ctx context.Context, order int64, ended bool) (licenses []api.License, err error) {
	seen := ids{}
	err = c.pages(func(query map[string]string) (string, error) {
		if ended {
			query["include"] = "ended"
		}
		var out api.LicenseList
		err := c.do(ctx, call{
			method: http.MethodGet,
			path:   "/orders/{id}/licenses",
			params: id(order),
			query:  query,
			status: http.StatusOK,
			read:   into(&out, func(list api.LicenseList) error { return checkLicenses(list, order, seen) }),
		})
		licenses = append(licenses, out.Licenses...)
		return out.NextCursor, err
	})
	if err != nil {
		return nil, err
	}
	return licenses, nil
}

// NewLicense activates a PC. It is idempotent by key. A PC that has a license of the program already gets that one,
// which may be of another order of the account.
func (c *Client) NewLicense(
	ctx context.Context, key string, order int64, r api.NewLicense,
) (out api.License, err error) {
	pc := api.PCCodes{SiteCode: r.SiteCode, MachineID: r.MachineID, SiteMID: r.SiteMID}
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/orders/{id}/licenses",
		params: id(order),
		key:    key,
		body:   r,
		status: http.StatusCreated,
		read:   into(&out, func(l api.License) error { return checkNewLicense(l, pc) }),
	})
	return out, err
}

// ChangeLicense changes the note of a license.
func (c *Client) ChangeLicense(ctx context.Context, license int64, r api.LicenseChange) (out api.License, err error) {
	err = c.do(ctx, call{
		method: http.MethodPatch,
		path:   "/licenses/{id}",
		params: id(license),
		body:   r,
		status: http.StatusOK,
		read:   into(&out, func(l api.License) error { return checkLicenseID(l, license) }),
	})
	return out, err
}

// LicenseFile returns name and content of a license file, unverified.
func (c *Client) LicenseFile(ctx context.Context, license int64) (name, content string, err error) {
	err = c.do(ctx, call{
		method: http.MethodGet,
		path:   "/licenses/{id}/file",
		params: id(license),
		status: http.StatusOK,
		read: func(r *resty.Response) error {
			if err := checkMediaType(r, api.LicenseFileMediaType); err != nil {
				return err
			}
			if _, params, err := mime.ParseMediaType(r.Header().Get("Content-Disposition")); err == nil {
				name = params["filename"]
			}
			content = r.String()
			return checkFile(content)
		},
	})
	if err != nil {
		return "", "", err
	}
	return name, content, nil
}

// EmailPreview returns the mail that SendEmail would send.
func (c *Client) EmailPreview(ctx context.Context, license int64) (out api.EmailPreview, err error) {
	err = c.do(ctx, call{
		method: http.MethodGet,
		path:   "/licenses/{id}/email",
		params: id(license),
		status: http.StatusOK,
		read:   into(&out, checkPreview),
	})
	return out, err
}

// SendEmail asks the server to email the activation code. It is idempotent by key.
func (c *Client) SendEmail(ctx context.Context, key string, license int64, r api.EmailRequest) error {
	return c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/email",
		params: id(license),
		key:    key,
		body:   r,
		status: http.StatusAccepted,
		read:   empty,
	})
}

// Reactivate gives a license to the new codes of its PC. It is idempotent by key.
func (c *Client) Reactivate(
	ctx context.Context, key string, license int64, r api.Reactivation,
) (out api.License, err error) {
	pc := api.PCCodes{SiteCode: r.SiteCode, MachineID: r.MachineID, SiteMID: r.SiteMID}
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/reactivation",
		params: id(license),
		key:    key,
		body:   r,
		status: http.StatusCreated,
		read:   into(&out, func(l api.License) error { return checkNewLicense(l, pc) }),
	})
	return out, err
}

// Release releases a license for another PC, which can then Transfer it without a removal code. It returns the
// license with ReleasedAt, and a receipt that the caller must verify with the program's key. It is idempotent by key.
func (c *Client) Release(
	ctx context.Context, key string, license int64, r api.Release,
) (out api.LicenseReceipt, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/release",
		params: id(license),
		key:    key,
		body:   r,
		status: http.StatusOK,
		read:   into(&out, func(l api.LicenseReceipt) error { return checkRelease(l, license) }),
	})
	return out, err
}

// Transfer gives a license to another PC; a released one needs no removal code. It returns the new license, and a
// receipt that the caller must verify with the program's key. It is idempotent by key.
func (c *Client) Transfer(
	ctx context.Context, key string, license int64, r api.Transfer,
) (out api.LicenseReceipt, err error) {
	pc := api.PCCodes{SiteCode: r.SiteCode, MachineID: r.MachineID, SiteMID: r.SiteMID}
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/transfer",
		params: id(license),
		key:    key,
		body:   r,
		status: http.StatusCreated,
		read:   into(&out, func(l api.LicenseReceipt) error { return checkTransfer(l, license, pc) }),
	})
	return out, err
}

// Remove ends a license. It returns its order, and a receipt that the caller must verify with the program's key. It
// is idempotent by key.
func (c *Client) Remove(
	ctx context.Context, key string, license int64, r api.Removal,
) (out api.OrderReceipt, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/removal",
		params: id(license),
		key:    key,
		body:   r,
		status: http.StatusOK,
		read:   into(&out, checkRemoval),
	})
	return out, err
}

// Compare compares the PC of codes with a license. It changes nothing.
func (c *Client) Compare(ctx context.Context, license int64, r api.PCCodes) (out api.Comparison, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/licenses/{id}/comparison",
		params: id(license),
		body:   r,
		status: http.StatusOK,
		read:   into(&out, checkComparison),
	})
	return out, err
}

// NewOrder creates an order from a serial number. It is idempotent by key.
func (c *Client) NewOrder(ctx context.Context, key string, r api.NewOrder) (out api.Order, err error) {
	err = c.do(ctx, call{
		method: http.MethodPost,
		path:   "/orders",
		key:    key,
		body:   r,
		status: http.StatusCreated,
		read:   into(&out, func(o api.Order) error { return checkNewOrder(o, r) }),
	})
	return out, err
}

// History lists the events of an order, newest first, at most maxHistory.
func (c *Client) History(ctx context.Context, order int64) (entries []api.HistoryEntry, err error) {
	err = c.pages(func(query map[string]string) (string, error) {
		var out api.HistoryList
		err := c.do(ctx, call{
			method: http.MethodGet,
			path:   "/orders/{id}/history",
			params: id(order),
			query:  query,
			status: http.StatusOK,
			read:   into(&out, checkHistory),
		})
		entries = append(entries, out.History...)
		if len(entries) >= maxHistory {
			return "", err
		}
		return out.NextCursor, err
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}
