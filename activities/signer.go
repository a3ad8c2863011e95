package activities

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store"
)

// SignalSign says what a sign-off signal needs to be honoured: whoever can write to the namespace could name any approver.
type SignalSign string

// The settings of YUNWEI_SIGNAL_SIGN.
const (
	SignCode SignalSign = "code" // a code that only the approver was shown
	SignOpen SignalSign = "open" // nothing: for demonstrations
	SignOff  SignalSign = "off"  // signals are refused
)

// People is the directory: an account with those for whom it stands in at a time, store.ErrNotFound for nobody.
type People interface {
	Standing(ctx context.Context, username string, at time.Time) (store.User, error)
}

// Signers looks up who a sign-off signal speaks for. Who may sign is never taken from the message.
type Signers struct {
	People People
	Mode   SignalSign
	Key    []byte // of the codes, see defect.SignOffCode
}

// Signer returns the person whom a signal speaks for, or why it is refused. An error means that nobody can say now.
func (s *Signers) Signer(ctx context.Context, ask contract.SignerRequest) (contract.Signer, error) {
	if s.Mode == SignOff {
		return refused(apperr.ReasonSignalOff)
	}
	user, err := s.People.Standing(ctx, ask.Approver, time.Now())
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && user.Disabled:
		return refused(apperr.ReasonSignalApprover)
	case err != nil:
		return contract.Signer{}, fmt.Errorf("look the approver up: %w", err)
	}
	code := defect.SignOffCode(s.Key, ask.Number, ask.Proposal, user.Username)
	if s.Mode == SignCode && subtle.ConstantTimeCompare([]byte(code), []byte(ask.Code)) != 1 {
		return refused(apperr.ReasonSignalCode)
	}
	return contract.Signer{Person: user.Person}, nil
}

func refused(why apperr.Reason) (contract.Signer, error) {
	return contract.Signer{Refused: apperr.New(apperr.Forbidden, why, nil)}, nil
}
