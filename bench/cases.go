package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yunwei/contract"
	"yunwei/defect"
)

const bareQueue = "bare"

// bareEmpty is the least that Temporal can do: a workflow that does nothing.
func bareEmpty(workflow.Context) error { return nil }

// bareUpdates takes ten updates and nothing else.
func bareUpdates(ctx workflow.Context) error {
	left := 10
	if err := workflow.SetUpdateHandler(ctx, "step", func(workflow.Context) error { left--; return nil }); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return left == 0 })
}

// bareTimer rings at a given time and runs one empty activity.
func bareTimer(ctx workflow.Context, due time.Time) error {
	if err := workflow.Sleep(ctx, due.Sub(workflow.Now(ctx))); err != nil {
		return err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, "empty").Get(ctx, nil)
}

// bareWorker starts a worker for the other side, with the same options as ours where they matter.
func bareWorker(s *site, rang *atomic.Int64) (worker.Worker, error) {
	w := worker.New(s.client, bareQueue, worker.Options{})
	w.RegisterWorkflow(bareEmpty)
	w.RegisterWorkflow(bareUpdates)
	w.RegisterWorkflow(bareTimer)
	w.RegisterActivityWithOptions(func(context.Context) error { rang.Add(1); return nil }, activity.RegisterOptions{Name: "empty"})
	return w, w.Start()
}

// turns measures both sides, one after the other, rounds times, and returns their mean rates.
func turns(rounds int, ours, theirs func() (float64, error)) (a, b float64, err error) {
	for range rounds {
		for side, measure := range []func() (float64, error){theirs, ours} {
			got, err := measure()
			if err != nil {
				return 0, 0, err
			}
			if side == 0 {
				b += got / float64(rounds)
			} else {
				a += got / float64(rounds)
			}
		}
	}
	return a, b, nil
}

func submissions(ctx context.Context, s *site, rounds int) ([]row, error) {
	w, err := bareWorker(s, new(atomic.Int64))
	if err != nil {
		return nil, err
	}
	defer w.Stop()
	const n = 320
	ours, theirs, err := turns(rounds, func() (float64, error) {
		return rate(ctx, n, func(ctx context.Context, _ int) error { _, err := s.submit(ctx); return err })
	}, func() (float64, error) {
		return rate(ctx, n, func(ctx context.Context, _ int) error {
			run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: bareQueue}, bareEmpty)
			if err != nil {
				return err
			}
			return run.Get(ctx, nil)
		})
	})
	return []row{against("submissions (bare: empty workflows)", ours, theirs, 0.8)}, err
}

// life takes a case from submission to acceptance: ten human steps.
func (s *site) life(ctx context.Context) (string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", err
	}
	for _, step := range []struct {
		who, action string
		in          fields
	}{
		{"agent", "acknowledge", fields{"assignee": "technician"}},
		{"agent", "classify", fields{"category": "technical"}},
		{"technician", "propose", fields{"cause": "光模块老化", "plan": "更换光模块"}},
		{"supervisor", "sign", fields{"proposal": 1, "decision": "approve"}},
		{"technician", "complete", fields{"summary": "已更换"}},
		{"agent", "verify", fields{"passed": true, "method": "连续登录"}},
		{"technician", "report", fields{"summary": "服务报告"}},
		{"agent", "reply", fields{"message": "已修复"}},
		{"reporter", "accept", fields{"satisfaction": 5}},
	} {
		if step.action == "sign" { // numbers of proposals are the case's own: the first is 1
			step.in = fields{"proposal": 1, "decision": "approve"}
		}
		if err := s.act(ctx, step.who, number, step.action, step.in); err != nil {
			return number, err
		}
	}
	return number, nil
}

func lives(ctx context.Context, s *site, rounds int) ([]row, error) {
	w, err := bareWorker(s, new(atomic.Int64))
	if err != nil {
		return nil, err
	}
	defer w.Stop()
	const n = 48
	var last atomic.Value
	ours, theirs, err := turns(rounds, func() (float64, error) {
		return rate(ctx, n, func(ctx context.Context, _ int) error {
			number, err := s.life(ctx)
			last.Store(number)
			return err
		})
	}, func() (float64, error) {
		return rate(ctx, n, func(ctx context.Context, _ int) error { return s.bareLife(ctx) })
	})
	if err != nil {
		return nil, err
	}
	events, err := s.history(ctx, fmt.Sprint(last.Load()))
	return append([]row{against("whole lives (bare: ten updates)", ours, theirs, 0.4)}, events), err
}

func (s *site) bareLife(ctx context.Context) error {
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: bareQueue}, bareUpdates)
	if err != nil {
		return err
	}
	for range 10 {
		h, err := s.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: run.GetID(), UpdateName: "step", WaitForStage: client.WorkflowUpdateStageCompleted})
		if err != nil {
			return err
		}
		if err := h.Get(ctx, nil); err != nil {
			return err
		}
	}
	return run.Get(ctx, nil)
}

// why says what each kind of history event is there for.
var why = map[enums.EventType]string{
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:                   "the report itself",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:                 "the end",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:           "a step, with its input",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:          "its answer",
	enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:                      "a step, a projection or a timer wakes the workflow",
	enums.EVENT_TYPE_WORKFLOW_TASK_STARTED:                        "",
	enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:                      "",
	enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:                      "SQL is told, again and again until it knows",
	enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:                        "",
	enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:                      "",
	enums.EVENT_TYPE_TIMER_STARTED:                                "the earliest promise",
	enums.EVENT_TYPE_TIMER_CANCELED:                               "it moved",
	enums.EVENT_TYPE_MARKER_RECORDED:                              "the report reached SQL at once (local activity)",
	enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:            "the stage shows in the Temporal Web UI",
	enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:                 "the memo changed",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED:           "a step waited for its worker",
	enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:                      "a worker was too slow",
	enums.EVENT_TYPE_WORKFLOW_TASK_FAILED:                         "a worker had to start again",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:                  "a sign-off by signal",
	enums.EVENT_TYPE_TIMER_FIRED:                                  "a promise fell due",
	enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:                         "",
	enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:                      "",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED:           "",
	enums.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:          "",
	enums.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: "",
}

// history counts the events of one life, by kind.
func (s *site) history(ctx context.Context, number string) (row, error) {
	counts := map[enums.EventType]int{}
	total := 0
	iter := s.client.GetWorkflowHistory(ctx, contract.DefectWorkflowID(number), "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iter.HasNext() {
		e, err := iter.Next()
		if err != nil {
			return row{}, err
		}
		counts[e.GetEventType()]++
		total++
	}
	fmt.Printf("history of %s, ten human steps:\n", number)
	for _, kind := range slices.SortedFunc(maps.Keys(counts), func(a, b enums.EventType) int { return counts[b] - counts[a] }) {
		fmt.Printf("  %4d %-45s %s\n", counts[kind], kind, why[kind])
	}
	return row{what: "history events of a life", ours: fmt.Sprint(total), theirs: "-", wanted: "<= 160", ok: total <= 160}, nil
}

// promises has 2,000 promises fall due in the same second, against as many timers with one empty activity each.
func promises(ctx context.Context, s *site, _ int) ([]row, error) {
	const n, ahead = 2000, 90 * time.Second
	var rang atomic.Int64
	w, err := bareWorker(s, &rang)
	if err != nil {
		return nil, err
	}
	defer w.Stop()

	due := time.Now().Add(ahead)
	if err := spread(ctx, n, func(ctx context.Context, _ int) error {
		_, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: bareQueue}, bareTimer, due)
		return err
	}); err != nil {
		return nil, err
	}
	theirs, err := drained(ctx, n, due, func() (int, error) { return int(rang.Load()), nil })
	if err != nil {
		return nil, err
	}

	plain, err := s.dueAtOnce(ctx, "bench-promises", n, ahead, nil)
	if err != nil {
		return nil, err
	}
	escalated, err := s.dueAtOnce(ctx, "bench-escalations", n, ahead, []defect.Rule{{Clock: defect.ClockResponse, At: 100, Notify: []string{string(defect.RoleLiaison)}}})
	if err != nil {
		return nil, err
	}
	return []row{
		against("2,000 promises due at once, told in SQL (bare: timers, one empty activity each)", plain, theirs, 0.5),
		against("2,000 promises due at once, each broken and escalated", escalated, theirs, 0.4),
	}, s.nothingLost(ctx, "bench-escalations", n)
}

// dueAtOnce has n cases of a system break a promise in the same second, of every severity by turns, and returns how many a
// second SQL was told of.
func (s *site) dueAtOnce(ctx context.Context, system string, n int, ahead time.Duration, rules []defect.Rule) (float64, error) {
	due := time.Now().Add(ahead)
	if err := spread(ctx, n, func(ctx context.Context, i int) error {
		return s.openDue(ctx, system, i, due.Add(time.Duration(i)*time.Microsecond), rules)
	}); err != nil {
		return 0, err
	}
	var all [4]time.Duration // when each severity was through
	rate, err := drained(ctx, n, due, func() (int, error) {
		sum := 0
		for i := range all {
			var list struct{ Total int }
			path := fmt.Sprintf("/defects?overdue=true&page_size=1&system=%s&severity=%d", system, i+1)
			if err := s.call(ctx, http.MethodGet, path, s.tokens["agent"], nil, &list); err != nil {
				return 0, err
			}
			if sum += list.Total; list.Total >= n/len(all) && all[i] == 0 {
				all[i] = time.Since(due)
			}
		}
		return sum, nil
	})
	fmt.Printf("%s: all of severity 1 to 4 told after %.1f s\n", system, [4]float64{all[0].Seconds(), all[1].Seconds(), all[2].Seconds(), all[3].Seconds()})
	return rate, err
}

// nothingLost asks every case of a system for its timeline: one breach, one escalation.
func (s *site) nothingLost(ctx context.Context, system string, n int) error {
	seen := 0
	for page := 1; seen < n; page++ {
		var list struct{ Items []struct{ Number string } }
		if err := s.call(ctx, http.MethodGet, fmt.Sprintf("/defects?page_size=200&page=%d&system=%s", page, system), s.tokens["agent"], nil, &list); err != nil {
			return err
		}
		if len(list.Items) == 0 {
			return fmt.Errorf("%s: %d of %d cases are listed", system, seen, n)
		}
		for _, c := range list.Items {
			var told struct{ Items []struct{ Kind string } }
			if err := s.call(ctx, http.MethodGet, "/defects/"+c.Number+"/events", s.tokens["agent"], nil, &told); err != nil {
				return err
			}
			if len(told.Items) != 3 || told.Items[1].Kind != "breach" || told.Items[2].Kind != "escalation" {
				return fmt.Errorf("case %s tells %v", c.Number, told.Items)
			}
		}
		seen += len(list.Items)
	}
	return nil
}

// openDue starts a case as the desk does, whose response falls due at the given time and says nothing before.
func (s *site) openDue(ctx context.Context, system string, i int, due time.Time, rules []defect.Rule) error {
	policy := defect.DefaultPolicy()
	policy.WarnAt, policy.Escalation = nil, rules
	severity := defect.Severity(1 + i%4)
	term := policy.Severities[severity].Response.On(policy.Calendars[policy.Severities[severity].Calendar])
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], uint64(due.Unix())<<16|uint64(i))
	number := defect.NewNumber(seed)
	c, e := defect.Open(number, defect.Submission{
		Title: "bench", Description: "bench", Severity: severity, System: system, Reporter: defect.Reporter{Username: "reporter", Name: "reporter"},
	}, policy, defect.Person{Username: "reporter", Roles: []defect.Role{defect.RoleReporter}}, due.Add(-term), defect.Keyed{})
	_, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: contract.DefectWorkflowID(number), TaskQueue: contract.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true, Priority: contract.PriorityOf(severity),
	}, contract.WorkflowDefect, contract.DefectState{Case: c, Journal: []defect.Event{e}})
	return err
}

// drained waits until n are done and returns how many a second were, from their due time on.
func drained(ctx context.Context, n int, due time.Time, done func() (int, error)) (float64, error) {
	ctx, cancel := context.WithDeadline(ctx, due.Add(10*time.Minute))
	defer cancel()
	if late := time.Since(due); late > 0 {
		return 0, fmt.Errorf("the starts took %v longer than planned", late)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := done()
		if err != nil {
			return 0, err
		}
		if got >= n {
			return float64(n) / time.Since(due).Seconds(), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("only %d of %d were done: %w", got, n, ctx.Err())
		case <-tick.C:
		}
	}
}
