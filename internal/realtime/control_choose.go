//go:build failpoints

package realtime

import (
	"context"
	"fmt"
	"os"

	"github.com/centrifugal/centrifuge"
)

// The negative controls of the fault test: ways to deliver changes that look sound and are not. One is
// chosen by TANDEM_CONTROL, which only this build knows.
func init() {
	name := os.Getenv("TANDEM_CONTROL") //nolint:forbidigo // not a setting of Tandem
	switch name {
	case "publish":
		control = publishAfterCommit
	case "serial":
		control = serialCursor
	case "":
	default:
		control = func(context.Context, *Node) (centrifuge.Broker, error) {
			return nil, fmt.Errorf("TANDEM_CONTROL: there is no control %q", name)
		}
	}
}
