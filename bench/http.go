package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"
)

// web keeps a connection per client, as their browsers would.
var web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients * 2}}

// apiPrefix is where the API is.
const apiPrefix = "/api/v1"

type fields = map[string]any

// call makes a request and reads its answer into out, unless that is nil. Any status but 2xx is an error.
func (s *site) call(ctx context.Context, method, path, token string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+apiPrefix+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// page asks for a page of the console as somebody who has signed in.
func (s *site) page(ctx context.Context, path, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		return err
	}
	req.AddCookie(&http.Cookie{Name: "yunwei_session", Value: token})
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || resp.Request.URL.Path != req.URL.Path) {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	return err
}

func (s *site) signIn(ctx context.Context, name string) (string, error) {
	var session struct{ Token string }
	err := s.call(ctx, http.MethodPost, "/sessions", "", fields{"username": name, "password": demoPassword}, &session)
	return session.Token, err
}

func (s *site) submit(ctx context.Context) (string, error) {
	var made struct{ Number string }
	err := s.call(ctx, http.MethodPost, "/defects", s.tokens["reporter"], fields{
		"title": "网络时断时续", "description": "上午起登录经常失败", "severity": 2, "system": "OA",
	}, &made)
	return made.Number, err
}

func (s *site) act(ctx context.Context, who, number, action string, in fields) error {
	return s.call(ctx, http.MethodPost, "/defects/"+number+"/actions/"+action, s.tokens[who], in, nil)
}

// spread runs n jobs, as many at once as there are clients.
func spread(ctx context.Context, n int, job func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(clients)
	for i := range n {
		group.Go(func() error { return job(ctx, i) })
	}
	return group.Wait()
}
