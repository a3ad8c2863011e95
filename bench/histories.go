package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"yunwei/contract"
	"yunwei/defect"
)

// fastPolicy has promises of seconds, so that a history of broken ones does not take a day.
const fastPolicy = `name: recorded
timezone: "+08:00"
calendars: {7x24: {always: true}, 5x8: {days: [mon, tue, wed, thu, fri], hours: ["08:30-12:00", "13:30-18:00"], holidays: cn}}
severities:
  1: {name: {zh: 紧急, en: critical}, calendar: 7x24, response: 2s, plan: 3s, resolve: 12h, sign_offs: 2}
  2: {name: {zh: 严重, en: major}, calendar: 7x24, response: 30m, plan: 2h, resolve: 24h, sign_offs: 1}
  3: {name: {zh: 较严重, en: moderate}, calendar: 7x24, response: 30m, plan: 2h, resolve: 48h, sign_offs: 1}
  4: {name: {zh: 普通, en: minor}, calendar: 5x8, response: 30m, plan: 2h, resolve: 5d, sign_offs: 1}
onsite: 2h
spare_part: 24h
service_report: 24h
auto_close: 2s
pause: {waiting_reporter: [plan, resolve]}
warn_at: [50%]
escalation:
  - {clock: response, at: 100%, notify: [liaison]}
`

// record writes a history of every shape that the workflow can take, for the replay test. The names begin with the shape's
// version; those of a released version are never written again.
func record(ctx context.Context, folder, shape string) error {
	policy, err := os.CreateTemp("", "policy-*.yaml")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(policy.Name()) }()
	if _, err := policy.WriteString(fastPolicy); err != nil {
		return err
	}
	if err := policy.Close(); err != nil {
		return err
	}
	s, err := startSite(ctx, "--policy", policy.Name())
	if err != nil {
		return err
	}
	defer s.stop()
	for name, live := range map[string]func(context.Context) (string, string, error){
		"life": s.recordLife, "promises": s.recordPromises, "signals": s.recordSignals, "unreadable": s.recordUnreadable, "reopened": s.recordReopened, "waiting": s.recordWaiting, "continued": s.recordContinued, "holidays": s.recordHolidays,
	} {
		number, runID, err := live(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := s.save(ctx, contract.DefectWorkflowID(number), runID, filepath.Join(folder, shape+"-"+name+".json")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := s.recordAudit(ctx, filepath.Join(folder, shape+"-audit.json")); err != nil {
		return err
	}
	return s.recordRosterCheck(ctx, filepath.Join(folder, shape+"-roster-check.json"))
}

// recordAudit records an audit of the cases that the others have left.
func (s *site) recordAudit(ctx context.Context, file string) error {
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "audit-recorded", TaskQueue: contract.TaskQueue}, contract.WorkflowAudit, contract.AuditState{})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return s.save(ctx, run.GetID(), run.GetRunID(), file)
}

// recordRosterCheck records a check of the rosters.
func (s *site) recordRosterCheck(ctx context.Context, file string) error {
	check := client.StartWorkflowOptions{ID: contract.RosterCheckID, TaskQueue: contract.TaskQueue}
	if _, err := s.client.ExecuteWorkflow(ctx, check, contract.WorkflowRosterCheck, contract.RosterCheck{Weeks: 1}); err != nil {
		return fmt.Errorf("check the rosters: %w", err)
	}
	return s.save(ctx, contract.RosterCheckID, "", file)
}

// save waits until a workflow has ended and writes the history of a run, the latest for no run.
func (s *site) save(ctx context.Context, id, runID, file string) error {
	if err := s.client.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return err
	}
	var all history.History
	for events := s.client.GetWorkflowHistory(ctx, id, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			return err
		}
		all.Events = append(all.Events, e)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(&all)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// steps takes steps written as "who action {fields}".
func (s *site) steps(ctx context.Context, number string, steps ...step) error {
	for _, one := range steps {
		if err := s.act(ctx, one.who, number, one.action, one.in); err != nil {
			return err
		}
	}
	return nil
}

type step struct {
	who, action string
	in          fields
}

var (
	toProposal = []step{{"agent", "acknowledge", fields{"assignee": "technician"}}, {"agent", "classify", fields{"category": "technical"}}, {"technician", "propose", fields{"cause": "c", "plan": "p"}}}
	toReply    = []step{
		{"technician", "complete", fields{"summary": "s"}}, {"agent", "verify", fields{"passed": true, "method": "m"}},
		{"agent", "reply", fields{"message": "m"}}, {"technician", "report", fields{"summary": "s"}},
	}
	approve  = step{"supervisor", "sign", fields{"proposal": 1, "decision": "approve"}}
	withdraw = step{"agent", "withdraw", fields{"reason": "r"}}
)

func (s *site) recordLife(ctx context.Context) (string, string, error) {
	number, err := s.life(ctx)
	return number, "", err
}

// recordPromises lets promises break, before the case is withdrawn.
func (s *site) recordPromises(ctx context.Context) (string, string, error) {
	var made struct{ Number string }
	err := s.call(ctx, "POST", "/defects", s.tokens["reporter"], fields{"title": "t", "description": "d", "severity": 1, "system": "OA"}, &made)
	if err != nil {
		return "", "", err
	}
	if err := s.until(ctx, made.Number, "breach", 2); err != nil {
		return "", "", err
	}
	return made.Number, "", s.steps(ctx, made.Number, withdraw)
}

// recordSignals has signals refused and honoured, and closes without an answer.
func (s *site) recordSignals(ctx context.Context) (string, string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", "", err
	}
	if err := s.steps(ctx, number, toProposal...); err != nil {
		return "", "", err
	}
	for _, approver := range []string{"nobody", "technician", "supervisor"} {
		message := contract.SignOff{Approver: approver, Proposal: 1, Decision: defect.Approve}
		if err := s.client.SignalWorkflow(ctx, contract.DefectWorkflowID(number), "", contract.SignalSignOff, message); err != nil {
			return "", "", err
		}
	}
	if err := s.until(ctx, number, "sign", 1); err != nil {
		return "", "", err
	}
	return number, "", s.steps(ctx, number, toReply...)
}

// recordUnreadable sends what is no sign-off at all before one that is.
func (s *site) recordUnreadable(ctx context.Context) (string, string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", "", err
	}
	if err := s.steps(ctx, number, toProposal...); err != nil {
		return "", "", err
	}
	for _, message := range []any{"yes", contract.SignOff{Approver: "supervisor", Proposal: 1, Decision: defect.Approve}} {
		if err := s.client.SignalWorkflow(ctx, contract.DefectWorkflowID(number), "", contract.SignalSignOff, message); err != nil {
			return "", "", err
		}
	}
	if err := s.until(ctx, number, "sign", 1); err != nil {
		return "", "", err
	}
	return number, "", s.steps(ctx, number, toReply...)
}

func (s *site) recordReopened(ctx context.Context) (string, string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", "", err
	}
	all := append(append(append([]step{}, toProposal...), approve), toReply[:3]...)
	all = append(all, step{"reporter", "reopen", fields{"reason": "again"}}, withdraw)
	return number, "", s.steps(ctx, number, all...)
}

func (s *site) recordWaiting(ctx context.Context) (string, string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", "", err
	}
	all := []step{
		{"agent", "request_info", fields{"message": "m"}}, {"agent", "change_severity", fields{"severity": 3, "reason": "r"}},
		{"reporter", "provide_info", fields{"message": "m"}}, {"agent", "escalate", fields{"level": "onsite", "reason": "r"}},
		{"technician", "arrive", fields{}}, {"agent", "assign", fields{"assignee": "technician"}}, {"reporter", "comment", fields{"message": "m"}},
	}
	all = append(append(all, toProposal...), approve, step{"technician", "request_spare", fields{"part": "p"}}, step{"technician", "receive_spare", fields{}})
	return number, "", s.steps(ctx, number, append(all, toReply...)...)
}

// recordHolidays moves the promises of a running case by a day off and back again.
func (s *site) recordHolidays(ctx context.Context) (string, string, error) {
	var made struct{ Number string }
	err := s.call(ctx, "POST", "/defects", s.tokens["reporter"], fields{"title": "t", "description": "d", "severity": 4, "system": "OA"}, &made)
	if err != nil {
		return "", "", err
	}
	dayOff := []fields{{"date": time.Now().AddDate(0, 0, 7).Format(time.DateOnly), "off": true, "name": "停工"}}
	for n, change := range []fields{{"why": "w", "days": dayOff}, {"why": "w", "reverts": 1}} {
		if err := s.call(ctx, "POST", "/holidays/cn/revisions", s.tokens["liaison"], change, nil); err != nil {
			return "", "", err
		}
		path := fmt.Sprintf("/holidays/cn/revisions/%d/apply", n+1)
		if err := s.call(ctx, "POST", path, s.tokens["liaison"], fields{"why": "w", "numbers": []string{made.Number}}, nil); err != nil {
			return "", "", err
		}
	}
	return made.Number, "", s.steps(ctx, made.Number, withdraw)
}

// recordContinued comments until the run has grown long and goes on in another; that one is recorded.
func (s *site) recordContinued(ctx context.Context) (string, string, error) {
	number, err := s.submit(ctx)
	if err != nil {
		return "", "", err
	}
	id := contract.DefectWorkflowID(number)
	first, err := s.client.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return "", "", err
	}
	for range 2000 {
		if err := s.steps(ctx, number, step{"agent", "comment", fields{"message": "m"}}); err != nil {
			return "", "", err
		}
		now, err := s.client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return "", "", err
		}
		if runID := now.GetWorkflowExecutionInfo().GetExecution().GetRunId(); runID != first.GetWorkflowExecutionInfo().GetExecution().GetRunId() {
			return number, runID, s.steps(ctx, number, step{"agent", "comment", fields{"message": "m"}}, withdraw)
		}
	}
	return "", "", fmt.Errorf("the run did not continue as new: %s", strings.ToLower(first.GetWorkflowExecutionInfo().GetStatus().String()))
}

// until waits until the timeline tells so many events of a kind.
func (s *site) until(ctx context.Context, number, kind string, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var timeline struct{ Items []struct{ Kind string } }
		if err := s.call(ctx, "GET", "/defects/"+number+"/events", s.tokens["agent"], nil, &timeline); err != nil {
			return err
		}
		found := 0
		for _, e := range timeline.Items {
			if e.Kind == kind {
				found++
			}
		}
		if found >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("only %d events %s: %w", found, kind, ctx.Err())
		case <-tick.C:
		}
	}
}
