package lang

import (
	"strconv"
	"strings"
	"time"

	"yunwei/notice"
)

// Message is a notice in words.
type Message struct {
	Subject string // one line
	Text    string
}

// Of returns the language of a tag that ends in the name of one of ours; Chinese for any other.
func Of(tag string) Lang {
	if Lang(tag) == English {
		return English
	}
	return Chinese
}

// Notice puts a notice into words. link leads to the case; none is mentioned when it is empty. Nothing that somebody wrote
// is looked at for terms or placeholders, and none of it makes a line that could be taken for one of ours, such as a link
// to sign with: facts have no breaks, and each line of a message is marked as quoted.
func (l Lang) Notice(n notice.Notice, link string) Message {
	data := l.noticeData(n)
	prefix, frame := noticeKeys(n)
	data["subject"] = l.localize(prefix+".subject", data)
	parts := []string{strings.TrimSpace(l.localize(prefix+".text", data)), l.localize("notice.facts"+frame, data)}
	if !n.HeldUntil.IsZero() {
		parts = append(parts, l.localize("notice.held", data))
	}
	if link != "" {
		parts = append(parts, l.localize("notice.link", map[string]string{"link": link}))
	}
	subject := l.localize("notice.subject"+frame, data)
	return Message{Subject: oneLine(subject), Text: strings.Join(parts, "\n\n")}
}

// Notices is what stands before the subjects of several notices that go as one message.
func (l Lang) Notices(count int) Message {
	data := map[string]string{"count": strconv.Itoa(count)}
	return Message{Subject: l.localize("notice.bundle.subject", data), Text: l.localize("notice.bundle.text", data)}
}

// noticeKeys returns the prefix of the keys of the topic's text, and the suffix of those of its frame.
func noticeKeys(n notice.Notice) (prefix, frame string) {
	prefix = "notice." + string(n.Topic)
	switch {
	case n.Number() == "":
		return prefix, ".announcement"
	case n.Audience == notice.Reporter:
		if has(prefix + ".reporter.subject") {
			prefix += ".reporter"
		}
		return prefix, ".reporter"
	case n.Args[notice.ArgRule] != "" && has(prefix+".rule.subject"):
		return prefix + ".rule", "" // a rule of the policy took the step, and nobody
	}
	return prefix, ""
}

// has reports whether there is a text under a key.
func has(key string) bool { return Chinese.localize(key, nil) != key }

const minuteForm = "2006-01-02 15:04"

// noticeData returns all that a text can ask for; what a notice does not have is empty.
func (l Lang) noticeData(n notice.Notice) map[string]string {
	data := map[string]string{"number": n.Number(), "severity": strconv.Itoa(int(n.Severity)), notice.ArgAt: n.At.Format(minuteForm)}
	for _, name := range []string{
		notice.ArgTitle, notice.ArgSystem, notice.ArgActor, notice.ArgMessage, notice.ArgClock, notice.ArgDueAt, notice.ArgPercent, notice.ArgRule, notice.ArgOf, notice.ArgDetail,
		notice.ArgRoster, notice.ArgGiveFrom, notice.ArgGiveTo, notice.ArgTakeFrom, notice.ArgTakeTo,
	} {
		data[name] = ""
	}
	for name, value := range n.Args {
		switch {
		case name == notice.ArgMessage:
			value = quoted(value)
		case name == notice.ArgDetail: // the desk's own lines
		case name == notice.ArgClock:
			value = l.Term("clock." + value)
		case strings.HasSuffix(name, "_at"):
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				value = at.Format(minuteForm)
			}
			value = oneLine(value)
		default:
			value = oneLine(value)
		}
		data[name] = value
	}
	if n.Args[notice.ArgMayMove] != "" {
		data[notice.ArgDueAt] = l.localize("notice.may_move", map[string]string{"due_at": data[notice.ArgDueAt]})
	}
	var lines []string
	for _, sentence := range n.Args.Sentences() {
		lines = append(lines, oneLine(l.Text(sentence.Key, sentence.Args)))
	}
	if len(lines) > 0 {
		data[notice.ArgDetail] = strings.Join(lines, "\n")
	}
	return data
}

// oneLine is a text without breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// lineBreaks makes every character at which some reader's program breaks a line the same.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// quoted marks each line of what somebody wrote as theirs.
func quoted(text string) string {
	if text = strings.TrimSpace(lineBreaks.Replace(text)); text == "" {
		return ""
	}
	return "> " + strings.ReplaceAll(text, "\n", "\n> ")
}
