// Package notify brings notices out of the desk: it puts them into words, knows the channels (mail, the group robots of
// DingTalk, WeCom and Feishu, a webhook), and keeps sending until a channel has taken them or they are given up. It knows
// the outbox by an interface and no database.
package notify

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"yunwei/defect"
	"yunwei/lang"
	"yunwei/notice"
)

// Channel is a road out of the desk.
type Channel interface {
	// Name is one of notice.Channels.
	Name() string
	Traits() Traits
	// Send gives a message to the channel. It returns within the deadline of ctx. An error is a *Failure, or counts as a
	// temporary one; it never holds a secret.
	Send(ctx context.Context, m Message) error
}

// Traits are what a channel takes.
type Traits struct {
	Limit notice.Limit
	// Personal: nobody but who is told reads it. Over any other channel, such as the robot of a group, everybody who is told
	// reads the same place, and nothing goes that is for one person alone.
	Personal bool
	Room     int // bytes of a message's subject and text; 0 is without end
}

// Message is what a channel is given: one notice in words, or several where more wait than its limit lets through.
type Message struct {
	// Key names the message: the same at every try of the same notices.
	Key      string
	To       []string // addresses, each once; on a shared channel whom it mentions
	Language lang.Lang
	Subject  string
	Text     string
	Items    []Item
}

// Item is one notice of a message.
type Item struct {
	notice.Notice
	Subject string
	Text    string
	Link    string
}

// Writer puts notices into words.
type Writer struct {
	// URL is where people find the desk, without a slash at its end; no links are made when it is empty.
	URL string
	// SignOffs, where given, lets who is asked for a signature sign with what the notice says.
	SignOffs *SignOffs
}

// Link returns the address of the case that a notice is about, or nothing.
func (w Writer) Link(n notice.Notice) string {
	if w.URL == "" || n.Number() == "" {
		return ""
	}
	return w.URL + "/defects/" + n.Number()
}

// item puts one notice into words.
func (w Writer) item(l lang.Lang, n notice.Notice, t Traits) Item {
	link := w.Link(n)
	text := l.Notice(n, link)
	if w.SignOffs != nil && t.Personal {
		if with := w.SignOffs.text(l, n, w.URL); with != "" {
			text.Text += "\n\n" + with
		}
	}
	return Item{Notice: n, Subject: text.Subject, Text: text.Text, Link: link}
}

// lineRunes is how much of a subject stands in a list of several.
const lineRunes = 80

// Compose makes one message of the first of the notices, as many as there is room for, and returns how many those are: at
// least one. It speaks the language of the first. What several people are told of one event over a shared channel is said
// once.
func (w Writer) Compose(notices []notice.Notice, t Traits) (Message, int) {
	first := notices[0]
	m := Message{Language: lang.Of(first.Language)}
	lines, bytes := 0, len(m.Language.Notices(len(notices)).Text)+len(m.Language.Notices(len(notices)).Subject)
	var list strings.Builder
	taken := 0
	for _, n := range notices {
		item := w.item(m.Language, n, t)
		if !t.Personal && m.tells(n) {
			m.add(item)
			taken++
			continue
		}
		line := lineOf(item)
		if taken > 0 && t.Room > 0 && bytes+len(line) > t.Room {
			break
		}
		bytes += len(line)
		list.WriteString(line)
		m.add(item)
		lines++
		taken++
	}
	w.word(&m, list.String(), lines, t)
	return m, taken
}

// tells reports whether the message already tells of the notice's event.
func (m *Message) tells(n notice.Notice) bool {
	for _, i := range m.Items {
		if i.About == n.About && i.Seq == n.Seq && i.Topic == n.Topic {
			return true
		}
	}
	return false
}

func (m *Message) add(i Item) {
	m.Items = append(m.Items, i)
	for _, to := range m.To {
		if to == i.Address {
			return
		}
	}
	if i.Address != "" {
		m.To = append(m.To, i.Address)
	}
}

// word fills in subject, text and key.
func (w Writer) word(m *Message, list string, lines int, t Traits) {
	keys := make([]string, len(m.Items))
	for i, item := range m.Items {
		keys[i] = item.Key()
	}
	m.Key = keys[0]
	if len(keys) > 1 {
		m.Key = defect.Digest(keys...)
	}
	m.Subject, m.Text = m.Items[0].Subject, m.Items[0].Text
	if lines > 1 {
		head := m.Language.Notices(lines)
		m.Subject, m.Text = head.Subject, head.Text+list
	}
	if t.Room > 0 && len(m.Subject)+len(m.Text) > t.Room {
		m.Subject = cut(m.Subject, lineRunes)
		m.Text = clip(m.Text, t.Room-len(m.Subject))
	}
}

// lineOf is an item in a list of several.
func lineOf(i Item) string {
	line := "\n\n• " + cut(i.Subject, lineRunes)
	if i.Link != "" {
		line += "\n" + i.Link
	}
	return line
}

func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit]) + "…"
}

const ellipsis = "…"

// clip cuts a text to a length in bytes, between characters.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := max(0, limit-len(ellipsis))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// sendTimeout bounds one try.
const sendTimeout = 25 * time.Second
