package analytics

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/internal/tasks"
)

var slugs = map[string]string{"todo": Backlog, "doing": Active, "review": Active, "done": Done, "dropped": Cancelled}

// generate makes tasks of some years whose statuses change at odd times, some of them gone since.
func generate(n int, zone *time.Location) ([]*history, categories) {
	rng := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // the same tasks each time
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, zone)
	names := []string{"todo", "doing", "review", "done", "dropped", "gone"}
	list := make([]*history, n)
	for i := range list {
		at := begin.Add(time.Duration(rng.Int64N(int64(2 * 365 * 24 * time.Hour)))).Truncate(time.Microsecond)
		h := &history{id: fmt.Sprintf("%06d", i), project: "p", priority: rng.IntN(len(tasks.Priorities)), assignee: fmt.Sprint(rng.IntN(5)), created: at}
		if rng.IntN(3) == 0 {
			due := at.Add(time.Duration(rng.Int64N(int64(100 * 24 * time.Hour))))
			h.due = &due
		}
		status := []string{"", "todo", "doing"}[rng.IntN(3)]
		h.steps = []step{{at, status}}
		for range rng.IntN(5) {
			at = at.Add(time.Duration(rng.Int64N(int64(20 * 24 * time.Hour))))
			status = names[rng.IntN(len(names))]
			h.steps = append(h.steps, step{at, status})
			if slugs[status] == Done {
				done := at
				h.completed = &done
			} else {
				h.completed = nil
			}
		}
		if h.status = status; status == "" || status == "gone" {
			h.status = "todo"
			h.steps = append(h.steps, step{at, "todo"})
			h.completed = nil
		}
		list[i] = h
	}
	return list, categories{"p": slugs}
}

// naive computes the same by asking every task about every bucket.
func naive(list []*history, of categories, s span, now time.Time) Figures {
	done := func(h *history) bool { return h.completed != nil && of.of(h.project, h.status) == Done }
	one := func(s span) (p Period) {
		var all, cycles []float64
		for _, h := range list {
			if !h.created.Before(s.from) && h.created.Before(s.to) {
				p.Created++
			}
			if !done(h) || h.completed.Before(s.from) || !h.completed.Before(s.to) {
				continue
			}
			p.Completed++
			all = append(all, h.completed.Sub(h.created).Seconds())
			i := slices.IndexFunc(h.steps, func(st step) bool { return of.of("p", st.status) == Active && !st.at.After(*h.completed) })
			if i >= 0 {
				cycles = append(cycles, h.completed.Sub(h.steps[i].at).Seconds())
			}
		}
		for _, it := range []struct {
			of *Spread
			v  []float64
		}{{&p.Completion, all}, {&p.Cycle, cycles}} {
			if len(it.v) == 0 {
				continue
			}
			slices.Sort(it.v)
			it.of.Count = len(it.v)
			for _, v := range it.v {
				it.of.Average += v
			}
			it.of.Average /= float64(len(it.v))
			for _, v := range slices.Backward(it.v) { // the least value that so many do not exceed
				share := 0
				for _, w := range it.v {
					if w <= v {
						share++
					}
				}
				if 100*share >= 50*len(it.v) {
					it.of.Median = v
				}
				if 100*share >= 85*len(it.v) {
					it.of.P85 = v
				}
				if 100*share < 50*len(it.v) {
					break
				}
			}
		}
		return p
	}
	f := Figures{Now: one(s), Before: one(s.before())}
	f.Series = naiveSeries(list, of, s)
	for _, p := range naiveSeries(list, of, s.before()) {
		f.Past = append(f.Past, p.Completed)
	}
	naiveCounts(&f, list, of, s, now)
	return f
}

// naiveCounts looks at all tasks for each status, priority and person that there may be.
func naiveCounts(f *Figures, list []*history, of categories, s span, now time.Time) {
	count := func(has func(*history) bool) (n int) {
		for _, h := range list {
			if has(h) {
				n++
			}
		}
		return n
	}
	most := func(a, b Count) int { return 2*cmp.Compare(b.Count, a.Count) + strings.Compare(a.Name, b.Name) }
	open := func(h *history) bool { c := of["p"][h.status]; return c == Backlog || c == Active }
	finished := func(h *history) bool {
		return of["p"][h.status] == Done && !h.completed.Before(s.from) && h.completed.Before(s.to)
	}
	for slug := range slugs {
		f.ByStatus = append(f.ByStatus, Count{slug, count(func(h *history) bool { return h.status == slug })})
	}
	slices.SortFunc(f.ByStatus, most)
	for i, name := range tasks.Priorities {
		f.ByPriority = append(f.ByPriority, Count{name, count(func(h *history) bool { return open(h) && h.priority == i })})
	}
	for i := range 5 {
		who := strconv.Itoa(i)
		f.ByPerson = append(f.ByPerson, Count{who, count(func(h *history) bool { return finished(h) && h.assignee == who })})
	}
	slices.SortFunc(f.ByPerson, most)
	f.Open = count(open)
	f.Overdue = count(func(h *history) bool { return open(h) && h.due != nil && h.due.Before(now) })
	for len(f.Oldest) < 10 {
		var oldest *history
		for _, h := range list {
			if open(h) && !slices.Contains(f.Oldest, h.id) && (oldest == nil || h.created.Before(oldest.created)) {
				oldest = h
			}
		}
		f.Oldest = append(f.Oldest, oldest.id)
	}
	for _, slug := range []string{"doing", "done", "dropped", "gone", "review", "todo"} {
		st := Stay{Status: slug}
		sum := time.Duration(0)
		for _, h := range list {
			if !finished(h) {
				continue
			}
			own := time.Duration(0)
			for i, step := range h.steps {
				if step.status != slug || !step.at.Before(*h.completed) {
					continue
				}
				until := *h.completed
				if i+1 < len(h.steps) && h.steps[i+1].at.Before(until) {
					until = h.steps[i+1].at
				}
				own += until.Sub(step.at)
			}
			if slices.ContainsFunc(h.steps, func(x step) bool { return x.status == slug && x.at.Before(*h.completed) }) {
				st.Count++
				sum += own
			}
		}
		if st.Count > 0 {
			st.Average = sum.Seconds() / float64(st.Count)
			f.InStatus = append(f.InStatus, st)
		}
	}
}

// naiveSeries asks every task about every day.
func naiveSeries(list []*history, of categories, s span) (series []Point) {
	done := func(h *history) bool { return h.completed != nil && of.of(h.project, h.status) == Done }
	at := func(h *history, t time.Time) string { // the category just before t
		was := ""
		for _, st := range h.steps {
			if st.at.Before(t) {
				was = of.of(h.project, st.status)
			}
		}
		return was
	}
	median := func(of []float64) float64 { // the least value that half of them do not exceed
		slices.Sort(of)
		for i, v := range of {
			if 2*(i+1) >= len(of) {
				return v
			}
		}
		return 0
	}
	var all, cycles []float64
	for d := s.from; d.Before(s.to); d = d.AddDate(0, 0, 1) {
		fresh := d.Equal(s.from) || s.bucket == "day" || s.bucket == "week" && d.Weekday() == time.Monday || s.bucket == "month" && d.Day() == 1
		if fresh {
			series = append(series, Point{Day: d.Format(time.DateOnly)})
			all, cycles = nil, nil
		}
		p := &series[len(series)-1]
		next := d.AddDate(0, 0, 1)
		p.Backlog, p.Active, p.Done = 0, 0, 0
		for _, h := range list {
			if !h.created.Before(d) && h.created.Before(next) {
				p.Created++
			}
			if done(h) && !h.completed.Before(d) && h.completed.Before(next) {
				p.Completed++
				all = append(all, h.completed.Sub(h.created).Seconds())
				if i := slices.IndexFunc(h.steps, func(st step) bool { return of.of("p", st.status) == Active && !st.at.After(*h.completed) }); i >= 0 {
					cycles = append(cycles, h.completed.Sub(h.steps[i].at).Seconds())
				}
			}
			switch at(h, next) {
			case Backlog:
				p.Backlog++
			case Active:
				p.Active++
			case Done:
				p.Done++
			}
		}
		p.Completion, p.Cycle = median(all), median(cycles)
	}
	return series
}

func TestFiguresAreThoseOfANaiveCount(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	list, of := generate(50_000, zone)
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, zone)
	for _, bucket := range []string{"day", "week", "month"} {
		// Across both changes of the clock.
		s := span{time.Date(2025, 3, 12, 0, 0, 0, 0, zone), time.Date(2025, 4, 8, 0, 0, 0, 0, zone), bucket}
		if bucket == "month" {
			s.from, s.to = time.Date(2025, 9, 20, 0, 0, 0, 0, zone), time.Date(2025, 12, 3, 0, 0, 0, 0, zone)
		}
		got := compute(list, of, s, now, tasks.Priorities)
		want := naive(list, of, s, now)
		for name, it := range map[string][2]any{
			"series": {got.Series, want.Series}, "past": {got.Past, want.Past}, "now": {got.Now, want.Now}, "before": {got.Before, want.Before}, "by status": {got.ByStatus, want.ByStatus}, "by priority": {got.ByPriority, want.ByPriority},
			"by person": {got.ByPerson, want.ByPerson}, "open": {got.Open, want.Open}, "overdue": {got.Overdue, want.Overdue}, "oldest": {got.Oldest, want.Oldest},
		} {
			if !reflect.DeepEqual(it[0], it[1]) {
				t.Errorf("%s: got %s\n%v, want\n%v", bucket, name, it[0], it[1])
			}
		}
		// Seconds are added up in another order.
		if !slices.EqualFunc(got.InStatus, want.InStatus, func(a, b Stay) bool {
			return a.Status == b.Status && a.Count == b.Count && math.Abs(a.Average-b.Average) < 1e-3
		}) {
			t.Errorf("%s: got time in status\n%v, want\n%v", bucket, got.InStatus, want.InStatus)
		}
		if got.Now.Completed == 0 || got.Now.Cycle.Count == 0 || got.Series[0].Active == 0 || got.Overdue == 0 || got.Past[0] == 0 || len(got.InStatus) < 5 {
			t.Errorf("%s: nothing happens in %+v", bucket, got.Now)
		}
		sum, people := 0, 0
		for _, p := range got.Series {
			sum += p.Completed
		}
		for _, c := range got.ByPerson {
			people += c.Count
		}
		if sum != got.Now.Completed || people != sum {
			t.Errorf("%s: %d in the series, %d of all people, %d in all", bucket, sum, people, got.Now.Completed)
		}
	}
}

func TestSpreadsAreNearestRanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   []float64
		want Spread
	}{
		{nil, Spread{}},
		{[]float64{7}, Spread{1, 7, 7, 7}},
		{[]float64{4, 1}, Spread{2, 2.5, 1, 4}},
		{[]float64{10, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Spread{10, 5.5, 5, 9}},
	} {
		if got := spread(slices.Clone(c.of)); got != c.want {
			t.Errorf("%v: got %+v, want %+v", c.of, got, c.want)
		}
	}
}

func TestTimeInStatusEndsWithTheCompletion(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 1, 5, hour, 0, 0, 0, time.UTC) }
	done := at(9)
	h := &history{project: "p", status: "done", created: at(1), completed: &done, steps: []step{{at(1), "todo"}, {at(3), "doing"}, {at(4), "todo"}, {at(5), "doing"}, {at(9), "done"}}}
	s := span{at(0), at(0).AddDate(0, 0, 1), "day"}
	got := compute([]*history{h}, categories{"p": slugs}, s, at(20), tasks.Priorities).InStatus
	want := []Stay{{"doing", 1, 5 * 3600}, {"todo", 1, 3 * 3600}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func BenchmarkCompute(b *testing.B) {
	list, of := generate(50_000, time.UTC)
	s := span{time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "week"}
	for b.Loop() {
		compute(list, of, s, s.to, tasks.Priorities)
	}
}
