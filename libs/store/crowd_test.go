package store

import "testing"

func TestATransactionBeginsBesideAnotherWithHalfOfWhoCome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		running, waiting, usual int
		want                    bool
	}{
		"a lone command waits for nobody":            {0, 1, 1, true},
		"nor does what comes late":                   {0, 1, 8, true},
		"half of eight have come":                    {1, 4, 8, true},
		"fewer have":                                 {1, 3, 8, false},
		"of two, the other":                          {1, 1, 2, true},
		"of an odd number, the larger half":          {1, 4, 9, false},
		"two run: all wait for one to end":           {2, 7, 8, false},
		"enough have come to fill one":               {2, 32, 80, true},
		"enough to fill one are fewer than the half": {1, 32, 80, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGroup(nil, 4, 32)
			g.running, g.crowd.usual, g.waiting = c.running, c.usual, make([]*job, c.waiting)
			if got := g.worth(); got != c.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestACrowdIsWhatPeaksComeTo(t *testing.T) {
	t.Parallel()
	var c crowd
	for range 8 {
		c.enter()
	}
	c.look()
	c.leave(4) // half are answered, and come again
	for range 4 {
		c.enter()
	}
	if c.look(); c.usual != 8 {
		t.Fatalf("eight come at a time, not %d", c.usual)
	}
	c.leave(8)
	transactions := 0
	for ; c.usual > 1 && transactions < 100; transactions++ {
		c.enter()
		c.look()
		c.leave(1)
	}
	if transactions > 10 {
		t.Fatalf("one caller is taken for more during %d transactions", transactions)
	}
}
