package users

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"tandem/internal/errs"
)

var (
	red, green   = color.RGBA{R: 0xFF, A: 0xFF}, color.RGBA{G: 0xFF, A: 0xFF}
	blue, yellow = color.RGBA{B: 0xFF, A: 0xFF}, color.RGBA{R: 0xFF, G: 0xFF, A: 0xFF}
)

// quarters is a picture whose square in the middle is red, green, blue and yellow, from the top left on; what is cut off is black.
func quarters(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	side := min(width, height)
	left, top := (width-side)/2, (height-side)/2
	for y := range height {
		for x := range width {
			c := color.RGBA{A: 0xFF}
			if dx, dy := x-left, y-top; dx >= 0 && dx < side && dy >= 0 && dy < side {
				c = [2][2]color.RGBA{{red, green}, {blue, yellow}}[dy*2/side][dx*2/side]
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func pngFile(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegFile(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifFile(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// secret stands for what a camera writes beside the pixels, such as where it was.
const secret = "48.2082N 16.3738E"

// exif is EXIF data with an orientation, and with a place in it.
func exif(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("MM")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 0x010F) // the camera's maker, a text that comes after the tags
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(b, uint32(len(secret)))
	b = order.AppendUint32(b, 38)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0) // no further directory
	return append(b, secret...)
}

// The same in each format's own place.
func jpegWith(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	file := jpegFile(t, m)
	segment := append([]byte("Exif\x00\x00"), exif...)
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xFF, 0xE1}, uint16(len(segment)+2)) // with a byte of padding
	return bytes.Join([][]byte{file[:2], head, segment, file[2:]}, nil)
}

func pngWith(t testing.TB, m image.Image, exif []byte) []byte {
	t.Helper()
	file := pngFile(t, m)
	const afterHeader = 8 + 8 + 13 + 4
	body := append([]byte("eXIf"), exif...)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif))), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	return bytes.Join([][]byte{file[:afterHeader], chunk, file[afterHeader:]}, nil)
}

func webpWith(t testing.TB, exif []byte) []byte {
	t.Helper()
	file := testdata(t, "quarters.webp")
	chunk := append([]byte("EXIF"), binary.LittleEndian.AppendUint32(nil, uint32(len(exif)))...)
	chunk = append(chunk, exif...)
	if len(exif)%2 == 1 {
		chunk = append(chunk, 0)
	}
	file = append(file, chunk...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// corners are the colours of an avatar, from the top left to the bottom right.
func corners(t *testing.T, data []byte) string {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	n := m.Bounds().Dx()
	var out []string
	for _, at := range []image.Point{{n / 4, n / 4}, {3 * n / 4, n / 4}, {n / 4, 3 * n / 4}, {3 * n / 4, 3 * n / 4}} {
		r, g, b, a := m.At(at.X, at.Y).RGBA()
		name := "?"
		for known, c := range map[string]color.RGBA{"red": red, "green": green, "blue": blue, "yellow": yellow} {
			near := func(v uint32, want uint8) bool { return max(int(v>>8), int(want))-min(int(v>>8), int(want)) < 40 }
			if near(r, c.R) && near(g, c.G) && near(b, c.B) && a == 0xFFFF {
				name = known
			}
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

const straight = "red green blue yellow"

func TestPicturesOfEachTypeBecomeSquaresInEachSize(t *testing.T) {
	t.Parallel()
	gray := image.NewGray16(image.Rect(0, 0, 50, 70))
	for name, file := range map[string][]byte{
		"PNG": pngFile(t, quarters(300, 200)), "JPEG": jpegFile(t, quarters(200, 333)), "GIF": gifFile(t, quarters(400, 100)), "WebP": testdata(t, "quarters.webp"),
		"WebP without loss": testdata(t, "lossless.webp"), "smaller than an avatar": pngFile(t, quarters(20, 20)), "16 bits": pngFile(t, gray),
	} {
		if _, err := checkPicture(file); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := makePicture(file)
		if err != nil || p.kind != jpegType || len(p.images) != len(AvatarSizes) {
			t.Errorf("%s: got %s, %d pictures, %v", name, p.kind, len(p.images), err)
			continue
		}
		for i, data := range p.images {
			c, format, err := image.DecodeConfig(bytes.NewReader(data))
			if err != nil || format != "jpeg" || c.Width != AvatarSizes[i] || c.Height != AvatarSizes[i] {
				t.Errorf("%s: got %s of %d × %d, %v, want %d", name, format, c.Width, c.Height, err, AvatarSizes[i])
			}
			if got := corners(t, data); got != straight && name != "16 bits" {
				t.Errorf("%s, %d wide: got %s, want %s", name, AvatarSizes[i], got, straight)
			}
		}
	}
}

func TestTransparencyStays(t *testing.T) {
	t.Parallel()
	m := quarters(200, 200)
	for y := range 100 {
		for x := range 100 {
			m.SetRGBA(x, y, color.RGBA{})
		}
	}
	few := image.NewPaletted(m.Bounds(), color.Palette{color.RGBA{}, red, green, blue, yellow})
	for y := range 200 {
		for x := range 200 {
			few.Set(x, y, m.At(x, y))
		}
	}
	for name, file := range map[string][]byte{"PNG": pngFile(t, m), "GIF": gifFile(t, few), "WebP": testdata(t, "clear.webp")} {
		p, err := makePicture(file)
		if err != nil || p.kind != pngType {
			t.Errorf("%s: got %s, %v, want a PNG", name, p.kind, err)
			continue
		}
		got, err := png.Decode(bytes.NewReader(p.images[0]))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, a := got.At(20, 20).RGBA(); a != 0 {
			t.Errorf("%s: a clear pixel has opacity %d", name, a)
		}
		if _, _, _, a := got.At(100, 100).RGBA(); a != 0xFFFF {
			t.Errorf("%s: an opaque pixel has opacity %d", name, a)
		}
	}
}

// What each orientation makes of the four corners, as the EXIF standard says where its rows and columns belong.
var turned = map[uint16]string{
	1: "red green blue yellow", 2: "green red yellow blue", 3: "yellow blue green red", 4: "blue yellow red green",
	5: "red blue green yellow", 6: "blue red yellow green", 7: "yellow green blue red", 8: "green yellow red blue",
}

func TestPicturesStandUprightAndTellNothingElse(t *testing.T) {
	t.Parallel()
	for o, want := range turned {
		for name, file := range map[string][]byte{
			"JPEG": jpegWith(t, quarters(160, 120), exif(binary.BigEndian, o)), "JPEG, little endian": jpegWith(t, quarters(120, 160), exif(binary.LittleEndian, o)),
			"PNG": pngWith(t, quarters(130, 130), exif(binary.BigEndian, o)), "WebP": webpWith(t, exif(binary.LittleEndian, o)),
			"WebP with a mark": webpWith(t, append([]byte("Exif\x00\x00"), exif(binary.BigEndian, o)...)),
		} {
			p, err := makePicture(file)
			if err != nil {
				t.Errorf("%s, %d: %v", name, o, err)
				continue
			}
			for i, data := range p.images {
				if got := corners(t, data); got != want {
					t.Errorf("%s, %d, %d wide: got %s, want %s", name, o, AvatarSizes[i], got, want)
				}
				if !bytes.Contains(file, []byte(secret)) {
					t.Fatalf("%s: there is no secret in it", name)
				}
				for _, left := range []string{secret, "Exif", "eXIf", "II*\x00", "MM\x00*"} {
					if bytes.Contains(data, []byte(left)) {
						t.Errorf("%s, %d wide: %q is still in it", name, AvatarSizes[i], left)
					}
				}
			}
		}
	}
}

func TestNonsenseForAnOrientationIsNone(t *testing.T) {
	t.Parallel()
	whole := exif(binary.BigEndian, 6)
	if got := orientation(whole); got != 6 {
		t.Fatalf("got %d, want 6", got)
	}
	for n := range len(whole) - len(secret) - 4 - 4 { // the entry of the orientation is cut off
		if got := orientation(whole[:n]); got != 1 {
			t.Errorf("the first %d bytes: got %d, want 1", n, got)
		}
	}
	for _, o := range []uint16{0, 9, 0xFFFF} {
		if got := orientation(exif(binary.LittleEndian, o)); got != 1 {
			t.Errorf("%d: got %d, want 1", o, got)
		}
	}
}

// pngHeader is a PNG that says how large it is, and has nothing in it.
func pngHeader(width, height uint32) []byte {
	body := append([]byte("IHDR"), binary.BigEndian.AppendUint32(nil, width)...)
	body = append(binary.BigEndian.AppendUint32(body, height), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

func TestBombsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	t.Parallel()
	gifBomb := gifFile(t, quarters(2, 2))
	binary.LittleEndian.PutUint16(gifBomb[6:], 65535)
	binary.LittleEndian.PutUint16(gifBomb[8:], 65535)
	jpegBomb := jpegFile(t, quarters(8, 8))
	frame := bytes.Index(jpegBomb, []byte{0xFF, 0xC0})
	binary.BigEndian.PutUint16(jpegBomb[frame+5:], 65535)
	binary.BigEndian.PutUint16(jpegBomb[frame+7:], 65535)
	// Five bytes say 16384 × 16384 pixels without loss.
	webpBomb := []byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\xff\xff\xff\x0f\x00")
	for name, file := range map[string][]byte{
		"PNG": pngHeader(50_000, 50_000), "PNG of 40 million and some": pngHeader(40_000_001, 1), "GIF": gifBomb, "JPEG": jpegBomb, "WebP": webpBomb,
	} {
		_, err := checkPicture(file)
		if all := errs.All(err); len(all) != 1 || all[0].Field != "body." || !strings.Contains(all[0].Message, "40 megapixels: this picture has") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if pixels, err := checkPicture(pngHeader(8000, 5000)); err != nil || pixels != 40_000_000 {
		t.Errorf("exactly 40 megapixels: got %d, %v", pixels, err)
	}
}

// A frame must not be larger than the file says that it is: memory is taken for what the frame says.
func TestFilesThatLieAboutTheirSizeAreRefused(t *testing.T) {
	t.Parallel()
	gifLie := gifFile(t, quarters(4, 4))
	binary.LittleEndian.PutUint16(gifLie[6:], 1)
	binary.LittleEndian.PutUint16(gifLie[8:], 1)
	webpLie := []byte("RIFF\x24\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00VP8L\x05\x00\x00\x00\x2f\xff\xff\xff\x0f\x00")
	for name, file := range map[string][]byte{"GIF": gifLie, "WebP": webpLie} {
		if pixels, err := checkPicture(file); err != nil || pixels != 1 {
			t.Fatalf("%s: got %d pixels, %v, want one", name, pixels, err)
		}
		if _, err := makePicture(file); !strings.Contains(fmt.Sprint(err), "damaged") {
			t.Errorf("%s: got %v, want it refused", name, err)
		}
	}
}

func TestWhatIsNoWholePictureIsRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{"text": []byte("hello"), "SVG": []byte("<svg/>"), "bitmap": []byte("BM\x00\x00"), "PDF": []byte("%PDF-1.7")} {
		if _, err := checkPicture(file); err != errNoPicture { //nolint:errorlint // it is that very one
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, file := range map[string][]byte{"PNG": pngFile(t, quarters(50, 50)), "JPEG": jpegFile(t, quarters(50, 50)), "GIF": gifFile(t, quarters(50, 50)), "WebP": testdata(t, "quarters.webp")} {
		if _, err := makePicture(file[:len(file)/2]); err != errDamaged { //nolint:errorlint // it is that very one
			t.Errorf("half a %s: got %v", name, err)
		}
	}
	if _, err := checkPicture(pngHeader(0, 5)); err != errDamaged { //nolint:errorlint // it is that very one
		t.Errorf("without pixels: got %v", err)
	}
}

func FuzzOrientation(f *testing.F) {
	for o := range uint16(10) {
		f.Add(exif(binary.BigEndian, o))
		f.Add(jpegWith(f, quarters(9, 9), exif(binary.LittleEndian, o)))
		f.Add(pngWith(f, quarters(9, 9), exif(binary.BigEndian, o)))
	}
	f.Add(webpWith(f, exif(binary.LittleEndian, 3)))
	f.Add([]byte("MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		found := [][]byte{file}
		for _, find := range exifOf {
			found = append(found, find(file))
		}
		for _, exif := range found {
			if o := orientation(exif); o < 1 || o > 8 {
				t.Errorf("got %d", o)
			}
		}
	})
}
