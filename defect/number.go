package defect

import "strings"

// A case number is what is read out on the phone: twelve symbols in groups of four, 7K3M-Q9XT-WA5C. The symbols are
// Crockford's base 32 (no I, L, O, U), 55 random bits and a check symbol, so that a number is unique without a counter
// anywhere, and one wrong symbol or two swapped ones never name another case.
const (
	numberSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	numberData    = 11 // symbols before the check symbol
	numberGroup   = 4
)

// values is the inverse of numberSymbols.
var values = func() map[rune]byte {
	out := make(map[rune]byte, len(numberSymbols))
	value := byte(0)
	for _, r := range numberSymbols {
		out[r] = value
		value++
	}
	return out
}()

// NewNumber makes a case number from at least seven bytes of randomness, or of a digest.
func NewNumber(random [8]byte) string {
	var bits uint64
	for _, b := range random {
		bits = bits<<8 | uint64(b)
	}
	var symbols [numberData]byte
	for i := range symbols {
		symbols[i] = byte(bits & 31)
		bits >>= 5
	}
	return format(symbols)
}

// ParseNumber reads a case number as people write it: any case, with or without dashes and blanks, O for 0, I and L
// for 1. It returns the number as it is kept, and false when it is none or the check symbol does not fit.
func ParseNumber(s string) (string, bool) {
	var symbols [numberData + 1]byte
	n := 0
	for _, r := range strings.ToUpper(s) {
		switch r {
		case '-', ' ':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		value, ok := values[r]
		if !ok || n == len(symbols) {
			return "", false
		}
		symbols[n] = value
		n++
	}
	data := [numberData]byte(symbols[:numberData])
	if n < len(symbols) || check(data) != symbols[numberData] {
		return "", false
	}
	return format(data), true
}

func format(data [numberData]byte) string {
	var b strings.Builder
	for i, s := range append(data[:], check(data)) {
		if i > 0 && i%numberGroup == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(numberSymbols[s])
	}
	return b.String()
}

// check weighs each symbol with a different power of a generator of the field of 32 elements and adds them up, so that
// every single wrong symbol and every swap of two changes it.
func check(data [numberData]byte) byte {
	sum, weight := byte(0), byte(1)
	for _, s := range data {
		weight = times2(weight)
		sum ^= times(s, weight)
	}
	return sum
}

// times multiplies in GF(32), modulo x^5 + x^2 + 1.
func times(a, b byte) byte {
	var product byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			product ^= a
		}
		a = times2(a)
	}
	return product
}

func times2(a byte) byte {
	a <<= 1
	if a&32 != 0 {
		a ^= 0b100101
	}
	return a
}
