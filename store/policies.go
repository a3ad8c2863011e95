package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"yunwei/defect"
)

// policies remembers the policies that cases carry. A deployment has few: a case's holidays reach 400 days ahead, so
// that a year brings some dozens.
type policies struct {
	mu   sync.RWMutex
	byID map[string]defect.Policy
}

func (p *policies) get(digest string) (defect.Policy, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	policy, ok := p.byID[digest]
	return policy, ok
}

func (p *policies) put(digest string, policy defect.Policy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = map[string]defect.Policy{}
	}
	p.byID[digest] = policy
}

// keepPolicy stores a policy, once, and returns its digest.
func (s *Store) keepPolicy(ctx context.Context, policy defect.Policy) (string, error) {
	doc, err := json.Marshal(policy)
	if err != nil {
		return "", fmt.Errorf("write the policy: %w", err)
	}
	digest := defect.Digest(string(doc))
	if _, ok := s.policies.get(digest); ok {
		return digest, nil
	}
	if _, err := s.write.ExecContext(ctx, s.engine.statements.keepPolicy, digest, string(doc)); err != nil {
		return "", fmt.Errorf("keep the policy: %w", err)
	}
	s.policies.put(digest, policy)
	return digest, nil
}

// policy returns the policy with a digest; ErrDamaged when there is none or it cannot be read.
func (s *Store) policy(ctx context.Context, digest string) (defect.Policy, error) {
	if policy, ok := s.policies.get(digest); ok {
		return policy, nil
	}
	var doc string
	var policy defect.Policy
	err := s.read.GetContext(ctx, &doc, "SELECT doc FROM policies WHERE digest = ?", digest)
	if errors.Is(err, sql.ErrNoRows) {
		return policy, fmt.Errorf("there is no policy %s: %w", digest, ErrDamaged)
	}
	if err != nil {
		return policy, fmt.Errorf("read the policy %s: %w", digest, err)
	}
	if err := json.Unmarshal([]byte(doc), &policy); err != nil {
		return policy, fmt.Errorf("read the policy %s: %w: %w", digest, ErrDamaged, err)
	}
	s.policies.put(digest, policy)
	return policy, nil
}
