package asset

import (
	"strconv"

	"yunwei/apperr"
)

// MaxDepth is how many levels of parts a tree of assets may have above one asset.
const MaxDepth = 16

// MaxChildren is how many parts a View shows.
const MaxChildren = 50

// CheckParent adds what is amiss with the parent of an asset; nothing when it may stand, or when that was told of already.
// parents holds, by Key, the parent's key of every asset from there upward, empty for what stands by itself, as it is to be.
func (a Asset) CheckParent(parents map[string]string, wrong *apperr.Fields) {
	if a.Parent != "" && !has(*wrong, "parent") {
		a.climb(parents, wrong)
	}
}

// climb goes from parent to parent until there is none.
func (a Asset) climb(parents map[string]string, wrong *apperr.Fields) {
	self, above := Key(a.Number), Key(a.Parent)
	for depth := 1; above != ""; depth++ {
		next, known := parents[above]
		switch {
		case above == self && depth == 1:
			wrong.Add("parent", apperr.FieldAssetItself, nil)
			return
		case !known:
			wrong.Add("parent", apperr.FieldAssetParent, apperr.Args{"number": a.Parent})
			return
		case above == self:
			wrong.Add("parent", apperr.FieldAssetCircle, nil)
			return
		case depth > MaxDepth:
			wrong.Add("parent", apperr.FieldAssetDepth, apperr.Args{"limit": strconv.Itoa(MaxDepth)})
			return
		}
		above = next
	}
}
