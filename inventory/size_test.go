package inventory

import "testing"

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1B": 1, "512KiB": 512 << 10, "64MiB": 64 << 20, "2GiB": 2 << 30, "1TiB": 1 << 40, // IEC units
		"20M": 20 << 20, "20m": 20 << 20, "20K": 20 << 10, "20k": 20 << 10, "1.5G": 3 << 29, "1T": 1 << 40, // as for rsync
		"20MB": 20e6, "20kB": 20e3, "20KB": 20e3, "0.5GB": 5e8,
		"": 0, "0": 0, "10": 0, "0M": 0, "-1M": 0, "M": 0, "B": 0, "20Mb": 0, "20Mbit": 0, "20 M": 0, "20MiB/s": 0, "1e3M": 0, "1.2.3M": 0, ".M": 0, "0.1B": 0, "9999999TiB": 0, "20P": 0, "NaNM": 0, "١M": 0,
	} {
		if got, ok := ParseSize(text); got != want || ok != (want > 0) {
			t.Errorf("%q is %d, %v, want %d", text, got, ok, want)
		}
	}
}
