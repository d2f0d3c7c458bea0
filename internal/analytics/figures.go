package analytics

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Point is one bucket of time. Day is its first day, as YYYY-MM-DD, in the reader's time zone.
type Point struct {
	Day       string `json:"day" format:"date"`
	Created   int    `json:"created"`
	Completed int    `json:"completed"`
	Backlog   int    `json:"backlog" doc:"tasks in this category at the end of the bucket"`
	Active    int    `json:"active" doc:"tasks in this category at the end of the bucket"`
	Done      int    `json:"done" doc:"tasks in this category at the end of the bucket"`

	Completion float64 `json:"completion" doc:"seconds, the median from creation to completion of what was completed in the bucket; 0 when nothing was"`
	Cycle      float64 `json:"cycle" doc:"seconds, the median from the first active status to completion; 0 when nothing was completed that had been active"`
}

// Spread says how long things took, in seconds. The percentiles are nearest ranks.
type Spread struct {
	Count   int     `json:"count" doc:"tasks that it is of"`
	Average float64 `json:"average" doc:"seconds"`
	Median  float64 `json:"median" doc:"seconds"`
	P85     float64 `json:"p85" doc:"seconds; 85 of 100 took no longer"`
}

// Period is what happened between two days.
type Period struct {
	Created    int    `json:"created"`
	Completed  int    `json:"completed"`
	Completion Spread `json:"completion" doc:"from the creation to the completion, of what was completed"`
	Cycle      Spread `json:"cycle" doc:"from the first time in a status of category active to the completion; tasks that never were in one are left out"`
}

// Count is how many tasks have something in common.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Stay is how long tasks were in a status before they were completed.
type Stay struct {
	Status  string  `json:"status"`
	Count   int     `json:"count" doc:"completed tasks that were in it"`
	Average float64 `json:"average" doc:"seconds, of those"`
}

// Figures are the numbers of a team, a project or a person. Deleted tasks count for nothing. A task is completed while it
// is in a status of category done, at the time when it came there last; a cancelled one is not.
type Figures struct {
	Series     []Point  `json:"series" doc:"each bucket of the range"`
	Past       []int    `json:"past" doc:"what was completed in the range of as many days before it, bucket by bucket"`
	Now        Period   `json:"now" doc:"the range"`
	Before     Period   `json:"before" doc:"the range of as many days before it"`
	ByStatus   []Count  `json:"by_status" doc:"tasks by the slug of their status, now"`
	ByPriority []Count  `json:"by_priority" doc:"open tasks, now"`
	ByPerson   []Count  `json:"by_person" doc:"tasks completed in the range by the id of their assignee; \"\" is nobody. Where the team does not show its members' figures to each other, members and viewers get their own, and the rest under \"others\""`
	InStatus   []Stay   `json:"in_status" doc:"of the tasks completed in the range"`
	Open       int      `json:"open"`
	Overdue    int      `json:"overdue" doc:"open tasks that were due before now"`
	Oldest     []string `json:"oldest" doc:"ids of the open tasks that wait longest, at most 10"`
}

// categories say what a status of a project means. A status that is gone is taken for an active one.
type categories map[string]map[string]string // by project and slug

func (c categories) of(project, status string) string {
	if status == "" {
		return Backlog
	}
	return cmp.Or(c[project][status], Active)
}

// span is the time from one day to another, which does not count, in days of a place.
type span struct {
	from, to time.Time // midnights
	bucket   string    // day, week (from Monday) or month
}

// next is the beginning of the bucket after the one that at is in.
func (s span) next(at time.Time) time.Time {
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	switch s.bucket {
	case "week":
		return day.AddDate(0, 0, 7-(int(day.Weekday())+6)%7)
	case "month":
		return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, at.Location())
	}
	return day.AddDate(0, 0, 1)
}

// before is the span of as many days before this one.
func (s span) before() span {
	days := int(math.Round(s.to.Sub(s.from).Hours() / 24))
	return span{s.from.AddDate(0, 0, -days), s.from, s.bucket}
}

func (s span) holds(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

// compute is all figures of the tasks.
func compute(list []*history, of categories, s span, now time.Time, priorities []string) Figures {
	f := Figures{Now: period(list, of, s), Before: period(list, of, s.before()), Series: series(list, of, s), Past: []int{}}
	for _, p := range series(list, of, s.before()) {
		f.Past = append(f.Past, p.Completed)
	}
	status, priority, person := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range priorities {
		priority[p] = 0
	}
	stays := map[string]*Stay{}
	var open []*history
	for _, h := range list {
		status[h.status]++
		if c := of.of(h.project, h.status); c == Done || c == Cancelled {
			if c == Done && h.completed != nil && s.holds(*h.completed) {
				person[h.assignee]++
				h.stay(stays)
			}
			continue
		}
		open = append(open, h)
		priority[priorities[h.priority]]++
		if h.due != nil && h.due.Before(now) {
			f.Overdue++
		}
	}
	f.Open = len(open)
	slices.SortFunc(open, func(a, b *history) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	f.Oldest = []string{}
	for _, h := range open[:min(len(open), 10)] {
		f.Oldest = append(f.Oldest, h.id)
	}
	f.ByStatus, f.ByPerson = counts(status), counts(person)
	f.ByPriority = []Count{}
	for _, p := range priorities {
		f.ByPriority = append(f.ByPriority, Count{p, priority[p]})
	}
	f.InStatus = []Stay{}
	for _, st := range stays {
		st.Average /= float64(st.Count)
		f.InStatus = append(f.InStatus, *st)
	}
	slices.SortFunc(f.InStatus, func(a, b Stay) int { return cmp.Compare(a.Status, b.Status) })
	return f
}

// stay adds how long the task was in each status before its completion.
func (h *history) stay(to map[string]*Stay) {
	own := map[string]float64{}
	for i, st := range h.steps {
		end := *h.completed
		if i+1 < len(h.steps) && h.steps[i+1].at.Before(end) {
			end = h.steps[i+1].at
		}
		if st.status != "" && st.at.Before(*h.completed) {
			own[st.status] += end.Sub(st.at).Seconds()
		}
	}
	for status, seconds := range own {
		if to[status] == nil {
			to[status] = &Stay{Status: status}
		}
		to[status].Count++
		to[status].Average += seconds // the sum, for now
	}
}

func period(list []*history, of categories, s span) (p Period) {
	var completion, cycle []float64
	for _, h := range list {
		if s.holds(h.created) {
			p.Created++
		}
		if h.completed == nil || !s.holds(*h.completed) || of.of(h.project, h.status) != Done {
			continue
		}
		p.Completed++
		completion = append(completion, h.completed.Sub(h.created).Seconds())
		if took := h.cycle(of); took >= 0 {
			cycle = append(cycle, took)
		}
	}
	p.Completion, p.Cycle = spread(completion), spread(cycle)
	return p
}

// cycle is the time in seconds from the first active status of a completed task to its completion; -1: it was in none.
func (h *history) cycle(of categories) float64 {
	for _, st := range h.steps {
		if of.of(h.project, st.status) == Active && !st.at.After(*h.completed) {
			return h.completed.Sub(st.at).Seconds()
		}
	}
	return -1
}

// Streaks are runs of days, and of weeks from Monday, in each of which something was completed. The current one may end
// yesterday, or last week: today is not over yet.
type Streaks struct {
	Days         int `json:"days" doc:"the current run"`
	LongestDays  int `json:"longest_days"`
	Weeks        int `json:"weeks" doc:"the current run"`
	LongestWeeks int `json:"longest_weeks"`
}

// streaks counts runs among the completions, in days of the place that now is in.
func streaks(list []*history, of categories, now time.Time) (out Streaks) {
	day := func(t time.Time) int { // numbered on the calendar, whose days may have 23 or 25 hours
		t = t.In(now.Location())
		return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86_400)
	}
	week := func(t time.Time) int { return (day(t) + 3) / 7 } // 1970-01-01 was a Thursday
	for _, by := range []struct {
		of               func(time.Time) int
		current, longest *int
	}{{day, &out.Days, &out.LongestDays}, {week, &out.Weeks, &out.LongestWeeks}} {
		seen := map[int]bool{}
		for _, h := range list {
			if h.completed != nil && of.of(h.project, h.status) == Done {
				seen[by.of(*h.completed)] = true
			}
		}
		for at := range seen {
			if seen[at-1] {
				continue
			}
			n := 1
			for seen[at+n] {
				n++
			}
			*by.longest = max(*by.longest, n)
			if last := at + n - 1; last >= by.of(now)-1 {
				*by.current = n
			}
		}
	}
	return out
}

// Day is how much was completed on a day.
type Day struct {
	Day       string `json:"day" format:"date"`
	Completed int    `json:"completed"`
}

// heatWeeks is how many weeks, with this one, are told day by day.
const heatWeeks = 12

// heat counts the completions of the last weeks, from a Monday to the day of now, in days of the place that now is in.
func heat(list []*history, of categories, now time.Time) []Day {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	from := today.AddDate(0, 0, -(int(today.Weekday())+6)%7-7*(heatWeeks-1))
	on := map[string]int{}
	for _, h := range list {
		if h.completed != nil && of.of(h.project, h.status) == Done && !h.completed.Before(from) {
			on[h.completed.In(now.Location()).Format(time.DateOnly)]++
		}
	}
	out := []Day{}
	for at := from; !at.After(today); at = at.AddDate(0, 0, 1) {
		day := at.Format(time.DateOnly)
		out = append(out, Day{day, on[day]})
	}
	return out
}

func spread(seconds []float64) Spread {
	if len(seconds) == 0 {
		return Spread{}
	}
	slices.Sort(seconds)
	sum := 0.0
	for _, v := range seconds {
		sum += v
	}
	rank := func(p float64) float64 { return seconds[int(math.Ceil(p*float64(len(seconds))))-1] }
	return Spread{len(seconds), sum / float64(len(seconds)), rank(0.5), rank(0.85)}
}

// series walks the changes of all tasks once, bucket by bucket.
func series(list []*history, of categories, s span) []Point {
	type turn struct {
		at   time.Time
		from string // category; "": it was created
		to   string
	}
	var turns []turn
	type end struct {
		at                time.Time
		completion, cycle float64 // cycle is -1 when the task was never active
	}
	created, completed := []time.Time{}, []end{}
	for _, h := range list {
		created = append(created, h.created)
		if h.completed != nil && of.of(h.project, h.status) == Done {
			completed = append(completed, end{*h.completed, h.completed.Sub(h.created).Seconds(), h.cycle(of)})
		}
		was := ""
		for _, st := range h.steps {
			is := of.of(h.project, st.status)
			turns = append(turns, turn{st.at, was, is})
			was = is
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	slices.SortFunc(created, time.Time.Compare)
	slices.SortFunc(completed, func(a, b end) int { return a.at.Compare(b.at) })
	held := map[string]int{}
	out := []Point{}
	t := 0
	c, _ := slices.BinarySearchFunc(completed, s.from, func(e end, at time.Time) int { return e.at.Compare(at) })
	for at := s.from; at.Before(s.to); {
		until := s.next(at)
		if until.After(s.to) {
			until = s.to
		}
		for ; t < len(turns) && turns[t].at.Before(until); t++ {
			held[turns[t].from]--
			held[turns[t].to]++
		}
		p := Point{Day: at.Format(time.DateOnly), Created: between(created, at, until), Backlog: held[Backlog], Active: held[Active], Done: held[Done]}
		var completion, cycle []float64
		for ; c < len(completed) && completed[c].at.Before(until); c++ {
			p.Completed++
			completion = append(completion, completed[c].completion)
			if completed[c].cycle >= 0 {
				cycle = append(cycle, completed[c].cycle)
			}
		}
		p.Completion, p.Cycle = spread(completion).Median, spread(cycle).Median
		out = append(out, p)
		at = until
	}
	return out
}

// between counts the times in [from, to) of a sorted list.
func between(list []time.Time, from, to time.Time) int {
	at := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(list, t, time.Time.Compare)
		return i
	}
	return at(to) - at(from)
}

// counts are sorted: most first.
func counts(of map[string]int) []Count {
	out := []Count{}
	for name, n := range of {
		out = append(out, Count{name, n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return out
}
