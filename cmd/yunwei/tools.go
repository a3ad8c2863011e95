package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"yunwei/config"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/store"
)

// withStore runs do on an open database.
func withStore(ctx context.Context, s config.Store, do func(*store.Store) error) (err error) {
	db, err := store.Open(ctx, s.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Make or bring forward all tables."`
	Down   migrateDown   `cmd:"" help:"Take the latest step back. Data that only it had a place for is lost."`
	Status migrateStatus `cmd:"" help:"List the steps, and which are done."`
}

type migrateUp struct{ config.Store }

func (m migrateUp) Run(ctx context.Context) error {
	return withStore(ctx, m.Store, func(db *store.Store) error { return db.Migrate(ctx) })
}

type migrateDown struct{ config.Store }

func (m migrateDown) Run(ctx context.Context) error {
	return withStore(ctx, m.Store, func(db *store.Store) error {
		err := db.MigrateDown(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return errors.New("no step is done that could be taken back")
		}
		return err
	})
}

type migrateStatus struct{ config.Store }

func (m migrateStatus) Run(ctx context.Context, c console) error {
	return withStore(ctx, m.Store, func(db *store.Store) error {
		steps, err := db.MigrationStatus(ctx)
		if err != nil {
			return err
		}
		for _, s := range steps {
			done := "pending"
			if s.Applied {
				done = "done"
			}
			if _, err := fmt.Fprintf(c.out, "%-8s %05d %s\n", done, s.Version, s.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

type userCommand struct {
	Add     userAdd     `cmd:"" help:"Make an account. Its password is read from the terminal, or a line of standard input."`
	Passwd  userPasswd  `cmd:"" help:"Change a password. Sessions that were open end."`
	Disable userDisable `cmd:"" help:"Disable an account. Sessions that were open end."`
	Enable  userEnable  `cmd:"" help:"Enable a disabled account."`
	List    userList    `cmd:"" help:"List the accounts."`
}

type userAdd struct {
	config.Store
	Username string   `arg:"" help:"What the person signs in with: letters, digits, dot, dash, underscore."`
	Name     string   `help:"The person's name; the user name when none is given."`
	Role     []string `help:"What the person may do; several by commas." required:"" enum:"reporter,agent,technician,business,supervisor,liaison,expert,inspector,admin,auditor"`
}

func (u userAdd) Run(ctx context.Context, c console) error {
	hash, err := readPassword(c)
	if err != nil {
		return err
	}
	p := defect.Person{Username: u.Username, Name: u.Name}
	if p.Name == "" {
		p.Name = u.Username
	}
	for _, r := range u.Role {
		p.Roles = append(p.Roles, defect.Role(r))
	}
	return withStore(ctx, u.Store, func(db *store.Store) error {
		return named(u.Username, db.AddUser(ctx, store.User{Person: p, Hash: hash}))
	})
}

type userPasswd struct {
	config.Store
	Username string `arg:""`
}

func (u userPasswd) Run(ctx context.Context, c console) error {
	hash, err := readPassword(c)
	if err != nil {
		return err
	}
	return withStore(ctx, u.Store, func(db *store.Store) error {
		return named(u.Username, db.SetPassword(ctx, u.Username, hash))
	})
}

type userDisable struct {
	config.Store
	Username string `arg:""`
}

func (u userDisable) Run(ctx context.Context) error {
	return withStore(ctx, u.Store, func(db *store.Store) error {
		return named(u.Username, db.SetDisabled(ctx, u.Username, true))
	})
}

type userEnable struct {
	config.Store
	Username string `arg:""`
}

func (u userEnable) Run(ctx context.Context) error {
	return withStore(ctx, u.Store, func(db *store.Store) error {
		return named(u.Username, db.SetDisabled(ctx, u.Username, false))
	})
}

type userList struct{ config.Store }

func (u userList) Run(ctx context.Context, c console) error {
	return withStore(ctx, u.Store, func(db *store.Store) error {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "USERNAME\tNAME\tROLES\tSTATE")
		for after := ""; ; {
			page, err := db.Users(ctx, after, 500)
			if err != nil {
				return err
			}
			for _, p := range page {
				roles, state := make([]string, len(p.Roles)), "enabled"
				for i, r := range p.Roles {
					roles[i] = string(r)
				}
				if p.Disabled {
					state = "disabled"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Username, p.Name, strings.Join(roles, ","), state)
				after = p.Username
			}
			if len(page) < 500 {
				return w.Flush()
			}
		}
	})
}

// named says whom an account's error is about.
func named(username string, err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no account %q", username)
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("an account %q exists already", username)
	}
	return err
}

// readPassword reads a password, unseen from a terminal or as one line, and returns its hash.
func readPassword(c console) (string, error) {
	password, err := readSecret(c)
	if err != nil {
		return "", err
	}
	hash, err := desk.HashPassword(password)
	if err != nil {
		return "", fmt.Errorf("the password needs %d to %d characters", desk.MinPassword, desk.MaxPassword)
	}
	return hash, nil
}

func readSecret(c console) (string, error) {
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(os.Stderr, "Password: ")
		defer fmt.Fprintln(os.Stderr)
		b, err := term.ReadPassword(int(f.Fd()))
		return string(b), err
	}
	line, err := bufio.NewReader(io.LimitReader(c.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type policyCommand struct {
	Check policyCheck `cmd:"" help:"Read a policy file and name the line and the reason of every mistake."`
	Try   policyTry   `cmd:"" help:"Replay recorded cases under another policy, other holidays or other rosters: which promises would have been kept, which broken, and who on duty would have been called."`
}

type policyCheck struct {
	File string `arg:"" help:"The policy file." type:"path"`
}

func (p policyCheck) Run(c console) error {
	policy, err := loadPolicy(p.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: policy %s is good\n", p.File, policy.Name)
	return err
}

// maxPolicy bounds what is read of a policy file, in bytes.
const maxPolicy = 1 << 20

// loadPolicy reads a policy file; the default policy for no file.
func loadPolicy(file string) (defect.Policy, error) {
	if file == "" {
		return defect.DefaultPolicy(), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return defect.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return defect.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	policy, err := defect.ParsePolicy(text)
	if wrong, ok := errors.AsType[defect.PolicyErrors](err); ok {
		lines := make([]string, len(wrong))
		for i, w := range wrong {
			lines[i] = fmt.Sprintf("%s:%d: %s: %s", file, w.Line, w.Path, w.Message)
		}
		return defect.Policy{}, mistakesIn("the policy", lines)
	}
	return policy, err
}

type healthCommand struct{ config.Health }

func (h healthCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	host, port, err := net.SplitHostPort(h.HTTP)
	if err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", resp.Status)
	}
	return nil
}
