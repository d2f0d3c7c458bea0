package transfer

import "time"

// Check reads a file as an import does and throws it away.
func Check(format string, file []byte) error {
	if format == "" {
		format = detect(file)
	}
	_, err := parse(format, file, time.Unix(0, 0))
	return err
}
