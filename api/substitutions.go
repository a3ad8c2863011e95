package api

import (
	"context"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// substitutionDesk is what the API asks of the desk about substitutes.
type substitutionDesk interface {
	Substitute(ctx context.Context, by desk.Caller, sub defect.Substitution) (defect.Substitution, error)
	Substitutions(ctx context.Context, by desk.Caller, before int64, limit int) (list []defect.Substitution, more bool, err error)
	EndSubstitution(ctx context.Context, by desk.Caller, id int64) error
}

type substitutionBody struct {
	ID         int64      `json:"id"`
	Username   string     `json:"username" doc:"Who is absent."`
	Substitute string     `json:"substitute"`
	From       time.Time  `json:"from"`
	Until      time.Time  `json:"until"`
	Reason     *string    `json:"reason"`
	By         string     `json:"by" doc:"Who set it up."`
	CreatedAt  time.Time  `json:"created_at"`
	EndedAt    *time.Time `json:"ended_at" doc:"When it was ended before its time."`
	InForce    bool       `json:"in_force"`
}

type substitutionsBody struct {
	Items []substitutionBody `json:"items"`
	Next  *int64             `json:"next" doc:"The ID to go on before; null after the last."`
}

func (a *api) substitutionOf(s defect.Substitution) substitutionBody {
	return substitutionBody{
		ID: s.ID, Username: s.Username, Substitute: s.Substitute, From: s.From, Until: s.Until, Reason: given(s.Reason), By: s.By,
		CreatedAt: s.CreatedAt, EndedAt: moment(s.EndedAt), InForce: s.In(a.now()),
	}
}

func (a *api) substitute(r *request) (any, error) {
	var in struct {
		Username, Substitute, Reason string
		From, Until                  time.Time
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	sub, err := a.desk.Substitute(r, r.by, defect.Substitution{Username: in.Username, Substitute: in.Substitute, From: in.From, Until: in.Until, Reason: in.Reason})
	if err != nil {
		return nil, err
	}
	r.Header("Location", prefix+"/substitutions/"+strconv.FormatInt(sub.ID, 10))
	return a.substitutionOf(sub), nil
}

func (a *api) substitutions(r *request) (any, error) {
	list, more, err := a.desk.Substitutions(r, r.by, int64(r.integer("before", 0)), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	answer := substitutionsBody{Items: make([]substitutionBody, 0, len(list))}
	for _, one := range list {
		answer.Items = append(answer.Items, a.substitutionOf(one))
	}
	if more {
		answer.Next = &list[len(list)-1].ID
	}
	return answer, nil
}

func (a *api) endSubstitution(r *request) (any, error) {
	id, err := strconv.ParseInt(r.Param("id"), 10, 64)
	if err != nil {
		return nil, apperr.New(apperr.NotFound, apperr.ReasonSubstitutionUnknown, nil)
	}
	return nil, a.desk.EndSubstitution(r, r.by, id)
}
