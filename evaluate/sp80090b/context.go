package sp80090b

// contexts is a tree of strings, read backwards: the root is the empty string, and a child has a symbol more at its front. It
// counts which symbols come after each.
type contexts struct {
	edges []edge // an open hash table, a power of two long
	used  int
	best  []favourite // of each node
	once  []chain     // of each node
}

// chain stands for contexts that were met once, which most are: a node's string and those with more symbols in front, up to a length, that
// ended before position at. The zero value stands for none.
type chain struct {
	at    int32
	until int32
}

// edge is what is known of a node and a symbol. Both meanings share the table: the child that has the symbol in front, and how often the symbol came
// after the node's string.
type edge struct {
	key   uint32 // node·256 + symbol + 1; 0 for an empty place
	child int32  // 0 for none
	count int32
}

// favourite is the symbol that came most often after a string, the largest of several, as NIST's program has it. Count is 0 for a string
// that is not in the dictionary.
type favourite struct {
	count  int32
	symbol byte
}

func newContexts() *contexts {
	return &contexts{edges: make([]edge, 1<<12), best: make([]favourite, 1), once: make([]chain, 1)}
}

// find returns the place of an edge, or the empty place for it.
func (c *contexts) find(node int32, symbol byte) *edge {
	key := uint32(node)<<8 + uint32(symbol) + 1
	mask := uint32(len(c.edges) - 1)
	for i := key * 0x9E3779B1 >> 7; ; i++ {
		if e := &c.edges[i&mask]; e.key == key || e.key == 0 {
			return e
		}
	}
}

// edge returns an edge, which is made if there was none. It is good until the next call.
func (c *contexts) edge(node int32, symbol byte) *edge {
	e := c.find(node, symbol)
	if e.key != 0 {
		return e
	}
	if 4*c.used >= 3*len(c.edges) {
		old := c.edges
		c.edges = make([]edge, 2*len(old))
		for _, o := range old {
			if o.key != 0 {
				*c.find(int32((o.key-1)>>8), byte(o.key-1)) = o
			}
		}
		e = c.find(node, symbol)
	}
	c.used++
	e.key = uint32(node)<<8 + uint32(symbol) + 1
	return e
}

// child is the node with a symbol in front, 0 if there is none.
func (c *contexts) child(node int32, symbol byte) int32 { return c.find(node, symbol).child }

// grow is child, which is made if there is none.
func (c *contexts) grow(node int32, symbol byte) int32 {
	e := c.edge(node, symbol)
	if e.child == 0 {
		e.child = int32(len(c.best))
		c.best = append(c.best, favourite{})
		c.once = append(c.once, chain{})
	}
	return e.child
}

// count counts that a symbol came after a node's string. A pair that is new is counted only if there is room. It reports whether it was.
func (c *contexts) count(node int32, symbol byte, room bool) (isNew bool) {
	e := c.find(node, symbol)
	if isNew = e.count == 0; isNew {
		if !room {
			return false
		}
		e = c.edge(node, symbol)
	}
	e.count++
	if b := &c.best[node]; e.count > b.count || e.count == b.count && symbol > b.symbol {
		*b = favourite{e.count, symbol}
	}
	return isNew
}

// fold makes a new node stand for all contexts up to a length that ended before position at, where the symbol came.
func (c *contexts) fold(node int32, at, until int, symbol byte) {
	c.best[node] = favourite{1, symbol}
	c.once[node] = chain{int32(at), int32(until)}
}

// unfold gives a node, for a string of the given length, what it stands for.
func (c *contexts) unfold(s []byte, node int32, length int) {
	once := c.once[node]
	if once.at == 0 {
		return
	}
	at, until := int(once.at), int(once.until)
	c.once[node] = chain{}
	c.edge(node, s[at]).count = 1
	if length < until {
		c.fold(c.grow(node, s[at-length-1]), at, until, s[at])
	}
}
