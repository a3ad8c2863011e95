package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"yunwei/api"
	"yunwei/config"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notify"
	"yunwei/store"
)

type devCommand struct{ config.Dev }

// Run runs everything until the process is told to end, or a part fails. What can be known to be wrong is found before
// anything is started.
func (s devCommand) Run(ctx context.Context, c console) (err error) {
	syscall.Umask(0o077) // what we and the Temporal server write into the data folder is its owner's alone
	policy, err := loadPolicy(s.Policy)
	if err != nil {
		return err
	}
	if s.TemporalPort != 0 && s.TemporalPort == s.TemporalUIPort {
		return fmt.Errorf("--temporal-port and --temporal-ui-port are both %d: choose another for one of them", s.TemporalPort)
	}
	p := &parts{log: newLog(s.Log)}
	defer func() { err = errors.Join(err, p.close()) }()
	sending, err := p.openNotices(s.Notices)
	if err != nil {
		return err
	}
	folder, err := claim(s.Data)
	if err != nil {
		return err
	}
	p.onClose(folder.release)
	l, err := listen(ctx, "http", s.HTTP)
	if err != nil {
		return err
	}
	p.onClose(func() error { return ignoreClosed(l.Close()) })
	key, err := folder.secret("token-key", newKey)
	if err != nil {
		return err
	}
	shared := config.Shared{Database: or(s.Database, sqliteURL(folder.path("yunwei.db"))), TokenKey: key, SignalSign: s.SignalSign, Log: s.Log}
	temporal, err := s.startTemporal(ctx, p, folder)
	if err != nil {
		return err
	}
	if err := p.openShared(ctx, shared, temporal.address); err != nil {
		return err
	}
	if err := p.openFiles(ctx, or(s.Blob, fileURL(folder.path("attachments")))); err != nil {
		return err
	}
	return s.runAll(ctx, c, p, folder, policy, l, temporal, sending)
}

func (s devCommand) runAll(ctx context.Context, c console, p *parts, folder *dataFolder, policy defect.Policy, l net.Listener, temporal *temporalServer, sending notify.Options) error {
	if err := p.store.Migrate(ctx); err != nil {
		return err
	}
	if err := s.demoAccounts(ctx, p.store, folder); err != nil {
		return err
	}
	if err := demoAssets(ctx, p.store); err != nil {
		return err
	}
	if err := temporal.prepare(ctx, p); err != nil {
		return err
	}
	if sending.Writer.URL == "" {
		sending.Writer.URL = "http://" + l.Addr().String() // people are on this machine, too
	}
	sending = p.atSite(sending, policy, s.SignalSign)
	fatal := make(chan error, 1)
	stop, err := p.startWorker(ctx, work{signalSign: s.SignalSign, policy: policy, sending: sending}, fatal)
	if err != nil {
		return err
	}
	defer stop()
	d := p.newDesk(policy, s.SignalSign)
	handler, err := p.newHandler(d, policy, sending.Writer.URL, p.workflows(temporal.ui))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { d.Run(ctx); return nil })
	group.Go(func() error { p.dispatch(ctx, sending); return nil })
	group.Go(func() error { return serve(ctx, l, api.Server(handler)) })
	group.Go(func() error {
		select {
		case err := <-fatal:
			return err
		case <-temporal.ended():
			return temporal.failure()
		case <-ctx.Done():
			return nil
		}
	})
	group.Go(func() error {
		if err := answers(ctx, p, d); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "ready: http://%s temporal=%s ui=%s\n", l.Addr(), temporal.address, or(temporal.ui, "-"))
		return err
	})
	return group.Wait()
}

// answers waits until everything answers.
func answers(ctx context.Context, p *parts, d *desk.Desk) error {
	return patiently(ctx, p.log, "start", func(ctx context.Context) error {
		for _, dep := range d.Ready(ctx) {
			if !dep.OK {
				return fmt.Errorf("%s does not answer: %w", dep.Name, dep.Err)
			}
		}
		return nil
	})
}

// demoUsers are one account per role, and a second of those that another's eyes must follow.
var demoUsers = []defect.Person{
	{Username: "reporter", Name: "王芳", Roles: []defect.Role{defect.RoleReporter}},
	{Username: "agent", Name: "服务台", Roles: []defect.Role{defect.RoleAgent}},
	{Username: "technician", Name: "技术一", Roles: []defect.Role{defect.RoleTechnician}},
	{Username: "technician2", Name: "技术二", Roles: []defect.Role{defect.RoleTechnician}},
	{Username: "business", Name: "业务", Roles: []defect.Role{defect.RoleBusiness}},
	{Username: "supervisor", Name: "主管一", Roles: []defect.Role{defect.RoleSupervisor}},
	{Username: "supervisor2", Name: "主管二", Roles: []defect.Role{defect.RoleSupervisor}},
	{Username: "liaison", Name: "接口人", Roles: []defect.Role{defect.RoleLiaison}},
	{Username: "expert", Name: "专家", Roles: []defect.Role{defect.RoleExpert}},
	{Username: "inspector", Name: "巡检", Roles: []defect.Role{defect.RoleInspector}},
	{Username: "admin", Name: "管理员", Roles: []defect.Role{defect.RoleAdmin}},
	{Username: "auditor", Name: "审计", Roles: []defect.Role{defect.RoleAuditor}},
}

// demoAccounts makes the demo accounts that are missing, and gives those that have another the demo password.
func (s devCommand) demoAccounts(ctx context.Context, db *store.Store, folder *dataFolder) error {
	password, err := s.demoPassword(folder)
	if err != nil {
		return err
	}
	hash, err := desk.HashPassword(password)
	if err != nil {
		return fmt.Errorf("the demo password needs %d to %d characters", desk.MinPassword, desk.MaxPassword)
	}
	right := map[string]bool{} // by hash: accounts that were made together share one, and comparing takes its time
	for _, person := range demoUsers {
		user, err := db.User(ctx, person.Username)
		if errors.Is(err, store.ErrNotFound) {
			err = db.AddUser(ctx, store.User{Person: person, Hash: hash})
			user.Hash = hash
		}
		if err != nil {
			return fmt.Errorf("demo accounts: %w", err)
		}
		if _, known := right[user.Hash]; !known {
			right[user.Hash] = user.Hash == hash || desk.PasswordMatches(user.Hash, password)
		}
		if right[user.Hash] { // a change, even to the same, would end the account's sessions
			continue
		}
		if err := db.SetPassword(ctx, person.Username, hash); err != nil {
			return fmt.Errorf("demo accounts: %w", err)
		}
	}
	return nil
}

// demoFile holds the demo password that was made up.
const demoFile = "demo-password"

// demoPassword returns the password that is given, or the word of the data folder's file, which is there only while it
// is in force.
func (s devCommand) demoPassword(folder *dataFolder) (string, error) {
	if s.DemoPassword == "" {
		return folder.secret(demoFile, newWord)
	}
	if err := os.Remove(folder.path(demoFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("remove %s, which no longer holds the demo password: %w", demoFile, err)
	}
	return s.DemoPassword, nil
}

func newKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: the program would have ended
	return base64.StdEncoding.EncodeToString(b[:])
}

func newWord() string { return strings.ToLower(rand.Text()[:16]) }

func sqliteURL(path string) string { return pathURL("sqlite", path) }
func fileURL(path string) string   { return pathURL("file", path) }

// pathURL writes a path so that blanks and signs in the names of folders stay what they are.
func pathURL(scheme, path string) string {
	return (&url.URL{Scheme: scheme, Path: filepath.ToSlash(path)}).String()
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// dataFolder is the one folder that holds all data of `dev`, claimed by this process.
type dataFolder struct {
	root string
	lock *os.File
}

// claim makes the folder, and takes it for this process alone: two on one folder would be two Temporal servers on one
// history.
func claim(root string) (*dataFolder, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data folder: %w: choose another with --data", err)
	}
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write to the data folder: %w: choose another with --data", err)
	}
	if err := lockFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("another yunwei runs on the data folder %s: end it, or choose another folder with --data", root), lock.Close())
	}
	return &dataFolder{root: root, lock: lock}, nil
}

func (f *dataFolder) release() error          { return f.lock.Close() }
func (f *dataFolder) path(name string) string { return filepath.Join(f.root, name) }

// secret returns the word that a file of the folder holds, which only its owner may read; a new one the first time.
func (f *dataFolder) secret(name string, make func() string) (string, error) {
	b, err := os.ReadFile(f.path(name))
	if word := strings.TrimSpace(string(b)); err == nil && word != "" {
		return word, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	word := make()
	if err := os.WriteFile(f.path(name), []byte(word+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return word, nil
}
