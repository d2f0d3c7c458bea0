package users_test

import (
	"strings"
	"testing"

	"tandem/internal/users"
)

func TestCheckUsername(t *testing.T) {
	t.Parallel()
	for in, good := range map[string]bool{
		"ab": true, "Ann": true, "0xff": true, " ann ": true, "a.b_c-d": true, strings.Repeat("a", 32): true,
		"": false, "a": false, " a ": false, ".ann": false, "-ann": false, "_ann": false, "ann lee": false, "ann@home": false,
		"änn": false, "ann\x00": false, strings.Repeat("a", 33): false, "\xff\xff": false,
	} {
		got, err := users.CheckUsername(in)
		if (err == nil) != good || good && got != strings.TrimSpace(in) {
			t.Errorf("%q: got %q, %v, want good %v", in, got, err, good)
		}
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	for in, good := range map[string]bool{
		"ann@example.org": true, " ann+tandem@example.org ": true, "ännchen@exämple.org": true, "root@localhost": true,
		strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + "org": true,
		"": false, "ann": false, "@example.org": false, "ann@": false, "Ann <ann@example.org>": false, "<ann@example.org>": false,
		`"ann lee"@example.org`: false, "ann@example.org, bob@example.org": false, "ann@example.org\nBcc: bob@example.org": false,
		"ann@example.org (work)": false, "ann\x00@example.org": false, "ann\xff@example.org": false,
		strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 100) + "org": false,
		strings.Repeat("ä", 120) + "@" + strings.Repeat("b.", 20) + "org": false,
	} {
		got, err := users.CheckEmail(in)
		if (err == nil) != good || good && got != strings.TrimSpace(in) {
			t.Errorf("%q: got %q, %v, want good %v", in, got, err, good)
		}
	}
}

func TestPatchRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patch users.Patch
		want  string // "": good
	}{
		{users.Patch{}, ""},
		{users.Patch{Name: new("  Ann ")}, ""},
		{users.Patch{Name: new(" ")}, "must not be empty"},
		{users.Patch{Name: new(strings.Repeat("n", 101))}, "must be at most 100 characters, has 101"},
		{users.Patch{Timezone: new("Europe/Vienna")}, ""},
		{users.Patch{Timezone: new("UTC")}, ""},
		{users.Patch{Timezone: new("")}, "must be an IANA time zone such as Europe/Vienna"},
		{users.Patch{Timezone: new("Local")}, "must be an IANA time zone such as Europe/Vienna"},
		{users.Patch{Timezone: new("../../etc/passwd")}, "must be an IANA time zone such as Europe/Vienna"},
		{users.Patch{Locale: new("de-at")}, ""},
		{users.Patch{Locale: new("")}, "must be a language tag such as en or de-AT"},
		{users.Patch{Locale: new("german")}, "must be a language tag such as en or de-AT"},
		{users.Patch{Theme: new("dark")}, ""},
		{users.Patch{Theme: new("pink")}, "must be one of system, light, dark"},
	} {
		me := users.Me{}
		err := me.Apply(c.patch)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%+v: got %v, want %q", me, err, c.want)
		}
	}
	me := users.Me{}
	if err := me.Apply(users.Patch{Name: new(" Ann "), Locale: new("de-at")}); err != nil || me.Name != "Ann" || me.Locale != "de-AT" {
		t.Errorf("got %+v, %v", me, err)
	}
	err := me.Apply(users.Patch{Name: new(""), Theme: new("pink"), Locale: new("?"), Timezone: new("?"), Email: new("?")})
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("got %v, want five complaints", err)
	}
}
