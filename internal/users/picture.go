package users

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the formats that image.Decode knows
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	"tandem/internal/errs"
)

// The limits of a picture. What it takes to decode one grows with its pixels, which a small file may have many of.
const (
	MaxPicture      = 5 << 20 // bytes
	maxMegapixels   = 40
	maxPixels       = maxMegapixels * 1_000_000
	avatarQuality   = 85
	jpegType        = "jpg"
	pngType         = "png"
	shownAvatarSize = 64 // what avatar_url points at
)

// AvatarSizes are the widths that an avatar is kept in, the largest first: the smaller ones are made of it.
var AvatarSizes = []int{128, 64, 32}

// picture is an avatar, ready to be kept: only pixels are in it, nothing else of the file.
type picture struct {
	kind   string   // jpgType or pngType
	images [][]byte // as AvatarSizes has them
}

var (
	errNoPicture = errs.Field("body.", "must be a PNG, JPEG, GIF or WebP picture")
	errDamaged   = errs.Field("body.", "cannot be read as a picture: the file is damaged or of an unusual kind")
)

// exifOf finds the EXIF data of each format that is taken.
var exifOf = map[string]func(file []byte) []byte{
	"jpeg": jpegEXIF, "png": pngEXIF, "webp": webpEXIF,
	"gif": func([]byte) []byte { return nil },
}

// checkPicture says how many pixels a file has, without decoding it, or what is wrong with it.
func checkPicture(file []byte) (pixels int64, err error) {
	if len(file) > MaxPicture {
		return 0, &errs.Error{Kind: errs.TooLarge, Field: "body.", Message: fmt.Sprintf("must have at most %d MiB", MaxPicture>>20)}
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case errors.Is(err, image.ErrFormat) || err == nil && exifOf[format] == nil:
		return 0, errNoPicture
	case err != nil || c.Width < 1 || c.Height < 1:
		return 0, errDamaged
	}
	if pixels = int64(c.Width) * int64(c.Height); pixels > maxPixels {
		return 0, errs.Field("body.", "must have at most %d megapixels: this picture has %d × %d pixels", maxMegapixels, c.Width, c.Height)
	}
	return pixels, nil
}

// makePicture turns a file that checkPicture has passed into an avatar: upright, the square in its middle, in each size.
func makePicture(file []byte) (picture, error) {
	src, format, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return picture{}, errDamaged
	}
	b := src.Bounds()
	side := min(b.Dx(), b.Dy())
	if side < 1 { // a GIF's first frame may be empty
		return picture{}, errDamaged
	}
	square := image.Rect(0, 0, side, side).Add(b.Min).Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	largest := shrunk(src, square, AvatarSizes[0])
	largest = upright(largest, orientation(exifOf[format](file)))
	p := picture{kind: jpegType}
	encode := func(w io.Writer, m image.Image) error {
		return jpeg.Encode(w, m, &jpeg.Options{Quality: avatarQuality})
	}
	if !largest.Opaque() {
		p.kind, encode = pngType, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode
	}
	for _, size := range AvatarSizes {
		m := largest
		if size != AvatarSizes[0] {
			m = shrunk(largest, largest.Bounds(), size)
		}
		var out bytes.Buffer
		if err := encode(&out, m); err != nil {
			return picture{}, fmt.Errorf("encode avatar: %w", err)
		}
		p.images = append(p.images, out.Bytes())
	}
	return p, nil
}

func shrunk(src image.Image, part image.Rectangle, size int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.CatmullRom.Scale(out, out.Bounds(), src, part, draw.Src, nil)
	return out
}

// upright turns a square picture as its EXIF orientation says that it is to be shown.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return src
	}
	b := src.Bounds()
	out, last := image.NewRGBA(b), b.Dx()-1
	at := func(x, y int) color.RGBA { return src.RGBAAt(x, y) }
	for y := range b.Dy() {
		for x := range b.Dx() {
			var c color.RGBA
			switch orientation {
			case 2: // mirrored
				c = at(last-x, y)
			case 3: // upside down
				c = at(last-x, last-y)
			case 4: // upside down and mirrored
				c = at(x, last-y)
			case 5: // rows and columns exchanged
				c = at(y, x)
			case 6: // to be turned right
				c = at(y, last-x)
			case 7: // rows and columns exchanged, from the other corner
				c = at(last-y, last-x)
			case 8: // to be turned left
				c = at(last-y, x)
			}
			out.SetRGBA(x, y, c)
		}
	}
	return out
}
