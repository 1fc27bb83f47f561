package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/admin/sheet"
)

type animal struct {
	name  string
	legs  int
	tame  bool
	place string
}

var columns = []sheet.Column[animal]{
	{Name: "name", Required: true, Cell: func(a *animal) sheet.Cell { return sheet.String(&a.name) }},
	{Name: "legs", Cell: func(a *animal) sheet.Cell { return sheet.Number(&a.legs, 0, 1000) }},
	{Name: "tame", Cell: func(a *animal) sheet.Cell { return sheet.Bool(&a.tame) }},
	{Name: "place", Cell: func(a *animal) sheet.Cell { return sheet.String(&a.place) }},
}

// parse returns a row of a file a line: "line name legs tame place" or "line: fault", or the error of the file.
func parse(data []byte) (lines []string) {
	rows, err := sheet.Read(data, columns)
	if err != nil {
		return []string{err.Error()}
	}
	for _, row := range rows {
		a := animal{legs: 4}
		if err := row.Apply(&a); err != nil {
			lines = append(lines, fmt.Sprintf("%d: %v", row.Line, err))
		} else {
			lines = append(lines, fmt.Sprintf("%d %s %d %v %s", row.Line, a.name, a.legs, a.tame, a.place))
		}
	}
	return lines
}

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"commas": {
			"name,legs,tame,place\nant,6,no,wood\ncat,,yes,\n",
			[]string{"2 ant 6 false wood", "3 cat 4 true "},
		},
		"semicolons, CRLF and a mark": {"\ufeffname;tame\r\nçat;TRUE\r\n", []string{"2 çat 4 true "}},
		"tabs":                        {"legs\tname\n6\tant", []string{"2 ant 6 false "}},
		"one column":                  {"name\nant\n", []string{"2 ant 4 false "}},
		"capitals and spaces":         {" Name , LEGS \n  ant , 6 \n", []string{"2 ant 6 false "}},
		"quotes": {
			"name,place\n\"a \"\"n\"\", t\",\"x\ny\"\nb,c\n",
			[]string{"2 a \"n\", t 4 false x\ny", "4 b 4 false c"},
		},
		"rows left empty": {"name,legs\n\n,\n  , \nant,6\n,,\n", []string{"5 ant 6 false "}},
		"header alone":    {"name\n", nil},
		"formulas": {
			"name,place\n'=1+1,'+49\n''@x,'s Hertogenbosch\n",
			[]string{"2 =1+1 4 false +49", "3 '@x 4 false 's Hertogenbosch"},
		},
		"wrong values": {"name,legs,tame\na,many,no\nb,-1,no\nc,1001,no\nd,9999999999999999999999,no\ne,4,perhaps\n,4,no\n",
			[]string{
				`2: legs: "many" is not an integer from 0 to 1000`, `3: legs: "-1" is not an integer from 0 to 1000`,
				`4: legs: "1001" is not an integer from 0 to 1000`,
				`5: legs: "9999999999999999999999" is not an integer from 0 to 1000`,
				`6: tame: "perhaps" is neither yes nor no`,
				"7: name is missing",
			}},
		"too few and many cells": {
			"name,legs\nant\ncat,4,5\ndog,4\n",
			[]string{
				"2: the row has 1 cells, but the header has 2", "3: the row has 3 cells, but the header has 2",
				"4 dog 4 false ",
			},
		},
		"long value": {
			"name\n" + strings.Repeat("x", sheet.MaxCell+1) + "\nant\n",
			[]string{"2: name: the value is longer than 4096 bytes", "3 ant 4 false "},
		},
		"long value in a fault": {
			"name,legs\na," + strings.Repeat("\x1b", 100) + "\n",
			[]string{"2: legs: \"" + strings.Repeat(`\x1b`, 59) + `…" is not an integer from 0 to 1000`},
		},
		"open quote": {
			"name\nant\n\"cat\ndog\n",
			[]string{
				"2 ant 4 false ",
				"3: a quotation mark is not closed, or text follows it; the rest of the file was not read",
			},
		},
		"bare quote": {
			"name\nc\"at\ndog\n",
			[]string{"2: unexpected quotation mark in an unquoted cell; the rest of the file was not read"},
		},
		"quote in the header": {
			"na\"me\nant\n",
			[]string{"the header cannot be read: unexpected quotation mark in an unquoted cell"},
		},
		"unknown column":        {"name,wings\n", []string{`there is no column "wings"; there are name, legs, tame, place`}},
		"no header":             {"ant,6\n", []string{`there is no column "ant"; there are name, legs, tame, place`}},
		"column twice":          {"name,legs,Name\n", []string{"the column name is given twice"}},
		"column without a name": {"name,,legs\n", []string{"column 2 has no name: the first line names the columns"}},
		"column missing":        {"legs\n4\n", []string{"the column name is missing"}},
		"password": {
			"name,Password_hash\n",
			[]string{`passwords do not belong in a file: remove the column; people choose theirs with "Forgot password?"`},
		},
		"empty":        {"", []string{"the file is empty"}},
		"a mark alone": {"\ufeff \r\n", []string{"the file is empty"}},
		"Latin-1": {
			"name\nant\n\xe7at\n",
			[]string{`line 3 is not UTF-8: save the file as UTF-8, which spreadsheets call "CSV UTF-8"`},
		},
		"UTF-16": {
			"\xff\xfen\x00a\x00",
			[]string{`the file is UTF-16: save it as UTF-8, which spreadsheets call "CSV UTF-8"`},
		},
		"NUL": {"name\nan\x00t\n", []string{"line 2 contains a NUL byte: this is not a text file"}},
		"JSON": {"\ufeff[{\"name\": \"ant\", \"legs\": 6},\n\n {\"tame\": true, \"name\": \"ç\\u0061t\", \"legs\": null, " +
			"\"place\": \"\"}\n]\n", []string{
			"1 ant 6 false ", "3 çat 4 true "}},
		"JSON, empty list": {"[ ]", nil},
		"JSON, wrong values": {`[{"name": "a", "legs": "6"},{"name": "a", "legs": 6.5},{"name": "a", "tame": ` +
			`"yes"},{"name": 5},{"name": {}},{"legs": 6},{"name": "a", "wings": 2},` +
			`{"name": "a", "name": "b"},7,{"name": "` + strings.Repeat("x", sheet.MaxCell) + `"},{"Name": ` +
			`"a"},{"name":"a","password":"b"}]`, []string{
			`1: legs: "\"6\"" is not an integer from 0 to 1000`, `1: legs: "6.5" is not an integer from 0 to 1000`,
			`1: tame: "\"yes\"" is neither true nor false`,
			`1: name: "5" is not a string`, `1: name: "{}" is not a string`, "1: name is missing",
			`1: there is no column "wings"; there are name, legs, tame, place`, "1: name is given twice",
			"1: not an object", "1: name: the value is longer than 4096 bytes",
			`1: there is no column "Name"; there are name, legs, tame, place`,
			`1: passwords do not belong in a file: remove the column; people choose theirs with "Forgot password?"`}},
		"JSON, broken": {
			"[{\"name\": \"ant\"},\n{\"name\": \"c\nat\"}]",
			[]string{"1 ant 4 false ", "2: not JSON; the rest of the file was not read"},
		},
		"JSON, cut off":       {`[{"name": "ant"}`, []string{"the file ends within the array"}},
		"JSON, cut off later": {"[{\"name\": \"ant\"},\n", []string{"the file ends within the array"}},
		"JSON, more after it": {`[{"name": "ant"}] []`, []string{"unexpected text after the array"}},
		"JSON, an object":     {`{"name": "ant"}`, []string{"the file is not a JSON array of objects: [{…}, {…}]"}},
		"JSON, without commas": {
			`[{"name": "ant"} {"name": "cat"}]`,
			[]string{"1 ant 4 false ", "1: not JSON; the rest of the file was not read"},
		},
		"JSON, deep": {strings.Repeat("[", 100_000), []string{"1: not JSON; the rest of the file was not read"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, parse([]byte(tt.file))) })
	}
}

func TestLoadIsBounded(t *testing.T) {
	_, err := sheet.Load(endless{})
	require.EqualError(t, err, "the file is larger than 64 MiB: split it")
	_, err = sheet.Load(broken{})
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, []string{"the file has more than 100000 rows: split it"},
		parse([]byte("name\n"+strings.Repeat("a\n", sheet.MaxRows+1))))
	require.Equal(t, []string{"the file has more than 100000 rows: split it"},
		parse([]byte("[0"+strings.Repeat(",0", sheet.MaxRows)+"]")))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestDifferences(t *testing.T) {
	rows, err := sheet.Read([]byte("name,legs,place\nant,6,\n"), columns)
	require.NoError(t, err)
	names, err := rows[0].Differences(animal{name: "ant", legs: 6, place: "wood"})
	require.NoError(t, err)
	require.Empty(t, names, "an empty cell does not differ")
	names, err = rows[0].Differences(animal{name: "ANT", legs: 8})
	require.NoError(t, err)
	require.Equal(t, []string{"name", "legs"}, names)
}

// A cell that a spreadsheet would run begins with an apostrophe, which Read removes.
func TestFormulasAreGuarded(t *testing.T) {
	for text, want := range map[string]string{
		"=HYPERLINK(\"http://evil.example\")": `"'=HYPERLINK(""http://evil.example"")"`,
		"+49 30":                              `"'+49 30"`,
		"-1":                                  `"'-1"`,
		"@SUM(A1)":                            `"'@SUM(A1)"`,
		"＝1":                                  `"'＝1"`,
		"'=1":                                 `"''=1"`,
		"''+":                                 `"'''+"`,
		"O'Hara":                              `"O'Hara"`,
		"'s Hertogenbosch":                    `"'s Hertogenbosch"`,
		"a;=1":                                `"a;=1"`,
		"":                                    `""`,
		"'":                                   `"'"`,
	} {
		written := sheet.CSV(columns[3:], []animal{{place: text}})
		require.Equal(t, "\ufeffplace\n"+want+"\n", string(written))
		rows, err := sheet.Read(sheet.CSV(columns, []animal{{name: "a", place: text}}), columns)
		require.NoError(t, err)
		var a animal
		require.NoError(t, rows[0].Apply(&a))
		require.Equal(t, text, a.place)
	}
}

// Read accepts any file or fails with one line of text. Rows survive a round trip through CSV and JSON.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"name,legs,tame,place\nant,6,no,wood\n", "\ufeffname;place\r\n\"a;b\";'=x\r\n", "name\tplace\n\"x\ny\"\tz",
		"name\n\"", `[{"name": "ant", "legs": 6, "tame": true}]`,
		`[{"name": "\ud800"}, 5`, "[[[[", "name\n\x00", "\xff\xfe", "name\n''=x\n", `[{"name":"'"},{"name":"\u0000\u001b"}]`,
		"name,name\n",
	} {
		f.Add([]byte(file))
	}
	plain := func(t *testing.T, err error) {
		require.NotEmpty(t, err.Error())
		require.NotContains(t, err.Error(), "\n")
		require.Less(t, len(err.Error()), 1000)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := sheet.Read(data, columns)
		if err != nil {
			plain(t, err)
			return
		}
		var animals []animal
		for _, row := range rows {
			require.Positive(t, row.Line)
			require.LessOrEqual(t, row.Line, 1+bytes.Count(data, []byte("\n")))
			var a animal
			if err := row.Apply(&a); err != nil {
				plain(t, err)
			} else if a.name != "" && !strings.ContainsFunc(a.name+a.place, unicode.IsControl) { // what the server accepts
				animals = append(animals, a)
			}
		}
		written, err := sheet.JSON(columns, animals)
		require.NoError(t, err)
		for _, file := range [][]byte{sheet.CSV(columns, animals), written} {
			again, err := sheet.Read(file, columns)
			require.NoError(t, err)
			require.Len(t, again, len(animals))
			for i, row := range again {
				var a animal
				require.NoError(t, row.Apply(&a))
				require.Equal(t, animals[i], a)
			}
		}
		records, err := csv.NewReader(bytes.NewReader(sheet.CSV(columns, animals))).ReadAll()
		require.NoError(t, err)
		for _, record := range records[1:] {
			for _, cell := range record {
				require.NotContains(t, []string{"=", "+", "-", "@"}, cell[:min(1, len(cell))], "a spreadsheet would run %q", cell)
			}
		}
	})
}
