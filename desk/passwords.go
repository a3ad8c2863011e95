package desk

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"yunwei/apperr"
)

// Parameters of argon2id, as the OWASP cheat sheet advises where memory is dear. A stored hash carries its own.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonLength  = 32

	// maxHashing bounds the memory that sign-ins take at once.
	maxHashing = 4
)

// Limits of passwords, in characters. NIST SP 800-63B asks for eight at least and refuses other rules.
const (
	MinPassword = 8
	MaxPassword = 200
)

// HashPassword returns the argon2id hash of a password in the PHC string format. It is Invalid, field password, for one
// that is too short or too long.
func HashPassword(password string) (string, error) {
	var wrong apperr.Fields
	checkLength("password", password, &wrong)
	if err := wrong.Err(); err != nil {
		return "", err
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails: the program would have ended
	sum := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonLength)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(sum)), nil
}

// checkLength adds to wrong what is amiss with a new password, whose field has a name.
func checkLength(field, password string, wrong *apperr.Fields) {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		wrong.Add(field, apperr.FieldTooShort, apperr.Args{"limit": fmt.Sprint(MinPassword)})
	case n > MaxPassword:
		wrong.Add(field, apperr.FieldTooLong, apperr.Args{"limit": fmt.Sprint(MaxPassword)})
	}
}

// hashPassword is HashPassword, taking its turn. The password's field has a name.
func (d *Desk) hashPassword(ctx context.Context, field, password string) (string, error) {
	var wrong apperr.Fields
	checkLength(field, password, &wrong)
	if err := wrong.Err(); err != nil {
		return "", err
	}
	leave, err := d.turn(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return HashPassword(password)
}

// turn waits until there is memory for one more password; leave gives it back.
func (d *Desk) turn(ctx context.Context) (leave func(), err error) {
	select {
	case d.hashing <- struct{}{}:
		return func() { <-d.hashing }, nil
	case <-ctx.Done():
		return nil, apperr.Wrap(ctx.Err(), apperr.Unavailable, apperr.ReasonBusy)
	}
}

// newPassword makes one up that can be read out: 80 bits in four groups.
func newPassword() string {
	text := strings.ToLower(rand.Text())
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16]}, "-")
}

// checkPassword compares a password with a hash, taking its turn. Nobody's hash is empty: the work is done all the same.
func (d *Desk) checkPassword(ctx context.Context, hash, password string) (bool, error) {
	leave, err := d.turn(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if utf8.RuneCountInString(password) > MaxPassword {
		return false, nil
	}
	return PasswordMatches(hash, password), nil
}

// PasswordMatches reports whether a hash is that of a password. It takes as long as making one.
func PasswordMatches(hash, password string) bool {
	var version int
	var memory, passes uint32
	var threads uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		argon2.IDKey([]byte(password), make([]byte, argonSalt), argonTime, argonMemory, argonThreads, argonLength)
		return false
	}
	if n, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &threads); err != nil || n != 4 || version != argon2.Version {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || wantErr != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want))) //nolint:gosec // a hash is a few bytes long
	return subtle.ConstantTimeCompare(got, want) == 1
}
