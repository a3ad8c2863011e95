package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// report files a report by its title, of a system.
func (v *town) report(username, title, system string) View {
	v.t.Helper()
	v.clock = v.clock.Add(time.Minute)
	s := submission()
	s.Title, s.System, s.Module, s.AssetID, s.Reporter.Unit = title, system, system+" 模块", system+"-1", "城管局"
	got, _, err := v.Submit(v.t.Context(), v.as(username), s, "")
	require.NoError(v.t, err)
	return got
}

func TestSimilar_WhatOneMaySee(t *testing.T) {
	v := newTown(t)
	mine := v.report("reporter", "登录失败,提示证书错误", "OA")
	v.report("reporter2", "登录失败,提示密码过期", "门户")
	for username, want := range map[string]int{"reporter": 1, "reporter2": 1, "agent": 2, "auditor": 2} {
		got, err := v.Similar(t.Context(), v.as(username), "登录失败", "")
		require.NoError(t, err)
		require.Len(t, got, want, username)
	}
	got, err := v.Similar(t.Context(), v.as("agent"), "登录失败", "OA")
	require.NoError(t, err)
	require.Equal(t, mine.Number, got[0].Number, "of the same system first")
	require.Contains(t, got[0].Allowed, defect.ActAcknowledge)
	for range 6 {
		v.report("reporter", "登录失败", "OA")
	}
	got, err = v.Similar(t.Context(), v.as("agent"), "登录失败", "")
	require.NoError(t, err)
	require.Len(t, got, maxSimilar)
	got, err = v.Similar(t.Context(), v.as("agent"), "", "OA")
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, v.store.Close())
	_, err = v.Similar(t.Context(), v.as("agent"), "登录失败", "")
	requireCode(t, apperr.Unavailable, err)
	_, err = v.Suggestions(t.Context(), v.as("agent"), "")
	requireCode(t, apperr.Unavailable, err)
}

func TestSuggestions_OfReportsThatOneMaySee(t *testing.T) {
	v := newTown(t)
	v.report("reporter", "一", "OA")
	v.report("reporter", "二", "门户")
	v.report("reporter", "三", "OA")
	v.report("reporter2", "四", "短信")
	for _, c := range []struct {
		username, system string
		want             Suggestions
	}{
		{"reporter", "", Suggestions{Systems: []string{"OA", "门户"}, Modules: []string{"OA 模块", "门户 模块"}, Assets: []string{"OA-1", "门户-1"}}},
		{"reporter", "门户", Suggestions{Systems: []string{"门户"}, Modules: []string{"门户 模块"}, Assets: []string{"门户-1"}}},
		{"reporter", "短信", Suggestions{}},
		{"agent", "短信", Suggestions{Systems: []string{"短信"}, Modules: []string{"短信 模块"}, Assets: []string{"短信-1"}, Units: []string{"城管局"}}},
		{"agent", "", Suggestions{Systems: []string{"OA", "短信", "门户"}, Modules: []string{"OA 模块", "短信 模块", "门户 模块"}, Assets: []string{"OA-1", "短信-1", "门户-1"}, Units: []string{"城管局"}}},
	} {
		got, err := v.Suggestions(t.Context(), v.as(c.username), c.system)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%s of %q", c.username, c.system)
	}
}

func TestAttachOnce_PutsAFileOnOnce(t *testing.T) {
	v := newTown(t)
	c := v.submit()
	by := v.as("reporter")
	put := func(name, text string) defect.Attachment {
		t.Helper()
		a, err := v.AttachOnce(t.Context(), by, c.Number, name, strings.NewReader(text))
		require.NoError(t, err)
		return a
	}
	first := put("图.png", "x")
	require.Equal(t, first.ID, put("图.png", "x").ID, "sent again")
	require.NotEqual(t, first.ID, put("图.png", "y").ID, "another picture of this name")
	require.NotEqual(t, first.ID, put("图2.png", "x").ID)
	by = v.as("agent")
	require.NotEqual(t, first.ID, put("图.png", "x").ID, "somebody else's")
	list, _, err := v.Attachments(t.Context(), by, c.Number, "", 10)
	require.NoError(t, err)
	require.Len(t, list, 4)
	_, err = v.AttachOnce(t.Context(), by, c.Number, "a", &zeros{})
	requireCode(t, apperr.TooLarge, err)
	_, err = v.AttachOnce(t.Context(), v.as("reporter2"), c.Number, "a", strings.NewReader("x"))
	requireCode(t, apperr.NotFound, err)
	require.NoError(t, v.store.Close())
	require.Equal(t, "晚.png", put("晚.png", "z").Name, "while nobody can tell")
}
