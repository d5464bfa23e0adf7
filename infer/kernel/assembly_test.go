package kernel

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The sets are chosen by AVX2 and FMA, and by AVX512F, so the assembly may have nothing of AVX512VL, DQ or BW: neither registers
// 16 to 31 in vectors of 128 or 256 bits, nor an instruction outside the lists.
func TestAssemblyKeepsToItsInstructions(t *testing.T) {
	text, err := os.ReadFile("kernel_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	const both = "VADDPD VADDPS VBROADCASTSD VBROADCASTSS VCMPPD VCVTDQ2PD VCVTPS2PD VDIVPD VFMADD231PD VFMADD231PS VFNMADD231PS " +
		"VMAXPS VMOVAPD VMOVAPS VMOVD VMOVQ VMOVUPD VMOVUPS VMULPD VMULPS VPADDQ VPMOVSXDQ VPSLLQ VSUBPD VSUBPS VZEROUPPER "
	allowed := map[string]map[string]bool{"AVX2": {}, "AVX512": {}}
	for _, name := range strings.Fields(both + "VBLENDVPD VCVTPD2PSY VCVTTPD2DQY VPAND VPXOR") {
		allowed["AVX2"][name] = true
	}
	for _, name := range strings.Fields(both + "VBLENDMPD VCVTPD2PS VCVTTPD2DQ VFMADD231PS.BCST VPANDQ VPXORD") {
		allowed["AVX512"][name] = true
	}
	function := regexp.MustCompile(`^TEXT ·(\w+?)(AVX2|AVX512)\(SB\)`)
	high := regexp.MustCompile(`\b[XY](1[6-9]|2[0-9]|3[01])\b`)
	wide := regexp.MustCompile(`\b(Z[0-9]+|K[0-7])\b`)
	level, functions := "", 0
	for i, line := range strings.Split(string(text), "\n") {
		if m := function.FindStringSubmatch(line); m != nil {
			level, functions = m[2], functions+1
			continue
		}
		instruction, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(instruction, "V") && !allowed[level][instruction] || high.MatchString(line) || level == "AVX2" && wide.MatchString(line) {
			t.Errorf("line %d, in a kernel for %s: %s", i+1, level, line)
		}
	}
	if functions < 15 {
		t.Errorf("only %d kernels were looked at", functions)
	}
}
