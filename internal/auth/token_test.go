package auth_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tandem/internal/auth"
	"tandem/internal/errs"
	"tandem/internal/tandemtest"
	"tandem/internal/users"
)

func TestVerifyTellsWhenTheTokenExpires(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		_, expires, err := e.Verify(t.Context(), l.AccessToken)
		if want := tandemtest.Start.Add(15 * time.Minute); err != nil || !expires.Equal(want) {
			t.Fatalf("got %v, %v, want %v", expires, err, want)
		}
		e.clock.Advance(15*time.Minute - time.Second)
		a := e.actor(t, l)
		e.clock.Advance(time.Second)
		_, _, err = e.Verify(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_expired")

		fresh, in, err := e.AccessToken(t.Context(), a)
		if err != nil || in != 900 {
			t.Fatalf("got %d, %v", in, err)
		}
		if b, err := e.Authenticate(t.Context(), fresh); err != nil || b != a {
			t.Fatalf("got %+v, %v, want %+v", b, err, a)
		}
		_, _, err = e.AccessToken(t.Context(), users.Actor{ID: a.ID})
		wantCode(t, err, errs.Unauthenticated, "")
	})
}

func TestForeignTokensAreRefused(t *testing.T) {
	each(t, auth.Options{}, func(t *testing.T, e *env) {
		l := e.register(t)
		a := e.actor(t, l)
		claims := func(changes jwt.MapClaims) jwt.MapClaims {
			c := jwt.MapClaims{"iss": "tandem", "aud": "tandem", "sub": a.ID, "sid": a.SessionID, "usr": "ann", "exp": e.db.Now().Add(time.Minute).Unix()}
			for k, v := range changes {
				if c[k] = v; v == nil {
					delete(c, k)
				}
			}
			return c
		}
		sign := func(method jwt.SigningMethod, key any, c jwt.MapClaims) string {
			token, err := jwt.NewWithClaims(method, c).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		hs := jwt.SigningMethodHS256
		if _, err := e.Authenticate(t.Context(), sign(hs, key, claims(nil))); err != nil {
			t.Fatalf("a good token: %v", err)
		}
		past := e.db.Now().Add(-time.Minute).Unix()
		for name, token := range map[string]string{
			"empty":             "",
			"not a token":       "tdm_abc",
			"alg none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)),
			"other algorithm":   sign(jwt.SigningMethodHS512, key, claims(nil)),
			"other key":         sign(hs, []byte(strings.Repeat("k", 32)), claims(nil)),
			"other key, past":   sign(hs, []byte(strings.Repeat("k", 32)), claims(jwt.MapClaims{"exp": past})),
			"page token":        l.PageToken,
			"page token, past":  sign(hs, key, claims(jwt.MapClaims{"aud": "tandem-page", "exp": past})),
			"no audience":       sign(hs, key, claims(jwt.MapClaims{"aud": nil})),
			"other issuer":      sign(hs, key, claims(jwt.MapClaims{"iss": "mallory"})),
			"no expiry":         sign(hs, key, claims(jwt.MapClaims{"exp": nil})),
			"no session":        sign(hs, key, claims(jwt.MapClaims{"sid": nil})),
			"unknown session":   sign(hs, key, claims(jwt.MapClaims{"sid": "0190d7ab-0000-7000-8000-000000000000"})),
			"other user":        sign(hs, key, claims(jwt.MapClaims{"sub": "somebody"})),
			"not yet":           sign(hs, key, claims(jwt.MapClaims{"nbf": e.db.Now().Add(time.Minute).Unix()})),
			"too long":          l.AccessToken + strings.Repeat("A", 4000),
			"signature cut off": l.AccessToken[:strings.LastIndexByte(l.AccessToken, '.')+1],
		} {
			t.Run(name, func(t *testing.T) {
				_, err := e.Authenticate(t.Context(), token)
				wantCode(t, err, errs.Unauthenticated, "token_invalid")
			})
		}
		_, err := e.AuthenticatePage(t.Context(), l.AccessToken)
		wantCode(t, err, errs.Unauthenticated, "token_invalid")
	})
}

func FuzzParse(f *testing.F) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	good, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "tandem", "aud": "tandem", "sub": "u", "sid": "s", "exp": now.Add(time.Minute).Unix(),
	}).SignedString(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("")
	f.Add("..")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30.")
	f.Fuzz(func(t *testing.T, token string) {
		err := auth.ParseAccess(token, key, now)
		if err == nil && token != good {
			t.Fatalf("%q was accepted", token)
		}
		if err != nil && !errors.Is(err, errs.Unauthenticated) {
			t.Fatalf("got %v, want a refusal", err)
		}
	})
}
