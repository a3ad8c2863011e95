package e2e

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAssets_OnTheRealBinary keeps the register: the plan's own list is there at first, sheets come whole or not at all, and all
// of it is there after the process was killed.
func TestAssets_OnTheRealBinary(t *testing.T) {
	s := fresh(t).start()
	liaison, auditor, reporter := s.as("liaison"), s.as("auditor"), s.as("reporter")

	first := auditor.do(http.MethodGet, "/api/v1/assets?page_size=5", nil)
	require.Equal(t, http.StatusOK, first.status, first)
	require.Equal(t, "13", first.text("total"), "the list of chapter 1.1")
	require.Len(t, first.get("items"), 5)
	rest := auditor.do(http.MethodGet, "/api/v1/assets?page_size=50&after="+first.text("next"), nil)
	require.Len(t, rest.get("items"), 8)
	require.Nil(t, rest.get("next"))
	found := auditor.do(http.MethodGet, "/api/v1/assets?q=光纤", nil)
	require.Equal(t, "1", found.text("total"))

	added := liaison.do(http.MethodPost, "/api/v1/assets", fields{"name": "核心数据库", "kind": "software", "quantity": 1, "state": "in_use", "system": "OA", "parent": "p-02", "accepted": "2026-01-15"})
	require.Equal(t, http.StatusCreated, added.status, added)
	number := added.text("number")
	path := "/api/v1/assets/" + number
	require.Equal(t, path, added.header.Get("Location"))
	require.Equal(t, http.StatusForbidden, auditor.do(http.MethodPost, "/api/v1/assets", fields{"name": "n", "kind": "software", "quantity": 1, "state": "in_use"}).status)
	require.Equal(t, http.StatusForbidden, reporter.do(http.MethodGet, path, nil).status)

	change := fields{"name": "核心数据库", "kind": "software", "quantity": 1, "state": "repair", "system": "OA", "parent": "P-02", "accepted": "2026-01-15", "revision": 1}
	require.Equal(t, http.StatusOK, liaison.do(http.MethodPut, path, change).status)
	stale := liaison.do(http.MethodPut, path, change)
	require.Equal(t, http.StatusConflict, stale.status, stale)
	require.Equal(t, "stale_version", stale.text("code"))
	circle := liaison.do(http.MethodPut, "/api/v1/assets/P-02", fields{"name": "云平台服务器", "kind": "hardware", "quantity": 5, "state": "in_use", "parent": number, "revision": 1})
	require.Equal(t, http.StatusUnprocessableEntity, circle.status, circle)

	sheet := "编号,名称,类别,数量\nP-11,核心交换机,hardware,2\nB-1,新设备,hardware,1\n"
	dry := liaison.send("/api/v1/assets/import?dry_run=true", "assets.csv", []byte(sheet), nil)
	require.Equal(t, http.StatusOK, dry.status, dry)
	require.Equal(t, []string{"1", "1", "0", "false"}, []string{dry.text("added"), dry.text("changed"), dry.text("refused"), dry.text("applied")}, dry)
	require.Equal(t, http.StatusNotFound, auditor.do(http.MethodGet, "/api/v1/assets/B-1", nil).status, "a dry run saves nothing")
	bad := liaison.send("/api/v1/assets/import", "assets.csv", []byte(sheet+"B-2,坏行,hardware,很多\n"), nil)
	require.Equal(t, "false", bad.text("applied"), bad)
	require.Contains(t, string(bad.raw), `"column":"D"`)
	require.Contains(t, string(bad.raw), "1000000 之间", "in words: %s", bad)
	require.Equal(t, http.StatusNotFound, auditor.do(http.MethodGet, "/api/v1/assets/B-1", nil).status, "one refused row keeps all others out")
	require.Equal(t, "true", liaison.send("/api/v1/assets/import", "assets.csv", []byte(sheet), nil).text("applied"))

	s.kill(syscall.SIGKILL)
	s.start()
	read := s.as("auditor").do(http.MethodGet, path, nil)
	require.Equal(t, "repair", read.text("asset", "state"), read)
	require.Equal(t, "in", read.text("warranty"))
	require.Len(t, read.get("parents"), 1)
	history := s.as("auditor").do(http.MethodGet, path+"/history", nil)
	require.Len(t, history.get("items"), 2)
	require.Equal(t, "15", s.as("auditor").do(http.MethodGet, "/api/v1/assets", nil).text("total"), "the list of the plan is not loaded anew")
}
