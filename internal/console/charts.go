package console

import "nwayacd/internal/report"

// ReportTexts returns the words of a report's charts in a language.
func ReportTexts(language string) report.Texts {
	words := languages[language]
	if words == nil {
		words = &english
	}
	texts := report.Texts{
		Calls: words.Reports.CallChart, Level: words.Reports.LevelChart, Work: words.Reports.TimeChart,
		Other: words.Reports.Other, Goal: words.Figures.Goal, Goals: words.Reports.Goals,
		Figures: make(map[string]string, len(words.ReportFigures)),
	}
	for column, text := range words.ReportFigures {
		texts.Figures[column] = text.Title
	}
	return texts
}
