package metrics

import (
	"encoding/json"
	"strings"
	"testing"

	"keygan/data/raster"
)

// object marshals a value and reads it back as what any program would see.
func object(t *testing.T, v any) map[string]any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompareJSON(t *testing.T) {
	a, b := picture(40, 30, 3, 8, "ramp", 1), picture(40, 30, 3, 8, "grainy", 2)
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	o := object(t, c)
	for name, metric := range map[string]func(a, b *raster.Image) (float64, error){
		"npcr": NPCR, "uaci": UACI, "mse": MSE, "psnr": PSNR,
		"ssim":          func(a, b *raster.Image) (float64, error) { return SSIM(a, b, Gaussian11) },
		"ssim_uniform7": func(a, b *raster.Image) (float64, error) { return SSIM(a, b, Uniform7) },
	} {
		if want, err := metric(a, b); err != nil || o[name] != want {
			t.Errorf("%s: %v, want %v, %v", name, o[name], want, err)
		}
	}
	if o["identical"] != false {
		t.Errorf("identical %v, undefined %v", o["identical"], o["undefined"])
	}
	if want, err := MAE(a, b); err != nil || o["mae"] != want || o["ms_ssim"] != nil { // too small
		t.Errorf("MAE %v, want %v, MS-SSIM %v", o["mae"], want, o["ms_ssim"])
	}
	if why, _ := o["undefined"].(map[string]any)["ms_ssim"].(string); !strings.Contains(why, "176×176") {
		t.Errorf("MS-SSIM: %q", why)
	}
	single := o["b"].(map[string]any)
	contrast := 0.0
	for channel := range 3 {
		g, err := Texture(b, channel)
		if err != nil {
			t.Fatal(err)
		}
		contrast += g.Contrast / 3
	}
	near(t, "contrast", single["glcm"].(map[string]any)["contrast"].(float64), contrast, 1e-12)
	if f, err := FloatingFrequency(b); err != nil || single["floating_frequency"] != f || single["histogram_variance"] != HistogramVariance(b) || single["local_entropy"] != nil {
		t.Errorf("b: %v, %v", single, err)
	}
	if single["entropy"] != Entropy(b) || single["chi2"] != ChiSquare(b) || single["bytes"] != 3600. {
		t.Errorf("b: %v", single)
	}
	mean := 0.0
	for channel := range 3 {
		r, err := Correlation(b, channel, Vertical)
		if err != nil {
			t.Fatal(err)
		}
		mean += r / 3
	}
	near(t, "correlation", single["correlation"].(map[string]any)["v"].(float64), mean, 1e-12)
}

func TestCompareIdentical(t *testing.T) {
	a := picture(40, 30, 1, 16, "grainy", 1)
	c, err := Compare(a, a.Clone())
	if err != nil {
		t.Fatal(err)
	}
	o := object(t, c)
	if o["identical"] != true || o["psnr"] != nil || o["mse"] != 0. || o["ssim"] != 1. || o["npcr"] != 0. {
		t.Errorf("%v", o)
	}
	if why := o["undefined"].(map[string]any)["psnr"]; why != "infinite: the images are identical" {
		t.Errorf("psnr: %v", why)
	}
}

func TestCompareConstantAndSmall(t *testing.T) {
	a, b := raster.NewImage(8, 9, 1, 8), raster.NewImage(8, 9, 1, 8)
	b.Pix[5] = 1
	c, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	o := object(t, c)
	if o["ssim"] != nil || o["ssim_uniform7"] == nil {
		t.Errorf("SSIM of 8×9 pixels: %v, %v", o["ssim"], o["ssim_uniform7"])
	}
	if why, _ := o["undefined"].(map[string]any)["ssim"].(string); !strings.Contains(why, "Gaussian 11×11 window does not fit into 8×9") {
		t.Errorf("ssim: %q", why)
	}
	single := o["a"].(map[string]any)
	correlation := single["correlation"].(map[string]any)
	for _, d := range []string{"h", "v", "d"} {
		if v, there := correlation[d]; v != nil || !there {
			t.Errorf("correlation %s of a constant image: %v", d, v)
		}
		if why, _ := single["undefined"].(map[string]any)["correlation."+d].(string); !strings.Contains(why, "constant") {
			t.Errorf("correlation %s: %q", d, why)
		}
	}
}

// A channel that is constant, as an opaque alpha is, is left out of the mean.
func TestMeasureLeavesOutConstantChannels(t *testing.T) {
	m := picture(30, 30, 2, 8, "grainy", 1)
	for i := 1; i < len(m.Pix); i += 2 {
		m.Pix[i] = 255
	}
	s := Measure(m)
	want, err := Correlation(m, 0, Diagonal)
	if err != nil || s.Correlation.Diagonal == nil || *s.Correlation.Diagonal != want || len(s.Undefined) != 0 {
		t.Errorf("%+v, want %v, %v", s, want, err)
	}
}
