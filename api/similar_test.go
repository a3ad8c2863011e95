package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimilar_ByTitleAndSystem(t *testing.T) {
	s := newSite(t)
	w := s.ask(http.MethodGet, "/api/v1/defects/similar?"+url.Values{"title": {"登录失败"}, "system": {"OA"}}.Encode(), "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, []string{"similar 登录失败 OA"}, s.asked)
	var answer struct{ Items []struct{ Number string } }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Equal(t, "7K3M-Q9XT-WA5C", answer.Items[0].Number)
	for _, query := range []string{"", "title=", "title=" + strings.Repeat("x", 201), "title=a&title=b", "title=a&page=1"} {
		require.Equal(t, http.StatusUnprocessableEntity, s.ask(http.MethodGet, "/api/v1/defects/similar?"+query, "").Code, query)
	}
}
