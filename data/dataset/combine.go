package dataset

import "keygan/data/raster"

// A combination is images of other sources, in an order of its own.
type combination struct{ images []sourceImage }

type sourceImage struct {
	src Source
	i   int
}

// Join puts the images of several sources one after the other.
func Join(sources ...Source) Source {
	c := &combination{}
	for _, src := range sources {
		for i := range src.Len() {
			c.images = append(c.images, sourceImage{src, i})
		}
	}
	return c
}

// Select returns the images of a source with the given numbers.
func Select(src Source, images []int) Source {
	c := &combination{}
	for _, i := range images {
		c.images = append(c.images, sourceImage{src, i})
	}
	return c
}

func (c *combination) Len() int          { return len(c.images) }
func (c *combination) Name(i int) string { return c.images[i].src.Name(c.images[i].i) }
func (c *combination) Image(i int) (*raster.Image, error) {
	return c.images[i].src.Image(c.images[i].i)
}
func (c *combination) Readable(i int) bool { return isReadable(c.images[i].src, c.images[i].i) }
func (c *combination) Locate(i int) (path, part string) {
	return locate(c.images[i].src, c.images[i].i)
}
