package users

import (
	"bytes"
	"encoding/binary"
)

// orientation is how EXIF data says that a picture is to be turned, 1 to 8; 1 is as it is, also where nothing is said.
func orientation(exif []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(exif, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(exif, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	directory := within(exif, 4, 4)
	if directory == nil {
		return 1
	}
	start := int64(order.Uint32(directory))
	count := within(exif, start, 2)
	if count == nil {
		return 1
	}
	const tag, short = 0x0112, 3
	for i := range int64(order.Uint16(count)) {
		entry := within(exif, start+2+12*i, 12)
		if entry == nil {
			return 1
		}
		if order.Uint16(entry) == tag && order.Uint16(entry[2:]) == short {
			if o := int(order.Uint16(entry[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// within is the n bytes from a place on, nil when they are not all there.
func within(b []byte, from, n int64) []byte {
	if from < 0 || n < 0 || from+n > int64(len(b)) {
		return nil
	}
	return b[from : from+n]
}

var exifMark = []byte("Exif\x00\x00")

// jpegEXIF is the EXIF data of a JPEG: in a segment APP1, before the picture itself begins.
func jpegEXIF(file []byte) []byte {
	const app1, startOfScan, endOfImage = 0xE1, 0xDA, 0xD9
	for at := int64(2); ; {
		head := within(file, at, 4)
		if head == nil || head[0] != 0xFF || head[1] == startOfScan || head[1] == endOfImage {
			return nil
		}
		if head[1] == 0xFF { // padding
			at++
			continue
		}
		n := int64(binary.BigEndian.Uint16(head[2:])) // with the two bytes of itself
		if n < 2 {
			return nil
		}
		body := within(file, at+4, n-2)
		if head[1] == app1 && bytes.HasPrefix(body, exifMark) {
			return body[len(exifMark):]
		}
		at += 2 + n
	}
}

// pngEXIF is the EXIF data of a PNG: its chunk eXIf.
func pngEXIF(file []byte) []byte {
	for at := int64(8); ; {
		head := within(file, at, 8)
		if head == nil {
			return nil
		}
		n := int64(binary.BigEndian.Uint32(head))
		if string(head[4:]) == "eXIf" {
			return within(file, at+8, n)
		}
		at += 8 + n + 4 // a checksum ends it
	}
}

// webpEXIF is the EXIF data of a WebP: its chunk EXIF, which some begin as in a JPEG.
func webpEXIF(file []byte) []byte {
	for at := int64(12); ; {
		head := within(file, at, 8)
		if head == nil {
			return nil
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) == "EXIF" {
			return bytes.TrimPrefix(within(file, at+8, n), exifMark)
		}
		at += 8 + n + n%2
	}
}
