package web

import (
	"strconv"
	"time"
)

// chart is a picture of some days, a column for each. It is drawn into the page as SVG whose places are shares of its size: it
// is sharp at any width, its texts keep theirs, and its colours are the page's.
type chart struct {
	Name  string // of what it shows: "cases", "promises"
	Label string // the same in a sentence, for those who cannot see it
	Scale []int  // the figures beside it, from the top down
	Days  []chartDay
}

// chartDay is the column of a day.
type chartDay struct {
	Told string // its figures in words
	Mark string // its date, where it stands below
	X, W string // its column
	Mid  string
	Bars []bar
}

// bar is a figure of a day.
type bar struct {
	Kind       string // of figure, by which it is coloured
	X, Y, W, H string
}

// figure is a number that a chart shows.
type figure struct {
	Kind string
	N    int
}

const (
	// barsWide is which share of its day's column the bars of a day take.
	barsWide = 0.76
	// markEvery is how many days lie between the dates below a chart.
	markEvery = 7
)

// drawDays draws the figures of days, side by side or one upon the other.
func drawDays(name, label string, from []time.Time, figures [][]figure, told []string, stacked bool) chart {
	top := topOf(figures, stacked)
	c := chart{Name: name, Label: label, Scale: []int{top, top / 2, 0}}
	wide := 100 / float64(len(figures))
	for i, some := range figures {
		x := float64(i) * wide
		day := chartDay{Told: told[i], X: percent(x), W: percent(wide), Mid: percent(x + wide/2)}
		if (len(figures)-1-i)%markEvery == 0 {
			day.Mark = from[i].Format("01-02")
		}
		left, one, below := x+wide*(1-barsWide)/2, wide*barsWide, 0.0
		if !stacked {
			one /= float64(len(some))
		}
		for _, f := range some {
			high := 100 * float64(f.N) / float64(top)
			if f.N > 0 {
				day.Bars = append(day.Bars, bar{Kind: f.Kind, X: percent(left), Y: percent(100 - below - high), W: percent(one), H: percent(high)})
			}
			if stacked {
				below += high
			} else {
				left += one
			}
		}
		c.Days = append(c.Days, day)
	}
	return c
}

// topOf returns an even round number that no column is higher than.
func topOf(figures [][]figure, stacked bool) int {
	most := 0
	for _, some := range figures {
		high := 0
		for _, f := range some {
			if stacked {
				high += f.N
			} else {
				high = max(high, f.N)
			}
		}
		most = max(most, high)
	}
	for step := 2; ; step *= 10 {
		for top := step; top <= 5*step; top += step {
			if top >= most {
				return top
			}
		}
	}
}

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "%" }
