package teams

import (
	"errors"
	"fmt"
	"strings"
)

// Positions are fractional indexing keys (D. Greenspan, "Implementing Fractional Indexing", 2020; the
// same keys as the npm package fractional-indexing): base-62 texts that sort byte by byte. A key is
// an integer part, whose first letter says its length, and a fraction without trailing zeros. Adding
// at an end counts the integer up or down, so keys stay short however often that is done.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// smallest is the least integer part; it never stands alone, so that there is always something below.
const smallest = "A00000000000000000000000000"

// Between returns a key that sorts between a and b. "" is the open end on either side.
func Between(a, b string) (string, error) {
	for _, k := range []string{a, b} {
		if k != "" {
			if err := checkKey(k); err != nil {
				return "", err
			}
		}
	}
	if a != "" && b != "" && a >= b {
		return "", fmt.Errorf("position %q does not sort before %q", a, b)
	}
	switch {
	case a == "" && b == "":
		return "a0", nil
	case a == "":
		ib := integerPart(b)
		fb := b[len(ib):]
		if ib == smallest {
			return ib + middle("", fb), nil
		}
		if ib < b {
			return ib, nil
		}
		down := decrement(ib)
		if down == "" {
			return "", errors.New("no position is left before the first")
		}
		return down, nil
	case b == "":
		ia := integerPart(a)
		up := increment(ia)
		if up == "" {
			return ia + middle(a[len(ia):], ""), nil
		}
		return up, nil
	}
	ia, ib := integerPart(a), integerPart(b)
	if ia == ib {
		return ia + middle(a[len(ia):], b[len(ib):]), nil
	}
	up := increment(ia)
	if up == "" {
		return "", errors.New("no position is left after the last")
	}
	if up < b {
		return up, nil
	}
	return ia + middle(a[len(ia):], ""), nil
}

// Spread returns n keys in order between a and b.
func Spread(a, b string, n int) ([]string, error) {
	if n == 0 {
		return nil, nil
	}
	if n == 1 || a != "" && b == "" || a == "" && b != "" || a == "" && b == "" {
		return line(a, b, n)
	}
	half := n / 2
	mid, err := Between(a, b)
	if err != nil {
		return nil, err
	}
	left, err := Spread(a, mid, half)
	if err != nil {
		return nil, err
	}
	right, err := Spread(mid, b, n-half-1)
	if err != nil {
		return nil, err
	}
	return append(append(left, mid), right...), nil
}

// line makes n keys one after another, away from the end that is given.
func line(a, b string, n int) ([]string, error) {
	out := make([]string, n)
	var err error
	if b == "" {
		for i := range n {
			if a, err = Between(a, b); err != nil {
				return nil, err
			}
			out[i] = a
		}
		return out, nil
	}
	for i := n - 1; i >= 0; i-- {
		if b, err = Between(a, b); err != nil {
			return nil, err
		}
		out[i] = b
	}
	return out, nil
}

func integerLength(head byte) int {
	switch {
	case head >= 'a' && head <= 'z':
		return int(head-'a') + 2
	case head >= 'A' && head <= 'Z':
		return int('Z'-head) + 2
	}
	return 0
}

func integerPart(k string) string { return k[:integerLength(k[0])] }

func checkKey(k string) error {
	n := integerLength(k[0])
	if n == 0 || n > len(k) || k == smallest || len(k) > n && k[len(k)-1] == '0' {
		return fmt.Errorf("%q is no position", k)
	}
	for i := range len(k) {
		if strings.IndexByte(digits, k[i]) < 0 {
			return fmt.Errorf("%q is no position", k)
		}
	}
	return nil
}

// middle returns a fraction between two; "" is 0 below and 1 above.
func middle(a, b string) string {
	if b != "" {
		n := 0
		for n < len(b) && digitAt(a, n) == b[n] {
			n++
		}
		if n > 0 {
			return b[:n] + middle(a[min(n, len(a)):], b[n:])
		}
	}
	lo, hi := 0, len(digits)
	if a != "" {
		lo = strings.IndexByte(digits, a[0])
	}
	if b != "" {
		hi = strings.IndexByte(digits, b[0])
	}
	if hi-lo > 1 {
		return digits[(lo+hi+1)/2 : (lo+hi+1)/2+1]
	}
	if len(b) > 1 {
		return b[:1]
	}
	rest := ""
	if a != "" {
		rest = a[1:]
	}
	return digits[lo:lo+1] + middle(rest, "")
}

func digitAt(a string, i int) byte {
	if i < len(a) {
		return a[i]
	}
	return '0'
}

func increment(x string) string {
	head, digs := x[0], []byte(x[1:])
	for i := len(digs) - 1; i >= 0; i-- {
		d := strings.IndexByte(digits, digs[i]) + 1
		if d < len(digits) {
			digs[i] = digits[d]
			return string(head) + string(digs)
		}
		digs[i] = '0'
	}
	switch head {
	case 'Z':
		return "a0"
	case 'z':
		return ""
	}
	head++
	if head > 'a' {
		digs = append(digs, '0')
	} else {
		digs = digs[:len(digs)-1]
	}
	return string(head) + string(digs)
}

func decrement(x string) string {
	const last = 'z'
	head, digs := x[0], []byte(x[1:])
	for i := len(digs) - 1; i >= 0; i-- {
		d := strings.IndexByte(digits, digs[i]) - 1
		if d >= 0 {
			digs[i] = digits[d]
			return string(head) + string(digs)
		}
		digs[i] = last
	}
	switch head {
	case 'a':
		return "Z" + string(last)
	case 'A':
		return ""
	}
	head--
	if head < 'Z' {
		digs = append(digs, last)
	} else {
		digs = digs[:len(digs)-1]
	}
	return string(head) + string(digs)
}
