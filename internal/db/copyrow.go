package db

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"
)

// CopyKind says how the values of a column are converted and compared.
type CopyKind string

// The kinds.
const (
	CopyText  CopyKind = "text"
	CopyInt   CopyKind = "integer"
	CopyBool  CopyKind = "boolean"
	CopyTime  CopyKind = "time"
	CopyBytes CopyKind = "bytes"
	CopyJSON  CopyKind = "json" // compared by what it means
)

// kindOf maps PostgreSQL's types. One that is missing here is refused, rather than copied by chance.
var kindOf = map[string]CopyKind{
	"text": CopyText, "bigint": CopyInt, "boolean": CopyBool, "timestamp with time zone": CopyTime, "bytea": CopyBytes,
}

// value brings what either database returns into one form: nil, string, int64, bool, []byte, or a time of UTC.
func (k CopyKind) value(v any) (any, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // NULL
	}
	switch k {
	case CopyText, CopyJSON:
		text, ok := v.(string)
		if raw, isBytes := v.([]byte); isBytes { // SQLite keeps a value as it was bound, whatever the column says
			text, ok = string(raw), true
		}
		if !ok {
			break
		}
		if k == CopyJSON {
			return canonicalJSON(text)
		}
		return text, checkText(text)
	case CopyBytes:
		switch v := v.(type) {
		case []byte:
			return v, nil
		case string:
			return []byte(v), nil
		}
	case CopyInt:
		switch v := v.(type) {
		case int64:
			return v, nil
		case int32:
			return int64(v), nil
		case int16:
			return int64(v), nil
		}
	case CopyBool:
		switch v := v.(type) {
		case bool:
			return v, nil
		case int64:
			if v == 0 || v == 1 {
				return v == 1, nil
			}
		}
	case CopyTime:
		var t time.Time
		err := timeDest{&t}.Scan(v)
		return t, err
	}
	return nil, fmt.Errorf("holds a value that is no %s (%T)", k, v)
}

// checkText refuses what SQLite takes as a text and PostgreSQL does not.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return errors.New("has the character U+0000, which PostgreSQL cannot keep: change the text, then run this again")
	}
	if !utf8.ValidString(s) {
		return errors.New("is no valid UTF-8, which PostgreSQL insists on: change the text, then run this again")
	}
	return nil
}

// canonicalJSON is one text for all ways to write the same JSON: PostgreSQL keeps neither spaces nor the order of keys,
// and writes numbers in its own way.
func canonicalJSON(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fmt.Errorf("is no JSON: %w", err)
	}
	v, err := canonical(v)
	if err != nil {
		return "", err
	}
	out, err := json.Marshal(v) // sorts keys
	return string(out), err
}

func canonical(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case string:
		return v, checkText(v)
	case json.Number:
		r, ok := new(big.Rat).SetString(v.String())
		if !ok {
			return nil, fmt.Errorf("has %q for a number", v)
		}
		digits, _ := r.FloatPrec() // exact: what is written in decimals ends
		return json.Number(r.FloatString(digits)), nil
	case []any:
		for i := range v {
			if v[i], err = canonical(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range v {
			if err := checkText(key); err != nil {
				return nil, err
			}
			if v[key], err = canonical(v[key]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// tally counts rows and hashes them one after the other.
type tally struct {
	rows int64
	hash hash.Hash
	buf  []byte
}

func newTally() *tally { return &tally{hash: sha256.New()} }

func (t *tally) add(row []any) {
	t.buf = t.buf[:0]
	for _, v := range row {
		t.buf = appendValue(t.buf, v)
	}
	_, _ = t.hash.Write(t.buf) // never fails
	t.rows++
}

// appendValue writes a value so that no two rows of different values look the same: NULL is not "", and every length
// is told.
func appendValue(b []byte, v any) []byte {
	sized := func(tag byte, s string) []byte {
		b = binary.AppendUvarint(append(b, tag), uint64(len(s)))
		return append(b, s...)
	}
	switch v := v.(type) {
	case nil:
		return append(b, 'n')
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'f')
	case int64:
		return binary.AppendVarint(append(b, 'i'), v)
	case string:
		return sized('s', v)
	case []byte:
		return sized('b', string(v))
	case time.Time:
		return sized('d', v.UTC().Format(time.RFC3339Nano))
	default:
		panic(fmt.Sprintf("db: a value of %T has no kind", v))
	}
}
