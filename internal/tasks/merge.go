package tasks

import "strings"

// merge3 merges two edits of one text line by line (diff3: S. Khanna, K. Kunal, B. C. Pierce, "A
// formal investigation of diff3", 2007). ok is false when both changed the same or adjoining lines
// differently: then a person decides.
func merge3(base, theirs, yours string) (merged string, ok bool) {
	b, t, y := lines(base), lines(theirs), lines(yours)
	toTheirs, toYours := match(b, t), match(b, y)
	var out []string
	bi, ti, yi := 0, 0, 0
	for {
		// The next line of base that both kept ends the region in between.
		next := bi
		for next < len(b) && (toTheirs[next] < 0 || toYours[next] < 0) {
			next++
		}
		tEnd, yEnd := len(t), len(y)
		if next < len(b) {
			tEnd, yEnd = toTheirs[next], toYours[next]
		}
		region, ok := choose(b[bi:next], t[ti:tEnd], y[yi:yEnd])
		if !ok {
			return "", false
		}
		out = append(out, region...)
		if next == len(b) {
			return strings.Join(out, "\n"), true
		}
		out = append(out, b[next])
		bi, ti, yi = next+1, tEnd+1, yEnd+1
	}
}

func choose(base, theirs, yours []string) ([]string, bool) {
	switch {
	case equalLines(theirs, yours), equalLines(base, yours):
		return theirs, true
	case equalLines(base, theirs):
		return yours, true
	}
	return nil, false
}

func lines(s string) []string { return strings.Split(s, "\n") }

func equalLines(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// maxCells bounds the work of match; texts that differ in more lines than this are not merged.
const maxCells = 4_000_000

// match returns, for each line of a, the index of the same line in b under a longest common
// subsequence, or -1. Equal heads and tails are taken first: edits are small.
func match(a, b []string) []int {
	to := make([]int, len(a))
	for i := range to {
		to[i] = -1
	}
	lo := 0
	for lo < len(a) && lo < len(b) && a[lo] == b[lo] {
		to[lo] = lo
		lo++
	}
	aEnd, bEnd := len(a), len(b)
	for aEnd > lo && bEnd > lo && a[aEnd-1] == b[bEnd-1] {
		aEnd--
		bEnd--
		to[aEnd] = bEnd
	}
	n, m := aEnd-lo, bEnd-lo
	if n == 0 || m == 0 || n*m > maxCells {
		return to
	}
	length := make([][]int32, n+1) // length[i][j]: of the longest common subsequence of a[lo+i:] and b[lo+j:]
	cells := make([]int32, (n+1)*(m+1))
	for i := range length {
		length[i] = cells[i*(m+1) : (i+1)*(m+1)]
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if a[lo+i] == b[lo+j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case a[lo+i] == b[lo+j]:
			to[lo+i] = lo + j
			i++
			j++
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return to
}
