package teams_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tandem/internal/teams"
)

// The answers of the npm package fractional-indexing 4.0.0, which the web app uses: both sides have to agree on where
// a moved task lands. "" is an open end, and as an answer a refusal.
func TestBetweenAgreesWithTheNpmPackage(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"", "", "a0"},
		{"", "a0", "Zz"},
		{"a0", "", "a1"},
		{"a0", "a1", "a0V"},
		{"a0V", "a1", "a0l"},
		{"a0", "a0V", "a0G"},
		{"Zz", "a0", "ZzV"},
		{"", "Zz", "Zy"},
		{"az", "", "b00"},
		{"Zz", "", "a0"},
		{"", "Y00", "Xzzz"},
		{"bzz", "", "c000"},
		{"b00", "", "b01"},
		{"a0G", "a0V", "a0O"},
		{"a0", "a0G", "a08"},
		{"b125", "b129", "b127"},
		{"a0", "a2", "a1"},
		{"a0", "a1V", "a1"},
		{"Zz", "a01", "a0"},
		{"", "a0V", "a0"},
		{"", "b999", "b99"},
		{"zzzzzzzzzzzzzzzzzzzzzzzzzzy", "", "zzzzzzzzzzzzzzzzzzzzzzzzzzz"},
		{"zzzzzzzzzzzzzzzzzzzzzzzzzzz", "", "zzzzzzzzzzzzzzzzzzzzzzzzzzzV"},
		{"", "A000000000000000000000000001", "A000000000000000000000000000V"},
		{"a00V", "a01", "a00l"},
		{"a0", "a0", ""},
		{"a00", "", ""},
		{"A00000000000000000000000000", "", ""},
		{"1", "", ""},
		{"a", "", ""},
		{"", "a00", ""},
		{"a0z", "a1", "a0zV"},
		{"a0zz", "a1", "a0zzV"},
		{"Yzz", "", "Z0"},
		{"a0", "b00", "a1"},
		{"Z0", "Z1", "Z0V"},
	} {
		got, err := teams.Between(c[0], c[1])
		if got != c[2] || (err != nil) != (c[2] == "") {
			t.Errorf("Between(%q, %q) = %q, %v; want %q", c[0], c[1], got, err, c[2])
		}
	}
}

func TestSpreadAgreesWithTheNpmPackage(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"", "", "a0 a1 a2 a3 a4"},
		{"a4", "", "a5 a6 a7 a8 a9 aA aB aC aD aE"},
		{"", "a0", "Zv Zw Zx Zy Zz"},
		{"a0", "a2", "a04 a08 a0G a0K a0O a0V a0Z a0d a0l a0t a1 a14 a18 a1G a1O a1V a1Z a1d a1l a1t"},
		{"a0", "a1", "a0G a0V a0l"},
	} {
		got, err := teams.Spread(c[0], c[1], len(strings.Fields(c[2])))
		if err != nil || strings.Join(got, " ") != c[2] {
			t.Errorf("Spread(%q, %q) = %q, %v; want %q", c[0], c[1], got, err, c[2])
		}
	}
}

// Forty insertions at places that a Lehmer generator names, as the npm package makes them.
func TestAWalkOfInsertionsAgreesWithTheNpmPackage(t *testing.T) {
	t.Parallel()
	const want = "a0 a1 Zz ZzV a2 ZzG Zy a1V a1l ZyV a1G Zyl ZyG Zx a0V Zyd a0G a18 a1C ZyZ a1t ZxV Zyb a1A Zz8 Zxl a08 Zyt a1B a1p ZyO Zxt Zyc ZycV a1d a19 a0O ZyX ZycG ZycO"
	var keys, made []string
	for seed := int64(7); len(made) < 40; {
		seed = seed * 16807 % 2147483647
		at := int(seed % int64(len(keys)+1))
		made = append(made, insert(t, &keys, at))
	}
	if got := strings.Join(made, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// insert puts a new key at a place among keys in order.
func insert(t *testing.T, keys *[]string, at int) string {
	t.Helper()
	before, after := "", ""
	if at > 0 {
		before = (*keys)[at-1]
	}
	if at < len(*keys) {
		after = (*keys)[at]
	}
	key, err := teams.Between(before, after)
	if err != nil {
		t.Fatalf("between %q and %q: %v", before, after, err)
	}
	*keys = slices.Insert(*keys, at, key)
	return key
}

func TestKeysStayInOrderAndShort(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same walk each time
	for name, where := range map[string]func(n int) int{
		"anywhere":      func(n int) int { return rng.IntN(n + 1) },
		"at the top":    func(int) int { return 0 },
		"at the end":    func(n int) int { return n },
		"second always": func(n int) int { return min(1, n) },
	} {
		var keys []string
		for range 3000 {
			insert(t, &keys, where(len(keys)))
		}
		if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Errorf("%s: not in order, or a key twice", name)
		}
		longest := slices.MaxFunc(keys, func(a, b string) int { return len(a) - len(b) })
		if limit := map[bool]int{true: 620, false: 40}[name == "second always"]; len(longest) > limit {
			t.Errorf("%s: a key of %d letters", name, len(longest))
		}
	}
}

func TestBetweenRefusesWhatIsNoPosition(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"a1", "a0"}, {"a0", "a0"}, {"a!", ""}, {"", "a 1"}, {"a0 ", ""}, {"é", ""}, {"0", "1"}} {
		if got, err := teams.Between(c[0], c[1]); err == nil {
			t.Errorf("Between(%q, %q) = %q, want an error", c[0], c[1], got)
		}
	}
}
