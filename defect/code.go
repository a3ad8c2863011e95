package defect

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
)

// codeLength is the length of a sign-off code in symbols of five bits each.
const codeLength = 10

// SignOffCode returns the code by which an approver proves, in a sign-off signal, that they were shown it: bound to
// case, proposal and person. The key is the deployment's secret. A proposal is signed by a person once, so that the
// code is of no use afterwards.
func SignOffCode(key []byte, number string, proposal int, username string) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "sign-off\x00%s\x00%d\x00%s", number, proposal, username)
	sum := mac.Sum(nil)
	code := make([]byte, codeLength)
	for i := range code {
		code[i] = numberSymbols[sum[i]&31]
	}
	return string(code)
}
