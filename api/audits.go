package api

import (
	"context"

	"yunwei/defect"
	"yunwei/desk"
)

// auditDesk is what the API asks of the desk about audits.
type auditDesk interface {
	MayAudit(by desk.Caller) error
	Audits(ctx context.Context, by desk.Caller, after string, limit int) (list []desk.Audit, next string, err error)
	Findings(ctx context.Context, by desk.Caller, id, after string, limit int) (list []defect.Drift, next string, err error)
}

func (a *api) mayAudit(r *request) error { return a.desk.MayAudit(r.by) }

func (a *api) audits(r *request) (any, error) {
	list, next, err := a.desk.Audits(r, r.by, r.text("after"), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	answer := auditsBody{Items: make([]auditBody, 0, len(list)), Next: given(next)}
	for _, one := range list {
		answer.Items = append(answer.Items, auditBody{
			ID: one.ID, StartedAt: one.StartedAt, EndedAt: moment(one.EndedAt), Checked: one.Checked, Findings: one.Findings,
			Found: prefix + "/audits/" + one.ID + "/findings",
		})
	}
	return answer, nil
}

func (a *api) findings(r *request) (any, error) {
	list, next, err := a.desk.Findings(r, r.by, r.Param("id"), r.text("after"), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	answer := driftsBody{Items: make([]driftBody, 0, len(list)), Next: given(next)}
	for _, one := range list {
		answer.Items = append(answer.Items, driftBody{
			Number: one.Number, Kind: one.Kind, Subject: given(one.Subject), Detail: language(r.Context).Text(one.Text()), FoundAt: one.FoundAt,
		})
	}
	return answer, nil
}
