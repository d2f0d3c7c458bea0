package auth

import "time"

// ParseAccess parses an access token without looking at its session.
func ParseAccess(token string, key []byte, now time.Time) error {
	_, err := parse(newParser(forAPI, func() time.Time { return now }), key, token)
	return err
}
