package httpapi

import (
	"encoding/base64"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

func cursorOf(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// A cursor names the last row of the page before. Without a limit the server chooses one (spec: api "Lists").
func TestReadPage(t *testing.T) {
	for name, row := range map[string]struct {
		cursor string
		limit  int
		want   page
		fault  bool
	}{
		"first page":               {"", 0, page{0, defaultPage}, false},
		"limit":                    {"", 7, page{0, 7}, false},
		"later page":               {cursorAfter(1042), 0, page{1042, defaultPage}, false},
		"first id":                 {cursorAfter(1), 3, page{1, 3}, false},
		"last id":                  {cursorAfter(math.MaxInt64), 3, page{math.MaxInt64, 3}, false},
		"id 0":                     {cursorOf("0"), 0, page{}, true},
		"negative id":              {cursorOf("-1"), 0, page{}, true},
		"id too large":             {cursorOf("9223372036854775808"), 0, page{}, true},
		"not a number":             {cursorOf("x"), 0, page{}, true},
		"number with spaces":       {cursorOf(" 7"), 0, page{}, true},
		"empty number":             {cursorOf("\n"), 0, page{}, true},
		"not base64":               {"!!!", 0, page{}, true},
		"padded":                   {base64.URLEncoding.EncodeToString([]byte("7")), 0, page{}, true},
		"an id instead of a token": {"1042", 0, page{}, true},
	} {
		p, err := readPage(row.cursor, row.limit)
		if row.fault {
			requireProblem(t, err, api.ErrValidation, "query.cursor")
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, row.want, p, name)
	}
}

// Every cursor is refused or leads behind a row, and the cursor of that row leads to the same place.
func FuzzReadPage(f *testing.F) {
	for _, cursor := range []string{"", cursorAfter(1), cursorAfter(math.MaxInt64), cursorOf("+7"), "MTA0Mg==", "ÿ"} {
		f.Add(cursor, 0)
	}
	f.Fuzz(func(t *testing.T, cursor string, limit int) {
		p, err := readPage(cursor, limit)
		if err != nil {
			requireProblem(t, err, api.ErrValidation, "query.cursor")
			return
		}
		require.NotZero(t, p.limit)
		if cursor == "" {
			require.Zero(t, p.after)
			return
		}
		require.Positive(t, p.after, strconv.Quote(cursor))
		again, err := readPage(cursorAfter(p.after), limit)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
