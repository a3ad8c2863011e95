package notice

import (
	"encoding/json"
	"fmt"

	"yunwei/apperr"
)

// Sentence is a text of the catalogues with its arguments: it is put into words when it is read, in its reader's language.
type Sentence struct {
	Key  apperr.Reason `json:"key"`
	Args apperr.Args   `json:"args,omitempty"`
}

// Said returns sentences as ArgSaid holds them.
func Said(list []Sentence) (string, error) {
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("write sentences: %w", err)
	}
	return string(text), nil
}

// Sentences reads what ArgSaid holds; none when it is not readable.
func (a Args) Sentences() []Sentence {
	var list []Sentence
	if err := json.Unmarshal([]byte(a[ArgSaid]), &list); err != nil {
		return nil // a notice without its words still says where to look
	}
	return list
}
