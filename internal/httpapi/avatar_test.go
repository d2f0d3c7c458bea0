package httpapi_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"tandem/internal/users"
)

// smallPNG is a picture of one pixel.
var smallPNG = pngOf(1, 1, color.RGBA{R: 0xFF, A: 0xFF})

func pngOf(width, height int, c color.RGBA) []byte {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("a picture in memory: " + err.Error())
	}
	return b.Bytes()
}

func TestLifeOfAnAvatar(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		w := s.world(t, "")
		member, owner := w.people["member"].Username, w.people["owner"].Username
		me := s.want(t, 200, member, "PUT", "/api/me/avatar", pngOf(300, 200, color.RGBA{G: 0xFF, A: 0xFF}), "Content-Type", "image/png")
		url, _ := me["avatar_url"].(string)
		if !strings.HasPrefix(url, "/avatars/") || !strings.HasSuffix(url, "-64.jpg") {
			t.Fatalf("got avatar_url %q", url)
		}
		if got := s.want(t, 200, owner, "GET", "/api/users/"+member, nil)["avatar_url"]; got != url {
			t.Errorf("others see %v, want %s", got, url)
		}
		for size, width := range map[string]int{"-32.": 32, "-64.": 64, "-128.": 128} {
			sized := strings.Replace(url, "-64.", size, 1)
			a := s.request(t, "", "GET", sized, nil)
			c, err := jpeg.DecodeConfig(strings.NewReader(a.text))
			if a.status != 200 || err != nil || c.Width != width || c.Height != width {
				t.Errorf("%s: got %d, %d × %d, %v", sized, a.status, c.Width, c.Height, err)
			}
			for name, want := range map[string]string{
				"Content-Type": "image/jpeg", "Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
				"Content-Security-Policy": "default-src 'none'", "ETag": `"` + strings.TrimPrefix(sized, "/avatars/") + `"`, "Content-Encoding": "",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: got %s %q, want %q", sized, name, got, want)
				}
			}
			if again := s.request(t, "", "GET", sized, nil, "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified || again.text != "" {
				t.Errorf("%s with its ETag: got %d and %d bytes, want 304", sized, again.status, len(again.text))
			}
			if head := s.request(t, "", "HEAD", sized, nil); head.status != 200 || head.text != "" {
				t.Errorf("HEAD %s: got %d and %d bytes", sized, head.status, len(head.text))
			}
		}
		for _, lost := range []string{strings.Replace(url, "-64", "-63", 1), strings.Replace(url, "-64", "-064", 1), strings.Replace(url, ".jpg", ".png", 1), strings.Replace(url, ".jpg", "", 1), "/avatars/nothing"} {
			if a := s.request(t, "", "GET", lost, nil); a.status != 404 {
				t.Errorf("%s: got %d, want 404", lost, a.status)
			}
		}
		if next := s.want(t, 200, member, "PUT", "/api/me/avatar", smallPNG)["avatar_url"]; next == url {
			t.Errorf("another picture has the address of the one before: %v", next)
		}
		if a := s.request(t, "", "GET", url, nil); a.status != 404 || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the picture before: got %d %q, want 404 that is not kept", a.status, a.header.Get("Cache-Control"))
		}
		for range 2 {
			if got := s.want(t, 200, member, "DELETE", "/api/me/avatar", nil)["avatar_url"]; got != nil {
				t.Errorf("after removing: got %v, want null", got)
			}
		}
		if n := s.rows(t)["avatars"]; n != 0 {
			t.Errorf("%d rows of avatars are left", n)
		}
	})
}

func TestBadPicturesAreRefusedByField(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		ann := s.User("ann").Username
		s.want(t, 200, ann, "PUT", "/api/me/avatar", smallPNG)
		before := s.rows(t)["avatars"]
		for name, c := range map[string]struct {
			body   any
			status int
			want   string
		}{
			"none":      {nil, 422, "is required"},
			"empty":     {[]byte{}, 422, "is required"},
			"text":      {[]byte("hello"), 422, "must be a PNG, JPEG, GIF or WebP picture"},
			"SVG":       {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), 422, "must be a PNG, JPEG, GIF or WebP picture"},
			"broken":    {smallPNG[:40], 422, "cannot be read as a picture"},
			"too large": {make([]byte, users.MaxPicture+1), 413, "5 MiB"},
		} {
			p := s.want(t, c.status, ann, "PUT", "/api/me/avatar", c.body, "Content-Type", "image/png")
			if !strings.Contains(p["detail"].(string), c.want) || c.status == 422 && (len(places(p)) != 1 || places(p)[0] != "body") {
				t.Errorf("%s: got %v", name, p)
			}
		}
		if after := s.rows(t)["avatars"]; after != before || before != len(users.AvatarSizes) {
			t.Errorf("got %d rows of avatars, then %d, want %d", before, after, len(users.AvatarSizes))
		}
	})
}

// A repeat with the same key is answered as the first was; the same key with another picture is refused.
func TestSettingAnAvatarIsIdempotent(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		ann := s.User("ann").Username
		key := []string{"Idempotency-Key", "one"}
		first := s.want(t, 200, ann, "PUT", "/api/me/avatar", smallPNG, key...)["avatar_url"]
		s.want(t, 200, ann, "DELETE", "/api/me/avatar", nil)
		if again := s.want(t, 200, ann, "PUT", "/api/me/avatar", smallPNG, key...)["avatar_url"]; again != first {
			t.Errorf("got %v, want %v", again, first)
		}
		if s.want(t, 200, ann, "GET", "/api/me", nil)["avatar_url"] != nil {
			t.Error("the repeat has set the avatar again")
		}
		s.want(t, 422, ann, "PUT", "/api/me/avatar", pngOf(2, 2, color.RGBA{A: 0xFF}), key...)
	})
}
