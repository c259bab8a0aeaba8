package console

import (
	"nwayacd/internal/report"
	"nwayacd/internal/story"
)

// ReportTexts returns the words of a report's charts in a language.
func ReportTexts(language string) report.Texts {
	words := wordsOf(language)
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

// StoryTexts returns the words of the picture of a call in a language.
func StoryTexts(language string) story.Texts {
	words := wordsOf(language)
	return story.Texts{
		Title: words.Records.Story, Group: words.Desk.Group, Anonymous: words.Desk.Anonymous,
		Wait: words.Records.SpanWait, Talk: words.Records.SpanTalk, Ring: words.Records.SpanRing,
		Missed: words.Records.SpanMissed, Agent: words.Records.SpanAgent,
	}
}

func wordsOf(language string) *Words {
	if words := languages[language]; words != nil {
		return words
	}
	return &english
}
