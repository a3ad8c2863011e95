package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"yunwei/defect"
	"yunwei/store"
)

const (
	smallList = 2_000
	requests  = 400
	listBound = 50 * time.Millisecond
)

// lists measures the first page, a search, the watch board and the pages of the console at few and at many cases, on the
// first server that YUNWEI_TEST_MYSQL names.
func lists(ctx context.Context, rows int) ([]row, error) {
	servers := strings.FieldsFunc(os.Getenv("YUNWEI_TEST_MYSQL"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(servers) == 0 {
		return []row{{what: "lists at 200,000 cases", ours: "not measured: YUNWEI_TEST_MYSQL names no server", theirs: "-", wanted: "p99 < 50 ms"}}, nil
	}
	var out []row
	few, err := measureLists(ctx, servers[0], smallList)
	if err != nil {
		return nil, err
	}
	many, err := measureLists(ctx, servers[0], rows)
	if err != nil {
		return nil, err
	}
	for i, q := range listQueries {
		ratio, path := float64(many[i])/float64(few[i]), q.path
		if !q.page {
			path = apiPrefix + path
		}
		one := row{
			what: fmt.Sprintf("GET %s, p%d at %d (other side: at %d)", path, q.rank, rows, smallList),
			ours: many[i].Round(100 * time.Microsecond).String(), theirs: few[i].Round(100 * time.Microsecond).String(),
			ratio: ratio, wanted: "< 50 ms", ok: many[i] < listBound,
		}
		if q.steady {
			one.wanted, one.ok = "< 50 ms and < 2.0", one.ok && ratio < 2
		}
		out = append(out, one)
	}
	return out, nil
}

// anyCase stands in a path for the number of a case.
const anyCase = "NUMBER"

// listQueries are what is asked for: of the API or, where it is a page, of the console. rank is the percentile that is wanted
// to be within the bound; what is steady takes as long with many cases as with few.
var listQueries = []struct {
	path   string
	page   bool
	rank   int
	steady bool
}{
	{path: "/defects", rank: 99, steady: true},
	{path: "/defects?q=" + url.QueryEscape("光模块"), rank: 99, steady: true},
	{path: "/defects?q=" + url.QueryEscape("登录"), rank: 99, steady: true},
	{path: "/defects?stage=submitted&severity=1&sort=next_due", rank: 99, steady: true},
	{path: "/board", rank: 95},
	{path: "/board", page: true, rank: 95},
	{path: "/", page: true, rank: 95},
	{path: "/defects?stage=open", page: true, rank: 95},
	{path: "/defects/" + anyCase, page: true, rank: 95},
}

// measureLists fills a new database and returns the percentile of each query over HTTP.
func measureLists(ctx context.Context, server string, rows int) (took []time.Duration, err error) {
	database, drop, err := newDatabase(ctx, server)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	s, err := startSite(ctx, "--database", database)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := fill(ctx, database, rows); err != nil {
		return nil, err
	}
	var list struct{ Items []struct{ Number string } }
	if err := s.call(ctx, http.MethodGet, "/defects?page_size=1", s.tokens["agent"], nil, &list); err != nil {
		return nil, err
	}
	for _, q := range listQueries {
		path := strings.Replace(q.path, anyCase, list.Items[0].Number, 1)
		ask := func() error { return s.call(ctx, http.MethodGet, path, s.tokens["agent"], nil, nil) }
		if q.page {
			ask = func() error { return s.page(ctx, path, s.tokens["agent"]) }
		}
		one, err := percentile(ask, q.rank)
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}

// percentile returns how long a request takes at most in so many of a hundred.
func percentile(ask func() error, rank int) (time.Duration, error) {
	took := make([]time.Duration, 0, requests)
	for i := range requests + requests/10 { // the first few warm up
		began := time.Now()
		if err := ask(); err != nil {
			return 0, err
		}
		if i >= requests/10 {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	return took[len(took)*rank/100], nil
}

func newDatabase(ctx context.Context, server string) (string, func() error, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errors.New("YUNWEI_TEST_MYSQL: not a list of URLs")
	}
	secret, _ := u.User.Password()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = u.User.Username(), secret, "tcp", u.Host
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return "", nil, err
	}
	db := sql.OpenDB(connector)
	name := fmt.Sprintf("yunwei_bench_%d", time.Now().UnixNano())
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, db.Close())
	}
	u.Path = "/" + name
	return u.String(), func() error {
		_, err := db.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name)
		return errors.Join(err, db.Close())
	}, nil
}

var (
	nouns = []string{"网络", "光模块", "数据库", "打印机", "会议系统", "门户网站", "短信网关", "备份任务", "身份认证", "统计报表"}
	verbs = []string{"时断时续", "登录失败", "响应缓慢", "无法启动", "数据不一致", "登录页面报错", "证书过期", "磁盘已满"}
)

// fill projects so many cases, as a year of work would leave them: one after the other, a few at a time.
func fill(ctx context.Context, database string, rows int) error {
	db, err := store.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	policy := defect.DefaultPolicy()
	const year = 365 * 24 * time.Hour
	oldest := time.Now().Add(-year)
	return spread(ctx, rows, func(ctx context.Context, i int) error {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		at := oldest.Add(time.Duration(i) * (year / time.Duration(rows)))
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], r.Uint64())
		c, e := defect.Open(defect.NewNumber(number), defect.Submission{
			Title:       nouns[r.IntN(len(nouns))] + verbs[r.IntN(len(verbs))],
			Description: strings.Repeat(nouns[r.IntN(len(nouns))]+"的"+verbs[r.IntN(len(verbs))]+"。", 1+r.IntN(5)),
			Severity:    defect.Severity(1 + r.IntN(4)), System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"},
		}, policy, defect.Person{Username: "reporter", Roles: []defect.Role{defect.RoleReporter}}, at, defect.Keyed{})
		events := []defect.Event{e}
		if r.IntN(10) > 0 { // nine of ten have ended
			rest, err := end(&c, at, time.Duration(10+r.IntN(30))*time.Minute)
			if err != nil {
				return err
			}
			events = append(events, rest...)
		}
		_, err := db.Project(ctx, c.Number, &c, events)
		return err
	})
}

// end takes a case to its end: it is acknowledged after a while, late when that takes more than half an hour, and withdrawn.
func end(c *defect.Case, at time.Time, after time.Duration) ([]defect.Event, error) {
	agent := defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}
	events := c.Expire(at.Add(after))
	for _, step := range []defect.Command{
		{Action: defect.ActAcknowledge, By: agent},
		{Action: defect.ActWithdraw, By: agent, Input: defect.Input{Reason: "fill"}},
	} {
		e, err := c.Do(step, at.Add(after))
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
