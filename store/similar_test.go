package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

// reported stores cases by their titles, a minute apart, of a system each, and returns their numbers by title.
func reported(t *testing.T, s *store.Store, username string, titles ...[2]string) map[string]string {
	t.Helper()
	r := seeded(uint64(len(username))) // so that two people do not get the same numbers
	out := map[string]string{}
	for i, named := range titles {
		report := defect.Submission{
			Title: named[0], Description: "系统无法登录", Severity: 3, System: named[1], Module: "模块" + named[1], AssetID: "A-" + named[1],
			Reporter: defect.Reporter{Username: username, Name: "n", Unit: "城管局"},
		}
		c, events := storetest.Life(r, report, monday.Add(time.Duration(i)*time.Minute), 0, defect.Keyed{})
		_, err := s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
		out[named[0]] = c.Number
	}
	return out
}

func titlesOf(list []defect.Case) []string {
	out := []string{}
	for _, c := range list {
		out = append(out, c.Submission.Title)
	}
	return out
}

func TestSimilar_BestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		reported(t, s, "reporter",
			[2]string{"打印机无法打印", "打印"}, [2]string{"门户网站登录失败,提示证书错误", "门户"}, [2]string{"登录失败,提示证书错误", "OA"},
			[2]string{"Printer on the third floor does not print", "printing"}, [2]string{"Scanner is slow", "printing"}, [2]string{"短信平台发送延迟", "短信"})
		for _, absorbed := range []bool{false, true} {
			if absorbed {
				require.NoError(t, s.Absorb(t.Context()))
			}
			for _, c := range []struct {
				title, system string
				want          []string
			}{
				{"登录失败", "", []string{"登录失败,提示证书错误", "门户网站登录失败,提示证书错误"}},
				{"登录失败", "门户", []string{"门户网站登录失败,提示证书错误", "登录失败,提示证书错误"}},
				{"短信平台收不到验证码", "短信", []string{"短信平台发送延迟"}},
				{"短信验证码", "短信", []string{}}, // too little for all the same system
				{"打印机", "", []string{"打印机无法打印"}},
				{"PRINTER does not pri", "", []string{"Printer on the third floor does not print"}},
				{"系统无法登录", "", []string{}}, // the words of descriptions are not looked at
				{"机", "", []string{}},
				{"", "OA", []string{}},
				{"  ,。", "", []string{}},
			} {
				got, err := s.Similar(t.Context(), c.title, c.system, "", 5)
				require.NoError(t, err)
				require.Equal(t, c.want, titlesOf(got), "%q of %q, absorbed %v", c.title, c.system, absorbed)
			}
			got, err := s.Similar(t.Context(), "登录失败", "", "", 1)
			require.NoError(t, err)
			require.Len(t, got, 1)
		}
	})
}

func TestSimilar_OpenAndOnesOwnOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		ours := reported(t, s, "reporter", [2]string{"视频会议没有声音", "会议"}, [2]string{"视频会议没有画面", "会议"})
		reported(t, s, "another", [2]string{"视频会议卡顿", "会议"})
		got, err := s.Similar(t.Context(), "视频会议", "", "", 5)
		require.NoError(t, err)
		require.Len(t, got, 3)
		got, err = s.Similar(t.Context(), "视频会议", "会议", "Reporter", 5)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"视频会议没有声音", "视频会议没有画面"}, titlesOf(got))

		gone := ours["视频会议没有声音"]
		c, err := s.Defect(t.Context(), gone)
		require.NoError(t, err)
		e, err := c.Do(defect.Command{Action: defect.ActWithdraw, By: defect.Person{Username: "reporter", Name: "n", Roles: []defect.Role{defect.RoleReporter}}, Input: defect.Input{Reason: "r"}}, monday.Add(time.Hour))
		require.NoError(t, err)
		_, err = s.Project(t.Context(), gone, nil, []defect.Event{e})
		require.NoError(t, err)
		for _, own := range []string{"", "reporter"} {
			got, err = s.Similar(t.Context(), "视频会议没有声音", "会议", own, 5)
			require.NoError(t, err)
			require.NotContains(t, titlesOf(got), "视频会议没有声音", "one that has ended")
			require.NotEmpty(t, got)
		}
	})
}

// A long title, among many of the same words, is found by what is particular to it.
func TestSimilar_AmongMany(t *testing.T) {
	s := storetest.SQLite(t).Open(t)
	var many [][2]string
	for i := range 300 {
		many = append(many, [2]string{fmt.Sprintf("业务系统运行缓慢,页面打开时间超过 %d 秒", i+10), "业务"})
	}
	reported(t, s, "reporter", append(many, [2]string{"综合执法平台的案件附件上传以后预览是空白页,换浏览器也一样,请尽快处理", "执法"})...)
	require.NoError(t, s.Absorb(t.Context()))
	got, err := s.Similar(t.Context(), "执法平台案件附件预览空白", "", "", 5)
	require.NoError(t, err)
	require.Equal(t, []string{"综合执法平台的案件附件上传以后预览是空白页,换浏览器也一样,请尽快处理"}, titlesOf(got))
	got, err = s.Similar(t.Context(), "业务系统运行缓慢", "", "", 5)
	require.NoError(t, err)
	require.Len(t, got, 5)
}

func TestUsed_ByTheLatestReports(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		reported(t, s, "reporter", [2]string{"一号", "OA"}, [2]string{"二号", "门户"})
		reported(t, s, "another", [2]string{"三号", "OA"})
		for _, c := range []struct {
			system, own string
			limit       int
			want        []string
		}{
			{"", "", 10, []string{"门户", "OA", "OA"}}, {"", "", 1, []string{"门户"}}, {"OA", "", 10, []string{"OA", "OA"}},
			{"", "Reporter", 10, []string{"门户", "OA"}}, {"OA", "reporter", 10, []string{"OA"}}, {"none", "", 10, nil}, {"", "nobody", 10, nil},
		} {
			got, err := s.Used(t.Context(), c.system, c.own, c.limit)
			require.NoError(t, err)
			var systems []string
			for _, u := range got {
				systems = append(systems, u.System)
				require.Equal(t, []string{"模块" + u.System, "A-" + u.System, "城管局"}, []string{u.Module, u.AssetID, u.Unit})
			}
			require.Equal(t, c.want, systems, c)
		}
	})
}

// What somebody pastes into the field of a title is looked at as far as a title goes.
func TestSimilar_ToATextWithoutEnd(t *testing.T) {
	s := storetest.SQLite(t).Open(t)
	reported(t, s, "reporter", [2]string{"printer upstairs does not print", "printing"}, [2]string{"printer downstairs does not print", "printing"})
	title := "printer does not print" + strings.Repeat(" ", defect.MaxTitle)
	got, err := s.Similar(t.Context(), title, "", "", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"printer upstairs does not print"}, titlesOf(got))
	got, err = s.Similar(t.Context(), title+"downstairs", "", "", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"printer upstairs does not print"}, titlesOf(got))
}
