package api

import (
	"yunwei/apperr"
	"yunwei/calendar"
)

func (a *api) calendars(r *request) (any, error) {
	answer := calendarsBody{Items: []calendarBody{}}
	for _, c := range a.desk.Calendars(r, r.by) {
		answer.Items = append(answer.Items, calendarOf(c))
	}
	return answer, nil
}

func (a *api) due(r *request) (any, error) {
	limit, err := calendar.ParseLimit(r.text("limit"))
	if err != nil {
		var wrong apperr.Fields
		wrong.Add("limit", apperr.FieldDuration, nil)
		return nil, wrong.Err()
	}
	due, err := a.desk.Due(r, r.by, r.Param("name"), r.time("from"), limit)
	if err != nil {
		return nil, err
	}
	answer := dueBody{DueAt: due.At, Provisional: due.Provisional, Intervals: make([]intervalBody, 0, len(due.Intervals))}
	for _, i := range due.Intervals {
		answer.Intervals = append(answer.Intervals, intervalBody{From: i.From, To: i.To, Counted: i.Counted.Seconds(), Why: whyOf(i.Why, i.Name)})
	}
	return answer, nil
}
