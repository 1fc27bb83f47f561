package carry

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Parts are accepted in any order, twice, and of several documents mixed (spec: files "Links and QR codes").
func TestPicturesInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, doc := range documents(t) {
		for _, size := range []int{0, MinPartSize, 300, MaxPartSize} {
			parts, err := Parts(doc, size)
			require.NoError(t, err)
			var texts []string
			for i, p := range parts {
				require.Equal(t, i+1, p.Number)
				require.Equal(t, strings.ToUpper(p.String()), p.String(), "capitals are short in a QR code")
				if size > 0 {
					require.LessOrEqual(t, modeBits+(11*len(p.String())+1)/2, 8*size, name)
				}
				texts = append(texts, p.String(), strings.ToLower(p.String()))
			}
			random.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
			var c Collector
			seen := map[string]bool{}
			for i, text := range texts {
				p, err := c.Add(" " + text + "\n")
				require.NoError(t, err)
				seen[strings.ToUpper(text)] = true
				require.Equal(t, len(parts), p.Count)
				require.Len(t, p.Missing, len(parts)-len(seen))
				if len(p.Missing) > 0 {
					require.Nil(t, p.Document)
					require.Len(t, c.Incomplete(), 1)
					continue
				}
				require.Equal(t, doc, p.Document, "%s: also when text %d shows it once more", name, i)
				require.Empty(t, c.Incomplete())
			}
		}
	}
}

func TestPictureCount(t *testing.T) {
	docs := documents(t)
	for name, most := range map[string]int{"request": 1, "license": 1, "answer": 2, "many programs": 2,
		"many licenses": 12} {
		parts, err := Parts(docs[name], 0)
		require.NoError(t, err)
		require.LessOrEqual(t, len(parts), most, name)
	}
	_, a := many(t, MaxItems)
	_, err := Parts(a, MinPartSize)
	require.ErrorIs(t, err, ErrTooManyPictures)
}

func TestCollectorWithSeveralSeries(t *testing.T) {
	r, a := many(t, 20)
	one, err := Parts(r, 200)
	require.NoError(t, err)
	two, err := Parts(a, 200)
	require.NoError(t, err)
	require.Greater(t, len(one), 2)
	require.Greater(t, len(two), 2)
	var c Collector
	var done []Document
	for i := range max(len(one), len(two)) {
		for _, series := range [][]Part{one, two} {
			if i < len(series) {
				p, err := c.AddPart(series[i])
				require.NoError(t, err)
				if p.Document != nil {
					done = append(done, p.Document)
				}
			}
		}
		if i == 0 {
			require.Len(t, c.Incomplete(), 2)
			require.Equal(t, KindRequest, c.Incomplete()[0].Kind)
			require.Equal(t, KindAnswer, c.Incomplete()[1].Kind)
			require.Equal(t, 2, c.Incomplete()[1].Missing[0])
		}
	}
	require.ElementsMatch(t, []Document{r, a}, done)

	p, err := c.Add(string(documents(t)["license"].(License)))
	require.NoError(t, err)
	require.Equal(t, documents(t)["license"], p.Document, "a QR code may hold a license file as it is")
}

// Damaged and contradicting parts are refused (spec: files "Links and QR codes").
func TestCollectorRefuses(t *testing.T) {
	r, _ := many(t, 20)
	parts, err := Parts(r, 200)
	require.NoError(t, err)
	text := parts[0].String()
	var c Collector
	_, err = c.AddPart(parts[0])
	require.NoError(t, err)
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"cut off":         {text[:len(text)-3], ErrDamaged},
		"one letter":      {text[:40] + "Q" + text[41:], ErrDamaged},
		"another number":  {strings.Replace(text, "/1/", "/2/", 1), ErrDamaged},
		"number 0":        {strings.Replace(text, "/1/", "/0/", 1), ErrDamaged},
		"number 01":       {strings.Replace(text, "/1/", "/01/", 1), ErrDamaged},
		"too many parts":  {strings.Replace(text, "/1/", "/1/10", 1), ErrDamaged},
		"another kind":    {strings.Replace(text, "REQUEST", "ANSWER", 1), ErrDamaged},
		"no kind":         {strings.Replace(text, "REQUEST", "ORDER", 1), ErrLink},
		"series":          {strings.Replace(text, parts[0].Series, "x", 1), ErrDamaged},
		"too long":        {text + strings.Repeat("A", maxLink), ErrTooLarge},
		"a server":        {"acen:server?address=https://licenses.example", ErrUnknown},
		"another code":    {"https://www.example.com", ErrUnknown},
		"nothing":         {"", ErrUnknown},
		"scheme alone":    {"acen:", ErrLink},
		"several servers": {"acen:server?address=https://a.example acen:server?address=https://b.example", ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, text, test.text)
			_, err := c.Add(test.text)
			require.ErrorIs(t, err, test.want)
			require.Len(t, c.Incomplete(), 1, "the collected parts remain")
		})
	}

	forged := parts[0]
	forged.chunk = "x" + forged.chunk[1:]
	_, err = c.Add(forged.String())
	require.ErrorIs(t, err, ErrConflict)
	require.Empty(t, c.Incomplete(), "either part may be wrong")
	last := len(parts) - 1
	for i, p := range parts {
		if i == 0 {
			p = forged
		}
		progress, err := c.AddPart(p)
		if i == last {
			require.ErrorIs(t, err, ErrDamaged)
			require.ErrorContains(t, err, "do not fit together")
		} else {
			require.NoError(t, err)
		}
		require.Nil(t, progress.Document)
	}
	for _, p := range parts {
		progress, err := c.AddPart(p)
		require.NoError(t, err, "it can be started over")
		require.Equal(t, p.Number == len(parts), progress.Document != nil)
	}
	_, err = c.AddPart(Part{Kind: KindRequest, Series: "AAAAAAAA", Number: 2, Count: 1, chunk: "x"})
	require.ErrorIs(t, err, ErrLink)
}

func TestCollectorLimit(t *testing.T) {
	var c Collector
	for i := range 1000 {
		_, err := c.AddPart(Part{
			Kind:   KindRequest,
			Series: seriesOf([]byte{byte(i), byte(i >> 8)}),
			Number: 1,
			Count:  2,
			chunk:  "x",
		})
		require.NoError(t, err)
	}
	require.Len(t, c.Incomplete(), maxSeries)
}

// A small link cannot become a large document (spec: files "Links and QR codes").
func TestPackedBombs(t *testing.T) {
	bomb := License(join([]byte(strings.Repeat("\x00", 3*MaxSize/2)), nil))
	packed, err := pack(bomb)
	require.NoError(t, err)
	_, err = unpack(KindLicense, packed)
	require.ErrorIs(t, err, ErrTooLarge)
	for name, packed := range map[string][]byte{"empty": {}, "version 0": {0}, "no deflate": {1, 2, 3},
		"text": []byte("\x01Dear Sir")} {
		for _, kind := range []Kind{KindRequest, KindAnswer, KindLicense} {
			_, err := unpack(kind, packed)
			require.ErrorIs(t, err, ErrDamaged, name)
		}
	}
	_, err = unpack(KindRequest, []byte{2, 9, 9})
	require.ErrorIs(t, err, ErrNewer)
	for from, doc := range documents(t) {
		packed, err := pack(doc)
		require.NoError(t, err)
		for _, kind := range []Kind{KindRequest, KindAnswer, KindLicense} {
			if kind != doc.Kind() {
				_, err := unpack(kind, packed)
				require.Error(t, err, "%s as %s", from, kind)
			}
		}
	}
}

func TestTextWithLinks(t *testing.T) {
	r, _ := many(t, 20)
	parts, err := Parts(r, 200)
	require.NoError(t, err)
	var links []string
	for _, p := range slices.Backward(parts) {
		links = append(links, p.String())
	}
	doc, err := Read([]byte(strings.Join(links, "\r\n")))
	require.NoError(t, err)
	require.Equal(t, r, doc)
	_, err = Read([]byte(strings.Join(links[1:], " ")))
	var incomplete *IncompleteError
	require.ErrorAs(t, err, &incomplete)
	require.Equal(t, []int{len(parts)}, incomplete.Missing)
	require.ErrorContains(t, err, "links of the request")
	_, err = Read([]byte(links[0] + " and regards"))
	require.ErrorIs(t, err, ErrLink)
}

// A link may contain only some addresses (spec: files "Links to a server").
func TestServerLinks(t *testing.T) {
	for _, address := range []string{"https://licenses.example.com", "https://licenses.example.com:8443/acen",
		"http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:9"} {
		read, err := ParseLink("acen:server?address=" + url.QueryEscape(address))
		require.NoError(t, err)
		require.Equal(t, Link{Server: address}, read)
	}
	read, err := ParseLink("ACEN://server/?address=https://a.example")
	require.NoError(t, err, "browsers write it so")
	require.Equal(t, "https://a.example", read.Server)
	for _, link := range []string{
		"acen:server?address=http://licenses.example.com", "acen:server?address=javascript:alert(1)",
		"acen:server?address=file:///etc/passwd",
		"acen:server?address=https://user:pw@a.example", "acen:server?address=https://a.example%23x",
		"acen:server?address=https://a.example?x=1",
		"acen:server?address=https://a.example&run=1", "acen:server?address=https://a.example&address=https://b.example",
		"acen:server?address=",
		"acen:server?", "acen:server?address=https://%D0%B0.example", "acen:server?address=https://a.example%0d%0aX:1",
		"acen:server?address=%zz",
		"acen:server?address=https://a.example:99999", "acen:server?address=https://" + strings.Repeat("a", 300),
	} {
		_, err := ParseLink(link)
		require.ErrorIs(t, err, ErrServer, link)
	}
	for _, link := range []string{"acen:run?x=1", "acen:server", "https://a.example", "acen", "", "acen:////"} {
		_, err := ParseLink(link)
		require.ErrorIs(t, err, ErrLink, link)
	}
}

func FuzzCollector(f *testing.F) {
	for _, doc := range documents(f) {
		parts, err := Parts(doc, 400)
		require.NoError(f, err)
		f.Add(parts[0].String(), parts[len(parts)-1].String())
		packed, err := pack(doc)
		require.NoError(f, err)
		f.Add(string(packed), "acen:server?address=https://a.example")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		var c Collector
		for _, text := range []string{one, two, one} {
			p, err := c.Add(text)
			if err == nil && p.Document != nil {
				require.NoError(t, p.Document.check())
			}
		}
		for _, kind := range []Kind{KindRequest, KindAnswer, KindLicense} {
			if doc, err := unpack(kind, []byte(one)); err == nil {
				require.NoError(t, doc.check())
			}
		}
	})
}
