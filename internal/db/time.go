package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// timeFormat has a fixed width, so that SQLite, which keeps times as text, sorts and compares
// them as PostgreSQL does.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// Time binds t as a parameter: UTC, microseconds, the same on both databases.
func Time(t time.Time) driver.Valuer { return timeParam{t} }

// TimeOrNull is Time for a time that may be absent.
func TimeOrNull(t *time.Time) driver.Valuer {
	if t == nil {
		return timeParam{}
	}
	return timeParam{*t}
}

type timeParam struct{ t time.Time }

func (p timeParam) Value() (driver.Value, error) {
	if p.t.IsZero() {
		return nil, nil
	}
	return p.t.UTC().Format(timeFormat), nil
}

// ScanTime scans a column that is never NULL into t.
func ScanTime(t *time.Time) any { return timeDest{t} }

// ScanTimeOrNull scans a column that may be NULL into t.
func ScanTimeOrNull(t **time.Time) any { return nullTimeDest{t} }

type timeDest struct{ t *time.Time }

func (d timeDest) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*d.t = v.UTC()
	case string:
		t, err := time.Parse(timeFormat, v)
		if err != nil {
			return fmt.Errorf("scan time %q: %w", v, err)
		}
		*d.t = t
	default:
		return fmt.Errorf("scan time from %T", src)
	}
	return nil
}

type nullTimeDest struct{ t **time.Time }

func (d nullTimeDest) Scan(src any) error {
	if src == nil {
		*d.t = nil
		return nil
	}
	var t time.Time
	if err := (timeDest{&t}).Scan(src); err != nil {
		return err
	}
	*d.t = &t
	return nil
}
