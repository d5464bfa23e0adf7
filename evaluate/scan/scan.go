// Package scan looks for the definition under which a published figure comes out, where a publication gives none.
//
// [Run] compares every pair of the images that a cryptosystem takes and makes (plain–cipher, key–key, cipher–decrypted, …), in every colour
// space and channel, after every way of storing one of them (as JPEG, or reduced and enlarged again), by NPCR and SSIM:
//
//	rows, err := scan.Run(ctx, cipher.Params{Iterations: 30}, []scan.Group{{Scheme: "paper", Generator: "net", Plain: images, Key: keys}})
//
// So many definitions are tried that some give any figure by chance: a hit is a question to the authors, and no evidence.
package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A Group is some images with their keys by one generator, to be encrypted under one scheme that takes a key image.
type Group struct {
	Scheme, Generator string
	Plain, Key        []*raster.Image // of one shape
}

// A Row is what one definition gives over the images of the groups of one scheme and generator.
type Row struct {
	Scheme    string  `json:"scheme"`
	Generator string  `json:"generator"`
	Metric    string  `json:"metric"` // NPCR in percent, SSIM, or "zero bytes" in percent
	Pair      string  `json:"pair"`   // which images are compared
	Stored    string  `json:"stored"` // what was stored, and how
	Space     string  `json:"space"`  // colour space or channel
	Mean      float64 `json:"mean"`
	Low       float64 `json:"low"` // of the images
	High      float64 `json:"high"`
	N         int     `json:"n"`
}

// The metrics of a Row.
const (
	NPCR      = "NPCR"
	SSIM      = "SSIM"
	ZeroBytes = "zero bytes"
)

// AsTheyAre is the way of storing that changes nothing.
const AsTheyAre = "all as they are"

// A storing is what is done to one kind of image before it is used again.
type storing struct {
	what string // plain, key or cipher; "" for none
	how  string
	do   func(*raster.Image) (*raster.Image, error)
}

func storings() []storing {
	out := []storing{{do: func(m *raster.Image) (*raster.Image, error) { return m, nil }}}
	for _, what := range []string{"plain", "key", "cipher"} {
		for _, quality := range []int{75, 95} {
			out = append(out, storing{what, fmt.Sprintf("JPEG of quality %d", quality), func(m *raster.Image) (*raster.Image, error) { return asJPEG(m, quality) }})
		}
		out = append(out, storing{what, "reduced to half the side and enlarged", func(m *raster.Image) (*raster.Image, error) {
			return m.Resize(max(1, m.Width/2), max(1, m.Height/2)).Resize(m.Width, m.Height), nil
		}})
	}
	return out
}

func (s storing) String() string {
	if s.what == "" {
		return AsTheyAre
	}
	return s.what + ": " + s.how
}

// asJPEG is an image after it was written and read as JPEG, as Go's encoder does it: with colours at half the resolution.
func asJPEG(m *raster.Image, quality int) (*raster.Image, error) {
	var src image.Image
	bounds := image.Rect(0, 0, m.Width, m.Height)
	if m.Channels == 1 {
		src = &image.Gray{Pix: m.Pix, Stride: m.Width, Rect: bounds}
	} else {
		rgba := image.NewRGBA(bounds)
		for p := range m.Width * m.Height {
			copy(rgba.Pix[4*p:], m.Pix[p*m.Channels:][:3])
			rgba.Pix[4*p+3] = 255
		}
		src = rgba
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, src, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	out, err := imagefile.Decode(b.Bytes())
	if err != nil {
		return nil, err
	}
	return out.Convert(m.Channels), nil
}

// A space turns an image into what is compared.
type space struct {
	name string
	of   func(*raster.Image) *raster.Image
}

// spaces are the colour spaces and channels of images with so many channels.
func spaces(channels int) []space {
	same := func(m *raster.Image) *raster.Image { return m }
	if channels == 1 {
		return []space{{"grey", same}}
	}
	out := []space{{"RGB", same}, {"grey", func(m *raster.Image) *raster.Image { return m.Convert(1) }}, {"YCbCr", ycbcr}}
	for c, name := range []string{"R", "G", "B"} {
		out = append(out, space{name, func(m *raster.Image) *raster.Image { return channel(m, c) }})
	}
	for c, name := range []string{"Cb", "Cr"} {
		out = append(out, space{name, func(m *raster.Image) *raster.Image { return channel(ycbcr(m), c+1) }})
	}
	return out
}

func ycbcr(m *raster.Image) *raster.Image {
	out := m.Clone()
	for i := 0; i < len(out.Pix); i += 3 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = color.RGBToYCbCr(m.Pix[i], m.Pix[i+1], m.Pix[i+2])
	}
	return out
}

func channel(m *raster.Image, c int) *raster.Image {
	out := raster.NewImage(m.Width, m.Height, 1, m.Depth)
	for p := range out.Pix {
		out.Pix[p] = m.Pix[p*m.Channels+c]
	}
	return out
}

// pairs are the images that are compared, by the names of [made].
var pairs = [][2]string{
	{"plain", "cipher"}, {"plain", "key"}, {"plain", "scrambled"}, {"plain", "decrypted"}, {"key", "cipher"}, {"key", "another key"},
	{"scrambled", "cipher"}, {"cipher", "decrypted"}, {"cipher", "another cipher"},
}

// made are the images that a scheme takes and makes of one plain image, one of them stored in some way. The receiver decrypts what was stored.
func made(g Group, i int, params cipher.Params, s storing) (map[string]*raster.Image, error) {
	system, err := cipher.ByName(g.Scheme)
	if err != nil {
		return nil, err
	}
	stored := func(what string, m *raster.Image) (*raster.Image, error) {
		if s.what != what {
			return m, nil
		}
		return s.do(m)
	}
	out := map[string]*raster.Image{"plain": g.Plain[i]}
	encrypt := func(i int, names ...string) error { // names of key and cipher
		plain, err := stored("plain", g.Plain[i])
		if err != nil {
			return err
		}
		network := &cipher.Network{Name: g.Generator}
		sender, err := system.NewSecret(cipher.Input{Plain: plain, Network: network, Key: g.Key[i], Params: params})
		if err != nil {
			return err
		}
		encrypted, err := sender.Encrypt(plain)
		if err != nil {
			return err
		}
		if out[names[0]], err = stored("key", g.Key[i]); err != nil {
			return err
		}
		if out[names[1]], err = stored("cipher", encrypted); err != nil || len(names) == 2 {
			return err
		}
		if layered, ok := sender.(cipher.LayeredSecret); ok {
			if _, scrambled := layered.Layers(plain); scrambled != nil {
				out["scrambled"] = scrambled
			}
		}
		receiver, err := system.NewSecret(cipher.Input{Plain: plain, Network: network, Key: out[names[0]], Params: params})
		if err != nil {
			return err
		}
		out[names[2]], err = receiver.Decrypt(out[names[1]])
		return err
	}
	if err := encrypt(i, "key", "cipher", "decrypted"); err != nil {
		return nil, err
	}
	if len(g.Plain) > 1 {
		return out, encrypt((i+1)%len(g.Plain), "another key", "another cipher")
	}
	return out, nil
}

// Run tries every definition. The same groups give the same rows, in the same order.
func Run(ctx context.Context, params cipher.Params, groups []Group) ([]Row, error) {
	type task struct{ group, image int }
	var tasks []task
	for g, group := range groups {
		if len(group.Plain) != len(group.Key) || len(group.Plain) == 0 {
			return nil, errors.New("scan: every plain image needs a key")
		}
		for i := range group.Plain {
			tasks = append(tasks, task{g, i})
		}
	}
	results := make([][]Row, len(tasks))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for n, t := range tasks {
		all.Go(func() (err error) {
			results[n], err = scanImage(ctx, groups[t.group], t.image, params)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	return summarize(results), nil
}

// scanImage measures one image in every way. A definition that stores what does not take part in its pair is left out.
func scanImage(ctx context.Context, g Group, i int, params cipher.Params) (rows []Row, err error) {
	exact := map[string]*raster.Image{}
	for _, s := range storings() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		images, err := made(g, i, params, s)
		if err != nil {
			return nil, err
		}
		if s.what == "" {
			exact = images
		}
		changed := func(name string) bool { return s.what == "" || !bytes.Equal(images[name].Pix, exact[name].Pix) }
		if changed("key") {
			zeros := 100 * float64(metrics.Histogram(images["key"])[0]) / float64(len(images["key"].Pix))
			rows = append(rows, Row{Metric: ZeroBytes, Pair: "key", Stored: s.String(), Space: "all bytes", Mean: zeros})
		}
		for _, pair := range pairs {
			a, b := images[pair[0]], images[pair[1]]
			if a == nil || b == nil || !changed(pair[0]) && !changed(pair[1]) {
				continue
			}
			for _, in := range spaces(a.Channels) {
				measured, err := compare(in.of(a), in.of(b))
				if err != nil {
					return nil, err
				}
				for _, row := range measured {
					row.Pair, row.Stored, row.Space = pair[0]+"–"+pair[1], s.String(), in.name
					rows = append(rows, row)
				}
			}
		}
	}
	for k := range rows {
		rows[k].Scheme, rows[k].Generator = g.Scheme, g.Generator
	}
	return rows, nil
}

// compare is NPCR and SSIM, without what is undefined.
func compare(a, b *raster.Image) ([]Row, error) {
	npcr, err := metrics.NPCR(a, b)
	if err != nil {
		return nil, err
	}
	rows := []Row{{Metric: NPCR, Mean: npcr}}
	ssim, err := metrics.SSIM(a, b, metrics.Gaussian11)
	if errors.Is(err, metrics.ErrUndefined) {
		return rows, nil
	}
	return append(rows, Row{Metric: SSIM, Mean: ssim}), err
}

// summarize joins the values of each definition.
func summarize(results [][]Row) []Row {
	var out []Row
	at := map[Row]int{}
	for _, rows := range results {
		for _, row := range rows {
			v, definition := row.Mean, row
			definition.Mean = 0
			i, known := at[definition]
			if !known {
				i = len(out)
				at[definition] = i
				definition.Low, definition.High = math.Inf(1), math.Inf(-1)
				out = append(out, definition)
			}
			sum := &out[i]
			sum.Mean += v
			sum.Low, sum.High = min(sum.Low, v), max(sum.High, v)
			sum.N++
		}
	}
	for i := range out {
		out[i].Mean /= float64(out[i].N)
	}
	return out
}
