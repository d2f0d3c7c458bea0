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
	Now        Period   `json:"now" doc:"the range"`
	Before     Period   `json:"before" doc:"the range of as many days before it"`
	ByStatus   []Count  `json:"by_status" doc:"tasks by the slug of their status, now"`
	ByPriority []Count  `json:"by_priority" doc:"open tasks, now"`
	ByPerson   []Count  `json:"by_person" doc:"tasks completed in the range by the id of their assignee; \"\" is nobody"`
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
	f := Figures{Now: period(list, of, s), Before: period(list, of, s.before()), Series: series(list, of, s)}
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
		for _, st := range h.steps {
			if of.of(h.project, st.status) == Active && !st.at.After(*h.completed) {
				cycle = append(cycle, h.completed.Sub(st.at).Seconds())
				break
			}
		}
	}
	p.Completion, p.Cycle = spread(completion), spread(cycle)
	return p
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
	created, completed := []time.Time{}, []time.Time{}
	for _, h := range list {
		created = append(created, h.created)
		if h.completed != nil && of.of(h.project, h.status) == Done {
			completed = append(completed, *h.completed)
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
	slices.SortFunc(completed, time.Time.Compare)
	held := map[string]int{}
	out := []Point{}
	t := 0
	for at := s.from; at.Before(s.to); {
		end := s.next(at)
		if end.After(s.to) {
			end = s.to
		}
		for ; t < len(turns) && turns[t].at.Before(end); t++ {
			held[turns[t].from]--
			held[turns[t].to]++
		}
		out = append(out, Point{at.Format(time.DateOnly), between(created, at, end), between(completed, at, end), held[Backlog], held[Active], held[Done]})
		at = end
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
