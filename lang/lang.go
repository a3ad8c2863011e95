// Package lang is what people read: the texts of errors and the names of terms, in Chinese and English. It knows keys and
// arguments, and nothing of who asks.
package lang

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"yunwei/apperr"
)

// catalogues holds the texts: a folder a language, in it a file a subject, with equal names.
//
//go:embed zh en
var catalogues embed.FS

// Lang is a language that everything is written in.
type Lang string

// The languages; Chinese comes first.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Langs returns every language.
func Langs() []Lang { return []Lang{Chinese, English} }

var matcher = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// Match returns the language that an Accept-Language header asks for; Chinese when it asks for none of ours.
func Match(acceptLanguage string) Lang {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Chinese
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Chinese
	}
	return Langs()[i]
}

// localizers holds one per language. The catalogues are embedded: that they read, the tests see to.
var localizers = sync.OnceValues(func() (map[Lang]*i18n.Localizer, error) {
	bundle := i18n.NewBundle(language.Chinese)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	out := map[Lang]*i18n.Localizer{}
	for _, l := range Langs() {
		if err := load(bundle, l); err != nil {
			return nil, fmt.Errorf("read the texts in %s: %w", l, err)
		}
		out[l] = i18n.NewLocalizer(bundle, string(l))
	}
	return out, nil
})

func load(bundle *i18n.Bundle, l Lang) error {
	files, err := fs.Glob(catalogues, string(l)+"/*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		texts, err := catalogues.ReadFile(file)
		if err != nil {
			return err
		}
		if _, err := bundle.ParseMessageFileBytes(texts, string(l)+".yaml"); err != nil { // the name tells the language
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// Text returns the text of a reason with its arguments filled in. An argument that begins with "@" names a term, several
// such by commas.
func (l Lang) Text(reason apperr.Reason, args apperr.Args) string {
	data := make(map[string]string, len(args))
	for name, value := range args {
		data[name] = l.argument(value)
	}
	return l.localize(string(reason), data)
}

// Term returns the name of a term: "stage.sign_off", "action.sign", "role.agent".
func (l Lang) Term(key string) string { return l.localize(key, nil) }

func (l Lang) argument(value string) string {
	if !strings.HasPrefix(value, "@") {
		return value
	}
	terms := strings.Split(value, ",")
	for i, t := range terms {
		terms[i] = l.Term(strings.TrimPrefix(t, "@"))
	}
	return strings.Join(terms, l.Term("list.separator"))
}

// localize falls back to the key, which at least can be looked for.
func (l Lang) localize(key string, data map[string]string) string {
	all, err := localizers()
	if err != nil {
		return key
	}
	text, err := all[l].Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: data})
	if err != nil {
		return key
	}
	return text
}
