//go:build failpoints

// Package failpoint lets a test kill the program at a named place.
package failpoint

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Variables are the environment variables that only this build knows. TANDEM_CONTROL chooses a negative
// control of the fault test, in realtime.
var Variables = []string{"TANDEM_FAILPOINTS", "TANDEM_CONTROL"}

// chances is how likely each named place kills the program, from TANDEM_FAILPOINTS, such as
// "before-commit=0.001,after-commit=0.001".
var chances = parse(os.Getenv("TANDEM_FAILPOINTS"))

func parse(text string) map[string]float64 {
	out := map[string]float64{}
	for _, part := range strings.Split(text, ",") {
		name, chance, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(chance, 64)
		if err != nil {
			panic("TANDEM_FAILPOINTS: " + part + " is not name=chance")
		}
		out[name] = f
	}
	return out
}

// Hit kills the program, as kill -9 does, with the chance that its name was given.
func Hit(name string) {
	if c := chances[name]; c > 0 && rand.Float64() < c {
		fmt.Fprintln(os.Stderr, "failpoint: "+name)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
