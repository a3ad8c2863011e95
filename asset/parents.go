package asset

import "yunwei/apperr"

// MaxDepth is how many levels of parts a tree of assets may have above one asset.
const MaxDepth = 16

// MaxChildren is how many parts a View shows.
const MaxChildren = 50

// CheckParent says what is amiss with the parent of an asset; nothing when it may stand. parents holds, by Key, the parent's
// key of every asset from there upward, empty for what stands by itself, as it is to be.
func CheckParent(a Asset, parents map[string]string) (apperr.Reason, apperr.Args) {
	self, above := Key(a.Number), Key(a.Parent)
	if above == "" {
		return "", nil
	}
	if above == self {
		return apperr.FieldAssetItself, nil
	}
	for depth := 1; above != ""; depth++ {
		next, known := parents[above]
		switch {
		case !known:
			return apperr.FieldAssetParent, apperr.Args{"number": a.Parent}
		case above == self:
			return apperr.FieldAssetCircle, nil
		case depth > MaxDepth:
			return apperr.FieldAssetDepth, apperr.Args{"limit": depthLimit}
		}
		above = next
	}
	return "", nil
}

const depthLimit = "16" // MaxDepth, as people are told
