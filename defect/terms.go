// Package defect is the case: what a defect report is, the stages it passes, who may do which step, the promises that
// run meanwhile and the policy that they come from. It is pure: time comes in as an argument, nothing goes out but
// events. Temporal keeps a Case alive, SQL shows it; neither is known here.
package defect

import "slices"

// Stage is where a case stands on its way (chapter 3.4 of the plan).
type Stage string

// The stages of a case in order, then the side ends.
const (
	Submitted    Stage = "submitted"    // 已提交
	Analysis     Stage = "analysis"     // 分析
	Confirmation Stage = "confirmation" // 确认
	SignOff      Stage = "sign_off"     // 待签字
	Resolution   Stage = "resolution"   // 实施
	Verification Stage = "verification" // 验证
	Reply        Stage = "reply"        // 待回复
	Replied      Stage = "replied"      // 已回复
	Closed       Stage = "closed"       // 已关闭
	Converted    Stage = "converted"    // 转咨询
	Withdrawn    Stage = "withdrawn"    // 已撤回
	Duplicate    Stage = "duplicate"    // 重复
)

// Stages returns every stage, in order.
func Stages() []Stage {
	return []Stage{Submitted, Analysis, Confirmation, SignOff, Resolution, Verification, Reply, Replied, Closed, Converted, Withdrawn, Duplicate}
}

// OpenStages returns the stages in which something can still happen.
func OpenStages() []Stage { return slices.DeleteFunc(Stages(), Stage.Ended) }

// Ended reports whether nothing can happen to a case any more.
func (s Stage) Ended() bool {
	return s == Closed || s == Converted || s == Withdrawn || s == Duplicate
}

// Action is a step that a person takes.
type Action string

// The actions; who may take each one, and where it leads, is in transitions.
const (
	ActAcknowledge    Action = "acknowledge"
	ActClassify       Action = "classify"
	ActPropose        Action = "propose"
	ActSign           Action = "sign"
	ActComplete       Action = "complete"
	ActVerify         Action = "verify"
	ActReport         Action = "report"
	ActReply          Action = "reply"
	ActAccept         Action = "accept"
	ActReopen         Action = "reopen"
	ActRequestInfo    Action = "request_info"
	ActProvideInfo    Action = "provide_info"
	ActEscalate       Action = "escalate"
	ActArrive         Action = "arrive"
	ActRequestSpare   Action = "request_spare"
	ActReceiveSpare   Action = "receive_spare"
	ActHear           Action = "acknowledge_escalation"
	ActAssign         Action = "assign"
	ActChangeSeverity Action = "change_severity"
	ActComment        Action = "comment"
	ActAttach         Action = "attach"
	ActWithdraw       Action = "withdraw"
	ActMarkDuplicate  Action = "mark_duplicate"
	// ActApplyHolidays puts a case under another state of the holidays that its calendars follow. It is not among Actions:
	// the desk takes it for many cases at once, and fills in the days.
	ActApplyHolidays Action = "apply_holidays"
)

// Role is what an account may do; one account can have several.
type Role string

// The roles of the plan's service organisation (chapter 2.1.4), and those that run the desk.
const (
	RoleReporter   Role = "reporter"   // 用户: the client's people
	RoleAgent      Role = "agent"      // 服务台
	RoleTechnician Role = "technician" // 技术人员
	RoleBusiness   Role = "business"   // 业务人员
	RoleSupervisor Role = "supervisor" // 主管领导
	RoleLiaison    Role = "liaison"    // 项目接口人
	RoleExpert     Role = "expert"     // 技术专家组
	RoleInspector  Role = "inspector"  // 巡检人员
	RoleAdmin      Role = "admin"      // 系统管理员
	RoleAuditor    Role = "auditor"    // 审计员: reads everything, changes nothing
)

// Roles returns every role.
func Roles() []Role {
	return []Role{RoleReporter, RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleInspector, RoleAdmin, RoleAuditor}
}

// Person is somebody with an account, as the directory knew them when they acted.
type Person struct {
	Username string `json:"username"`
	Name     string `json:"name"`
	Roles    []Role `json:"roles,omitempty"`
	// OnDuty says that the person is on duty now.
	OnDuty bool `json:"on_duty,omitempty"`
	// StandsIn are those who are absent and have named this person their substitute, now.
	StandsIn []Absent `json:"stands_in,omitempty"`
}

// Absent is an approver who has named a substitute for a time.
type Absent struct {
	Username string `json:"username"`
	Name     string `json:"name"`
	Roles    []Role `json:"roles,omitempty"`
}

// Has reports whether the person has one of the roles.
func (p Person) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// StandsInFor reports whether the person is the substitute of somebody who has the role.
func (p Person) StandsInFor(r Role) bool {
	return slices.ContainsFunc(p.StandsIn, func(a Absent) bool { return slices.Contains(a.Roles, r) })
}

// Severity is the plan's 故障级别: 1 critical (I级) to 4 minor (IV级).
type Severity int

// Category is what analysis finds a report to be about.
type Category string

// The categories (chapter 3.4): a technical or a business problem is worked on, a question of operation is explained
// and turned into a consultation.
const (
	Technical Category = "technical" // 技术问题
	Business  Category = "business"  // 业务问题
	Operation Category = "operation" // 操作问题
)

// Level is how far a case has been escalated.
type Level string

// The levels, in the order in which a case may climb them.
const (
	LevelDesk   Level = "desk"
	LevelOnsite Level = "onsite"
	LevelExpert Level = "expert"
)

// Channel is the way a report came in (chapter 2.1.1).
type Channel string

// The channels of the plan, and the two by which machines report.
const (
	ChannelWeb        Channel = "web"
	ChannelPhone      Channel = "phone"
	ChannelEmail      Channel = "email"
	ChannelFax        Channel = "fax"
	ChannelWritten    Channel = "written"
	ChannelOral       Channel = "oral"
	ChannelAPI        Channel = "api"
	ChannelInspection Channel = "inspection"
)

// Channels returns every channel.
func Channels() []Channel {
	return []Channel{ChannelWeb, ChannelPhone, ChannelEmail, ChannelFax, ChannelWritten, ChannelOral, ChannelAPI, ChannelInspection}
}

// Waiting is what a case waits for while others cannot go on.
type Waiting string

// What a case can wait for; both at once is possible.
const (
	WaitingReporter Waiting = "reporter"
	WaitingSpare    Waiting = "spare_part"
)

// Decision is a supervisor's answer to a proposal.
type Decision string

// The two decisions.
const (
	Approve Decision = "approve"
	Reject  Decision = "reject"
)

// FixKind says whether a fix stays or only bridges.
type FixKind string

// The kinds of a fix.
const (
	Final      FixKind = "final"
	Workaround FixKind = "workaround"
)

// CloseReason says why a case has ended.
type CloseReason string

// The reasons.
const (
	ClosedAccepted  CloseReason = "accepted"
	ClosedNoAnswer  CloseReason = "no_answer"
	ClosedConverted CloseReason = "converted"
	ClosedWithdrawn CloseReason = "withdrawn"
	ClosedDuplicate CloseReason = "duplicate"
)

// ClockName names a promise.
type ClockName string

// The promises of the plan: chapter 3.1 (response, plan, resolve) and chapter 2 (onsite, spare_part, report).
const (
	ClockResponse  ClockName = "response"
	ClockPlan      ClockName = "plan"
	ClockResolve   ClockName = "resolve"
	ClockOnsite    ClockName = "onsite"
	ClockSparePart ClockName = "spare_part"
	ClockReport    ClockName = "report"
)

// ClockNames returns every promise's name.
func ClockNames() []ClockName {
	return []ClockName{ClockResponse, ClockPlan, ClockResolve, ClockOnsite, ClockSparePart, ClockReport}
}
