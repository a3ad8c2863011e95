package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"yunwei/calendar"
	"yunwei/defect"
)

// Policy is one with a working calendar, pauses, warnings and escalations.
func Policy() defect.Policy {
	hours := []calendar.Span{{From: 8*60 + 30, To: 12 * 60}, {From: 13*60 + 30, To: 18 * 60}}
	counted := func(d time.Duration) calendar.Limit { return calendar.Limit{Counted: d} }
	p := defect.Policy{
		Name: "test", Hash: "test", Offset: 8 * 3600,
		Calendars: map[string]calendar.Calendar{
			"7x24": {Name: "7x24", Offset: 8 * 3600, Always: true},
			"5x8":  {Name: "5x8", Offset: 8 * 3600, Week: [7][]calendar.Span{1: hours, 2: hours, 3: hours, 4: hours, 5: hours}},
		},
		Severities: map[defect.Severity]defect.Targets{},
		Onsite:     defect.Term{Limit: counted(2 * time.Hour)}, SparePart: defect.Term{Limit: counted(24 * time.Hour)},
		ServiceReport: defect.Term{Limit: counted(24 * time.Hour)}, AutoClose: defect.Term{Limit: calendar.Limit{Days: 5}, Calendar: "5x8"},
		Pause:  map[defect.Waiting][]defect.ClockName{defect.WaitingReporter: {defect.ClockPlan, defect.ClockResolve}},
		WarnAt: []int{50, 80},
		Escalation: []defect.Rule{
			{Clock: defect.ClockResponse, At: 100, Notify: []string{"liaison"}},
			{Clock: defect.ClockResolve, After: counted(time.Hour), Notify: []string{"supervisor", "expert"}},
		},
	}
	for s, hours := range map[defect.Severity]time.Duration{1: 12, 2: 24, 3: 48, 4: 120} {
		p.Severities[s] = defect.Targets{
			Name: map[string]string{"zh": "级", "en": "level"}, Calendar: "7x24", SignOffs: 1,
			Response: counted(30 * time.Minute), Plan: counted(2 * time.Hour), Resolve: counted(hours * time.Hour),
		}
	}
	return p
}

// People are those who act in the lives of cases.
func People() []defect.Person {
	person := func(name string, roles ...defect.Role) defect.Person {
		return defect.Person{Username: name, Name: "名" + name, Roles: roles}
	}
	return []defect.Person{
		person("reporter", defect.RoleReporter), person("agent", defect.RoleAgent), person("agent2", defect.RoleAgent),
		person("technician", defect.RoleTechnician), person("technician2", defect.RoleTechnician), person("business", defect.RoleBusiness),
		person("supervisor", defect.RoleSupervisor), person("supervisor2", defect.RoleSupervisor), person("liaison", defect.RoleLiaison),
		person("expert", defect.RoleExpert),
	}
}

// Number makes a case number.
func Number(r *rand.Rand) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(r.Uint32()) //nolint:gosec // any byte
	}
	return defect.NewNumber(b)
}

// Submission is a report by one of so many reporters, on one of so many systems.
func Submission(r *rand.Rand, reporters, systems int) defect.Submission {
	who := "reporter"
	if n := r.IntN(max(reporters, 1)); n > 0 {
		who = fmt.Sprint("reporter", n)
	}
	return defect.Submission{
		Title: Text(r, 4), Description: Text(r, 10+r.IntN(40)), Severity: defect.Severity(1 + r.IntN(4)),
		System: fmt.Sprintf("系统%d", r.IntN(max(systems, 1))), Channel: defect.ChannelWeb, Impact: Text(r, 3),
		AssetID: fmt.Sprintf("SRV-%04d", r.IntN(2000)), Reporter: defect.Reporter{Username: who, Name: "名" + who},
	}
}

var words = strings.Fields(`系统 登录 数据库 服务器 网络 打印机 接口 报表 页面 错误 失败 超时 连接 无法 打开 保存 提交 审批 流程 用户 密码 权限 导出 导入 文件
附件 邮件 短信 通知 缓慢 卡顿 崩溃 重启 磁盘 内存 空间 不足 备份 恢复 同步 延迟 丢失 重复 显示 异常 乱码 证书 过期 光模块 交换机 路由器 防火墙 机房 空调
电源 告警 监控 日志 升级 补丁 版本 兼容 浏览器 客户端 移动端 会议室 视频 音频 电话 传真 扫描 签名 统计 查询 检索 分页 排序 筛选 缓存 队列 线程 死锁 索引
OA ERP VPN DNS HTTP-502 timeout Oracle MySQL Windows Excel`)

var syllables = []rune("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严")

// Text writes so many words. Most are those of the trade, some nobody has used before.
func Text(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		if r.IntN(3) > 0 {
			b.WriteString(words[r.IntN(len(words))])
		} else {
			for range 2 + r.IntN(2) {
				b.WriteRune(syllables[r.IntN(len(syllables))])
			}
		}
		if r.IntN(8) == 0 {
			b.WriteString("，")
		}
	}
	return b.String()
}

// Life lets a case live through up to so many steps, with all that its clocks say meanwhile. It returns the case as it is
// then and all its events.
func Life(r *rand.Rand, s defect.Submission, at time.Time, steps int, keyed defect.Keyed) (defect.Case, []defect.Event) {
	c, first := defect.Open(Number(r), s, Policy(), defect.Person{Username: s.Reporter.Username, Roles: []defect.Role{defect.RoleReporter}}, at, keyed)
	events := []defect.Event{first}
	people := People()
	for i := range steps {
		at = at.Add(time.Duration(r.Int64N(int64([]time.Duration{10 * time.Minute, 3 * time.Hour, 40 * time.Hour}[r.IntN(3)]))))
		events = append(events, c.Expire(at)...)
		if c.Closed() {
			break
		}
		cmd, ok := step(r, &c, people)
		if !ok {
			continue
		}
		if r.IntN(3) == 0 {
			cmd.Key, cmd.Print = defect.Digest(c.Number, fmt.Sprint(i)), defect.Digest("print", fmt.Sprint(i))
		}
		if e, err := c.Do(cmd, at); err == nil {
			events = append(events, e)
		}
	}
	return c, events
}

// onward are the actions that bring a case on its way; the others come now and then.
var onward = []defect.Action{
	defect.ActAcknowledge, defect.ActClassify, defect.ActPropose, defect.ActSign, defect.ActComplete, defect.ActVerify, defect.ActReport, defect.ActReply, defect.ActAccept,
}

// ends are those that end a case early: rare, or hardly one would live to the end.
var ends = []defect.Action{defect.ActWithdraw, defect.ActMarkDuplicate}

func step(r *rand.Rand, c *defect.Case, people []defect.Person) (defect.Command, bool) {
	type choice struct {
		by     defect.Person
		action defect.Action
	}
	var choices []choice
	for _, p := range people {
		if p.Has(defect.RoleReporter) {
			p.Username = c.Submission.Reporter.Username
		}
		for _, a := range c.AllowedActions(p) {
			weight := 1
			switch {
			case slices.Contains(onward, a):
				weight = 12
			case slices.Contains(ends, a) && r.IntN(10) > 0, a == defect.ActAttach:
				weight = 0
			}
			for range weight {
				choices = append(choices, choice{p, a})
			}
		}
	}
	if len(choices) == 0 {
		return defect.Command{}, false
	}
	chosen := choices[r.IntN(len(choices))]
	return defect.Command{Action: chosen.action, By: chosen.by, Input: input(r, c, chosen.action)}, true
}

// input fills in what an action needs.
func input(r *rand.Rand, c *defect.Case, a defect.Action) defect.Input {
	yes := r.IntN(8) > 0
	switch a {
	case defect.ActAcknowledge, defect.ActAssign:
		return defect.Input{Assignee: []string{"technician", "technician2", "business", "agent"}[r.IntN(4)]}
	case defect.ActClassify:
		if r.IntN(12) == 0 {
			return defect.Input{Category: defect.Operation, Explanation: Text(r, 5)}
		}
		return defect.Input{Category: []defect.Category{defect.Technical, defect.Technical, defect.Business}[r.IntN(3)], Severity: defect.Severity(r.IntN(5))}
	case defect.ActPropose:
		return defect.Input{Cause: Text(r, 8), Plan: Text(r, 15), Risk: Text(r, 3)}
	case defect.ActSign:
		if yes {
			return defect.Input{Proposal: c.Proposal.N, Decision: defect.Approve}
		}
		return defect.Input{Proposal: c.Proposal.N, Decision: defect.Reject, Comment: Text(r, 4)}
	case defect.ActComplete:
		return defect.Input{Summary: Text(r, 6), VersionBefore: "1.0", VersionAfter: "1.1"}
	case defect.ActVerify:
		return defect.Input{Passed: &yes, Method: Text(r, 3)}
	case defect.ActReport:
		return defect.Input{Summary: Text(r, 6), WorkHours: float64(r.IntN(40)) / 4}
	case defect.ActAccept:
		return defect.Input{Satisfaction: r.IntN(6)}
	case defect.ActEscalate:
		return defect.Input{Level: []defect.Level{defect.LevelOnsite, defect.LevelExpert}[r.IntN(2)], Reason: Text(r, 3)}
	case defect.ActRequestSpare:
		return defect.Input{Part: "光模块", Quantity: 1 + r.IntN(3)}
	case defect.ActChangeSeverity:
		return defect.Input{Severity: defect.Severity(1 + r.IntN(4)), Reason: Text(r, 3)}
	case defect.ActReply, defect.ActRequestInfo, defect.ActProvideInfo, defect.ActComment:
		return defect.Input{Message: Text(r, 6)}
	case defect.ActWithdraw, defect.ActReopen:
		return defect.Input{Reason: Text(r, 3)}
	case defect.ActMarkDuplicate:
		return defect.Input{Reason: Text(r, 3), Of: Number(r)}
	case defect.ActArrive, defect.ActReceiveSpare, defect.ActAttach:
	}
	return defect.Input{}
}
