package analytics

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestStreaks(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	on := func(days ...string) (list []*history) {
		for _, d := range days {
			at, err := time.ParseInLocation("2006-01-02 15:04", d, zone)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, &history{project: "p", status: "done", completed: &at})
		}
		return list
	}
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, zone) // a Wednesday, three days after the clock was put forward
	for name, c := range map[string]struct {
		list []*history
		want Streaks
	}{
		"nothing":                  {nil, Streaks{}},
		"today":                    {on("2026-04-01 08:00"), Streaks{1, 1, 1, 1}},
		"up to yesterday":          {on("2026-03-30 23:59", "2026-03-31 00:00"), Streaks{2, 2, 1, 1}},
		"over the change of clock": {on("2026-03-28 23:30", "2026-03-29 00:30", "2026-03-30 00:15", "2026-03-31 12:00"), Streaks{4, 4, 2, 2}},
		"broken":                   {on("2026-03-02 10:00", "2026-03-03 10:00", "2026-03-04 10:00", "2026-03-30 10:00"), Streaks{0, 3, 1, 1}},
		"twice a day":              {on("2026-04-01 01:00", "2026-04-01 02:00"), Streaks{1, 1, 1, 1}},
		"last week":                {on("2026-03-17 01:00", "2026-03-24 02:00"), Streaks{0, 1, 2, 2}},
	} {
		if got := streaks(c.list, categories{"p": slugs}, now); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestStreaksAreThoseOfANaiveCount walks the calendar day by day.
func TestStreaksAreThoseOfANaiveCount(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, zone)
	rng := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // the same each time
	for range 50 {
		var list []*history
		for range rng.IntN(200) {
			at := now.Add(-time.Duration(rng.Int64N(int64(400 * 24 * time.Hour))))
			list = append(list, &history{project: "p", status: "done", completed: &at})
		}
		run := func(first time.Time, step int) (current, longest int) {
			n := 0
			for d := first; !d.After(now); d = d.AddDate(0, 0, step) {
				held := false
				for _, h := range list {
					held = held || !h.completed.Before(d) && h.completed.Before(d.AddDate(0, 0, step))
				}
				switch {
				case held:
					n++
				case d.AddDate(0, 0, step).After(now): // it is not over yet
				default:
					n = 0
				}
				longest = max(longest, n)
			}
			return n, longest
		}
		var want Streaks
		want.Days, want.LongestDays = run(time.Date(2024, 12, 2, 0, 0, 0, 0, zone), 1) // a Monday
		want.Weeks, want.LongestWeeks = run(time.Date(2024, 12, 2, 0, 0, 0, 0, zone), 7)
		if got := streaks(list, categories{"p": slugs}, now); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

// Whoever completes something late in the evening did it on that day, where they are.
func TestHeatIsOfDaysWhereOneIs(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 8, 9, 0, 0, 0, zone) // a Wednesday, three days after the clocks went back
	list := []*history{}
	add := func(status string, at time.Time) {
		list = append(list, &history{project: "p", status: status, created: at.AddDate(0, -1, 0), completed: &at})
	}
	add("done", now)
	add("done", time.Date(2026, 4, 5, 23, 59, 59, 0, zone)) // 25 hours long
	add("done", time.Date(2026, 4, 5, 0, 0, 0, 0, zone))
	add("dropped", time.Date(2026, 4, 5, 0, 0, 0, 0, zone))
	add("done", time.Date(2026, 1, 19, 0, 0, 0, 0, zone))
	add("done", time.Date(2026, 1, 18, 23, 0, 0, 0, zone)) // before the twelve weeks
	got := heat(list, categories{"p": slugs}, now)
	want := map[string]int{"2026-01-19": 1, "2026-04-05": 2, "2026-04-08": 1}
	if len(got) != 11*7+3 || got[0].Day != "2026-01-19" || got[len(got)-1].Day != "2026-04-08" {
		t.Errorf("got %d days from %s to %s", len(got), got[0].Day, got[len(got)-1].Day)
	}
	for i, d := range got {
		if i > 0 && d.Day <= got[i-1].Day || d.Completed != want[d.Day] {
			t.Errorf("got %+v after %s, want %d", d, got[max(i-1, 0)].Day, want[d.Day])
		}
	}
}
