package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/desk"
)

// liveDesk is what the pages ask of the desk while people look at them.
type liveDesk interface {
	LatestChange(ctx context.Context) int
	Watch(ctx context.Context, by desk.Caller, number string, seq int) (changed <-chan int, end func(), err error)
}

const (
	livePath = "/live"
	// liveBeat is how often a stream says that it is there; it also looks whether the session still is.
	liveBeat = 15 * time.Second
	// liveWrite is how long a browser may take to read what it is sent.
	liveWrite = 10 * time.Second
)

// liveOn says what a page shows that others may change: a case as of a seq, or with no number any cases as of a place in the
// order of all changes.
type liveOn struct {
	Number string
	Seq    int
}

// watcher is the data of a page that follows what it shows.
type watcher interface{ watches() liveOn }

// anyCases is a page of any cases, as they were behind a change.
type anyCases struct{ place int }

func (a anyCases) watches() liveOn { return liveOn{Seq: a.place} }

// anyCases begins a page of any cases. What it shows is to be read afterwards.
func (p *pages) anyCases(c *gin.Context) anyCases { return anyCases{p.desk.LatestChange(c)} }

func (p *pages) liveRoutes(e *gin.Engine) {
	e.GET(livePath, p.live)
}

// live tells a page that what it shows has changed, for as long as it is looked at: of the case ?number= from ?seq= on, or that
// any has changed from the place ?seq= on. It is asked by a script, so it answers with a status and never leads to another page.
func (p *pages) live(c *gin.Context) {
	by, err := p.caller(c)
	if err != nil {
		c.AbortWithStatus(p.refuse(c, err))
		return
	}
	changed, end, err := p.desk.Watch(c, by, c.Query("number"), countOf(c.Query("seq")))
	if err != nil {
		c.AbortWithStatus(p.refuse(c, err))
		return
	}
	defer end()
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no") // a proxy in between keeps nothing back
	s := stream{c.Writer, http.NewResponseController(c.Writer)}
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	for sent := s.send(": hello\n\n"); sent; {
		select {
		case <-c.Request.Context().Done():
			return
		case seq, more := <-changed:
			if !more {
				return // the process ends; the browser comes back and finds another
			}
			sent = s.send(fmt.Sprintf("event: change\ndata: %d\n\n", seq))
		case <-beat.C:
			if _, err := p.caller(c); err != nil {
				s.send("event: end\ndata: 0\n\n")
				return
			}
			sent = s.send(": still here\n\n")
		}
	}
}

// stream writes events to a browser.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// send writes at once; false when the browser is gone or does not read.
func (s stream) send(text string) bool {
	// The server's own limit is for answers that end.
	if err := s.control.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return false
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
