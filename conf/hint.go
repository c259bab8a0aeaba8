package conf

import "strings"

// didYouMean returns a hint at the choice that was probably meant, or "".
func didYouMean(word string, choices []string) string {
	best, distance := "", 2+len(word)/6
	for _, choice := range choices {
		if d := edits(plainForm(word), plainForm(choice)); d < distance {
			best, distance = choice, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// plainForm removes differences that are easily confused: letter case, and underscores for dashes.
func plainForm(s string) string {
	return strings.ReplaceAll(strings.ToLower(s), "_", "-")
}

// edits returns the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
