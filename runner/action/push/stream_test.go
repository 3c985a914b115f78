package push

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

// TestPlainHeader: a header is byte for byte the same as from archive/tar.
func TestPlainHeader(t *testing.T) {
	long := strings.Repeat("n", 100)
	for _, h := range []tar.Header{
		{Name: "f", Typeflag: tar.TypeReg},
		{Name: "etc/.hail-X/nginx.conf", Mode: 0o644, Size: 1234, Typeflag: tar.TypeReg},
		{Name: "d/", Mode: 0o7755, Uid: 1000, Gid: 1<<21 - 1, Typeflag: tar.TypeDir},
		{Name: "l", Linkname: "../to/é", Mode: 0o777, Typeflag: tar.TypeSymlink},
		{Name: "with space\n\xff", Size: 1<<33 - 1, Typeflag: tar.TypeReg},
		{Name: long, Linkname: long, Size: 1, Typeflag: tar.TypeSymlink},
		// These need more than a plain header.
		{Name: long + "n", Typeflag: tar.TypeReg}, {Name: "f", Uid: 1 << 21, Typeflag: tar.TypeReg}, {Name: "f", Size: 1 << 33, Typeflag: tar.TypeReg},
	} {
		var got, want bytes.Buffer
		if err := writeHeader(&got, h); err != nil {
			t.Fatal(err)
		}
		h.Format = tar.FormatGNU
		if err := tar.NewWriter(&want).WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%+v\ngot  %q\nwant %q", h, got.Bytes(), want.Bytes())
		}
	}
}

// BenchmarkHeader writes a header, of which a push needs one for each file and host.
func BenchmarkHeader(b *testing.B) {
	var to bytes.Buffer
	for b.Loop() {
		to.Reset()
		if err := writeHeader(&to, tar.Header{Name: "etc/.hail-X/nginx.conf", Mode: 0o644, Size: 1234, Typeflag: tar.TypeReg}); err != nil {
			b.Fatal(err)
		}
	}
}
