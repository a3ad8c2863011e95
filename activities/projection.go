// Package activities is what workflows ask of the world: SQL and the directory of people. Each is safe to repeat.
package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"yunwei/contract"
	"yunwei/defect"
	"yunwei/notice"
	"yunwei/store"
)

// Projector is where events go: the store. Project is one transaction and idempotent; it returns store.ErrGap when it
// would need more than it was given, and store.ErrDiverged when it knows an event otherwise. Who was told is not told again.
type Projector interface {
	Project(ctx context.Context, number string, whole *defect.Case, events []defect.Event, told ...notice.Told) (defect.Case, error)
}

// Projection brings the events of cases into SQL.
type Projection struct {
	Store  Projector
	Client client.Client           // asks a case's workflow for what travelled without its texts
	Lag    func(age time.Duration) // observes how old the oldest event of a batch was
	// Straight tells what is pressing while SQL does not hear; nil: nobody is told past it.
	Straight *Straight
}

// Project brings a batch of events into SQL. The desk mostly has done so before; then nothing happens.
func (p *Projection) Project(ctx context.Context, batch contract.Projection) error {
	p.observe(batch.Events)
	err := p.project(ctx, batch)
	if err == nil {
		return nil
	}
	if straight := p.tellStraight(ctx); straight != nil {
		activity.GetLogger(ctx).Warn("not everybody was told past the database", "number", batch.Number, "error", straight)
	}
	return err
}

func (p *Projection) project(ctx context.Context, batch contract.Projection) error {
	far, err := soFar(ctx)
	if err != nil { // then some are told twice
		activity.GetLogger(ctx).Warn("nobody knows who was told past the database", "number", batch.Number, "error", err)
	}
	_, err = p.Store.Project(ctx, batch.Number, nil, batch.Events, far.To...)
	if !errors.Is(err, store.ErrGap) {
		return wrap(err)
	}
	state, err := p.journal(ctx)
	if err != nil {
		return err
	}
	return p.projectWhole(ctx, state, far.To)
}

// journal asks the case for what SQL does not know.
func (p *Projection) journal(ctx context.Context) (contract.DefectState, error) {
	var state contract.DefectState
	answer, err := p.Client.QueryWorkflow(ctx, activity.GetInfo(ctx).WorkflowExecution.ID, "", contract.QueryState)
	if err != nil {
		return state, fmt.Errorf("ask the case for its journal: %w", err)
	}
	if err := answer.Get(&state); err != nil {
		return state, fmt.Errorf("read the journal: %w", err)
	}
	return state, nil
}

// ProjectWhole brings the journal of a state into SQL.
func (p *Projection) ProjectWhole(ctx context.Context, state contract.DefectState) error {
	return p.projectWhole(ctx, state, nil)
}

func (p *Projection) projectWhole(ctx context.Context, state contract.DefectState, told []notice.Told) error {
	_, err := p.Store.Project(ctx, state.Case.Number, &state.Case, state.Journal, told...)
	return wrap(err)
}

func (p *Projection) observe(events []defect.Event) {
	if len(events) > 0 && p.Lag != nil {
		p.Lag(time.Since(events[0].At))
	}
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("project: %w", err)
}
