package tasks

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Überprüfung: Café-Menü": "uberprufung cafe menu",
		"WEB-12":                 "web 12",
		"a_b/c.d@e":              "a b c d e",
		"  ":                     "",
		"Ｆｕｌｌ ｗｉｄｔｈ":             "full width",
		"Ελλάδα":                 "ελλαδα",
	} {
		if got := words(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := words("one", "two"); got != "one two" {
		t.Errorf("got %q, want the texts apart", got)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Straße & Çeşme\x00\"*:|!<->()'")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range words(s) {
			if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				t.Fatalf("%q keeps %q", s, r)
			}
		}
	})
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("filler ", 40) + "The Überraschung comes here " + strings.Repeat("tail ", 60)
	got := excerpt(long, []string{"uberr"})
	if !contains(got, "Überraschung") || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") {
		t.Errorf("got %q", got)
	}
	if got := excerpt("short", []string{"nothing"}); got != "short" {
		t.Errorf("got %q, want the beginning", got)
	}
}

func TestPartsMarkTheWordsThatWereLookedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		find string
		want []Part
	}{
		{"Paint the lamp", "lam", []Part{{"Paint the ", false}, {"lamp", true}}},
		{"Überprüfung: Café", "uberp CAFE", []Part{{"Überprüfung", true}, {": ", false}, {"Café", true}}},
		{"WEB-12 lamp lampshade", "lamp", []Part{{"WEB-12 ", false}, {"lamp", true}, {" ", false}, {"lampshade", true}}},
		{"clamp", "lamp", []Part{{"clamp", false}}},
		{"<b>lamp</b>", "lamp", []Part{{"<b>", false}, {"lamp", true}, {"</b>", false}}},
		{"", "x", []Part{}},
	} {
		if got := parts(c.text, strings.Fields(words(c.find))); !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: got %+v, want %+v", c.find, c.text, got, c.want)
		}
	}
}
