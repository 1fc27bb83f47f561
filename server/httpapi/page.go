package httpapi

import (
	"encoding/base64"
	"strconv"

	"github.com/acen-desktop/acen/server/rules"
)

// page is the position and the maximum length of a list.
type page struct {
	after int64
	limit int
}

const defaultPage = 100

// readPage reads cursor and limit of a list call (spec: api "Lists").
func readPage(cursor string, limit int) (page, error) {
	p := page{limit: limit}
	if limit == 0 {
		p.limit = defaultPage
	}
	if cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		p.after, err = strconv.ParseInt(string(raw), 10, 64)
	}
	if err != nil || p.after < 1 {
		return p, rules.InvalidField("query.cursor", "This is not the cursor of an earlier page.")
	}
	return p, nil
}

func cursorAfter(id int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, id, 10))
}
