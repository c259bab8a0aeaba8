// Package lint holds rules for the text that people read: comments of Go files, and Markdown.
//
// The rules: at most 100 columns, at most 30 words a sentence, and plain conditions. A text that is
// full of "where", "who", "nobody" and "told" is hard to read, so these words have a budget for
// each package. The budgets are in testdata/budget.txt and may only fall.
//
//	go test ./internal/lint                       checks everything
//	go test ./internal/lint -v                    prints the counts of each package
//	go test ./internal/lint -v -in acd            prints every finding in one package or file
//	go test ./internal/lint -budget               lowers the budgets to what is there now
package lint
