package data

// A stack is several 8-bit images of one shape in one file: the slices of a volume, the first axis of an array.
type stack struct {
	count, width, height, channels int
	pix                            []byte // [count, height, width, channels]
	shown                          []int  // the images that are worth showing, in order
	single                         bool   // the file holds one image and calls it no stack
}

func newStack(count, height, width, channels int) *stack {
	return &stack{count: count, width: width, height: height, channels: channels, pix: make([]byte, count*height*width*channels)}
}

// image returns a copy of image i of count.
func (s *stack) image(i int) *Image {
	m := NewImage(s.width, s.height, s.channels, 8)
	copy(m.Pix, s.pix[i*len(m.Pix):])
	return m
}

// middle is the image that stands for a whole stack.
func middle(s *stack, err error) (*Image, error) {
	if err != nil {
		return nil, err
	}
	return s.image(s.count / 2), nil
}

// An image with less than shownShare of its pixels above background level is not worth showing: the air over a head.
const (
	backgroundLevel = 25
	shownShare      = 0.05
)

// showFilled sets shown to the images that are not nearly all background, or to all when no image passes.
func (s *stack) showFilled() {
	s.shown = nil
	size := s.width * s.height * s.channels
	for i := range s.count {
		above := 0
		for _, v := range s.pix[i*size : (i+1)*size] {
			if v > backgroundLevel {
				above++
			}
		}
		if float64(above) >= shownShare*float64(size) {
			s.shown = append(s.shown, i)
		}
	}
	if len(s.shown) == 0 {
		s.showAll()
	}
}

func (s *stack) showAll() {
	s.shown = make([]int, s.count)
	for i := range s.shown {
		s.shown[i] = i
	}
}
