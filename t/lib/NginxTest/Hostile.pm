package NginxTest::Hostile;

# Files that want to crash, hang or bloat whoever decodes them, made by code.

use v5.36;
use Compress::Zlib ();
use Exporter 'import';
use NginxTest::Picture;

our @EXPORT_OK = qw(bombs damaged polyglots unlisted);

my $mega = 1_000_000;

# ---- PNG: ISO/IEC 15948

sub png_chunk ($type, $data) { pack 'N a4 a* N', length $data, $type, $data, Compress::Zlib::crc32($type . $data) }

sub png ($width, $height, %opt)
{
    my $rows = $opt{data} // Compress::Zlib::compress("\0" x 64);
    return "\x89PNG\r\n\x1a\n"
        . png_chunk('IHDR', pack 'N2 C5', $width, $height, $opt{depth} // 8, $opt{color} // 2, 0, 0, $opt{interlaced} // 0)
        . ($opt{chunks} // '') . png_chunk('IDAT', $rows) . png_chunk('IEND', '');
}

# $size zero bytes, deflated.
sub deflated ($size)
{
    my ($stream) = Compress::Zlib::deflateInit(-Level => 9);
    my $out = '';
    for (my $left = $size; $left > 0; $left -= $mega) {
        $out .= $stream->deflate("\0" x ($left > $mega ? $mega : $left));
    }
    return $out . $stream->flush;
}

sub png_bombs ()
{
    my $small = sub ($chunks) { png(8, 8, data => Compress::Zlib::compress("\0" x 200), chunks => $chunks) };
    my $fifty = deflated(50 * $mega);
    my $eight = deflated(7.9 * $mega);

    return (
        'png of 65536 by 65536'       => [png(65536, 65536), 413],
        'png of 100000 by 100000'     => [png(100_000, 100_000), 413],
        'png of a line of 49 million' => [png(49_000_000, 1), qr/^4/],
        'png of 49 million lines'     => [png(1, 49_000_000), qr/^4/],
        'png of many pixels, no data' => [png(7000, 7000, depth => 16, color => 6, interlaced => 1), 415],
        'png with a bomb as data'     => [png(100, 100, data => deflated(200 * $mega)), qr/^(?:200|415)$/],
        'png with a bomb as profile'  => [$small->(png_chunk('iCCP', "x\0\0$fifty")), qr/^(?:200|415)$/],
        'png with a bomb as text'     => [$small->(png_chunk('zTXt', "x\0\0$fifty")), qr/^(?:200|415)$/],
        'png with a bomb as UTF-8'    => [$small->(png_chunk('iTXt', "x\0\1\0\0\0$fifty")), qr/^(?:200|415)$/],
        'png with a thousand bombs'   => [$small->(png_chunk('zTXt', "x\0\0$eight") x 1000), 413],
        'png of empty chunks'         => [$small->(png_chunk('IDAT', '') x 50_000), qr/^(?:200|415)$/],
        'png that promises a gigabyte' => [substr($small->(''), 0, 33) . pack('N a4 a*', 0x6b000000, 'zTXt', "x\0\0"), 415],
        'png of a palette of none'    => [png(8, 8, color => 3), 415],
        'apng of 100000 frames'       => [$small->(png_chunk('acTL', pack 'N2', 100_000, 0)), 200],
    );
}

# ---- JPEG: ITU-T T.81

sub jpeg_segment ($marker, $data) { pack 'C2 n a*', 0xff, $marker, 2 + length $data, $data }

# A progressive JPEG of one grey, whose scans of nothing are a few bytes each.
sub scan_bomb ($side, $scans)
{
    my $blocks = (($side + 7) >> 3) ** 2;

    my $bits = sub ($text) {                           # entropy-coded data of '0' and '1'
        $text .= '1' x (-length($text) % 8);
        return pack('B*', $text) =~ s/\xff/\xff\0/gr;
    };
    my $scan = sub ($from, $to, $high, $low, $data) {
        jpeg_segment(0xda, pack 'C*', 1, 1, 0, $from, $to, $high << 4 | $low) . $data;
    };

    # DC: one code "0" of category 0.  AC: "0" for a run of 2^14 empty blocks
    # and more, "10" for one.
    my $dc = jpeg_segment(0xc4, pack 'C*', 0x00, 1, (0) x 15, 0);
    my $ac = jpeg_segment(0xc4, pack 'C*', 0x10, 1, 1, (0) x 14, 0xe0, 0x00);
    my $runs = '';
    for (my $left = $blocks; $left > 0;) {
        my $run = $left >= 16384 ? ($left > 32767 ? 32767 : $left) : 1;
        $runs .= $run == 1 ? '10' : '0' . sprintf '%014b', $run - 16384;
        $left -= $run;
    }
    my $empty = $bits->($runs);

    return "\xff\xd8" . jpeg_segment(0xdb, "\0" . "\1" x 64)
        . jpeg_segment(0xc2, pack 'C n2 C*', 8, $side, $side, 1, 1, 0x11, 0) . $dc . $ac
        . $scan->(0, 0, 0, 0, $bits->('0' x $blocks))
        . join('', map { $scan->(1 + $_ % 63, 1 + $_ % 63, 0, 0, $empty) } 0 .. $scans - 2) . "\xff\xd9";
}

sub jpeg_bombs ()
{
    my $jpeg = picture(width => 64, height => 48);
    my $claims = sub ($width, $height) { $jpeg =~ s/(\xff\xc0..\x08)..../$1 . pack 'n2', $height, $width/ser };
    my $with = sub ($marker, $data, $n = 1) {
        my $copy = $jpeg;
        substr $copy, 2, 0, jpeg_segment($marker, $data) x $n;
        return $copy;
    };
    my $exif = sub ($entries, $next) { "Exif\0\0II*\0" . pack('V v', 8, scalar @$entries) . join('', @$entries) . pack 'V', $next };
    my $entry = sub ($tag, $type, $count, $value) { pack 'v2 V2', $tag, $type, $count, $value };
    my $profile = sub ($i) { "ICC_PROFILE\0" . pack('C2', $i, 255) . "\xa5" x 65_000 };

    return (
        'jpeg of 65500 by 65500'         => [$claims->(65500, 65500), 413],
        'jpeg of 7000 by 7000, cut off'  => [$claims->(7000, 7000), qr/^(?:200|415)$/],
        'jpeg without height'            => [$claims->(64, 0), 415],
        'jpeg of 1000 scans'             => [scan_bomb(7000, 1000), 413],
        'jpeg of 1000 tiny scans'        => [scan_bomb(64, 1000), 413],
        'jpeg of 90 scans'               => [scan_bomb(7000, 90), 200],
        'jpeg with a directory in itself' => [$with->(0xe1, $exif->([$entry->(0x8769, 4, 1, 8)], 8)), 200],
        'jpeg with a directory of 65535' => [$with->(0xe1, $exif->([$entry->(0x8769, 4, 0xffffffff, 0xfffffff0)], 0) =~ s/\x08\0\0\0\K\x01\0/\xff\xff/r), 200],
        'jpeg with a value of 4 GB'      => [$with->(0xe1, $exif->([$entry->(0x010f, 2, 0xffffffff, 26)], 0)), 200],
        'jpeg with 16 MB of profile'     => [join('', "\xff\xd8", (map { jpeg_segment(0xe2, $profile->($_)) } 1 .. 255), substr $jpeg, 2), 200],
        'jpeg with a profile of garbage' => [$with->(0xe2, "ICC_PROFILE\0\1\1" . pack('N', 3000) . 'abcd' x 700), 200],
        'jpeg with 13 MB of XMP'         => [$with->(0xe1, "http://ns.adobe.com/xap/1.0/\0" . '<' x 65_000, 200), 200],
        'jpeg with 26 MB of comments'    => [$with->(0xfe, 'x' x 65_000, 400), 200],
        'jpeg of 500000 segments'        => [$with->(0xe5, '', 500_000), 413],
        'jpeg with a table of a million' => [$with->(0xc4, "\0" . "\xff" x 16 . "\0" x 4080), 415],
        'jpeg of 300 components'         => [$jpeg =~ s/(\xff\xc0..\x08....)./$1\xff/sr, 415],
        'jpeg of lossless kind'          => [$jpeg =~ s/\xff\xc0/\xff\xc3/r, 415],
        'jpeg of arithmetic kind'        => [$jpeg =~ s/\xff\xc0/\xff\xc9/r, qr/^(?:200|415)$/],
    );
}

# ---- GIF: GIF89a appendix A

sub gif ($width, $height, $frames)
{
    my $frame = "\x21\xf9\x04\0\x0a\0\0\0" . "\x2c" . pack('v4 C', 0, 0, 1, 1, 0) . "\x02\x02\x44\x01\0";
    return 'GIF89a' . pack('v2 C3', $width, $height, 0x80, 0, 0) . "\0\0\0\xff\xff\xff" . $frame x $frames . ';';
}

sub gif_bombs ()
{
    return (
        'gif of 10000 frames'             => [gif(1, 1, 10_000), 413],
        'gif of 65535 by 65535'           => [gif(65535, 65535, 1), qr/^(?:200|413)$/],
        'gif of 256 frames of 440 by 440' => [gif(440, 440, 256), qr/^(?:200|400)$/],
        'gif of 257 frames'               => [gif(1, 1, 257), 413],
        'gif of 0 by 0'                   => [gif(0, 0, 1), qr/^(?:200|4..)$/],
        'gif without frames'              => [gif(10, 10, 0), 415],
        'gif of endless codes'            => ['GIF89a' . pack('v2 C3', 100, 100, 0x80, 0, 0) . "\0" x 6 . "\x2c" . pack('v4 C', 0, 0, 100, 100, 0)
            . "\x0c" . ("\xff" . "\x55" x 255) x 4000 . "\0;", qr/^(?:200|415)$/],
    );
}

# ---- WebP: RFC 9649

sub webp_chunk ($type, $data) { pack('a4 V a*', $type, length $data, $data) . "\0" x (length($data) % 2) }

sub webp (@chunks) { my $all = join '', @chunks; 'RIFF' . pack('V', 4 + length $all) . "WEBP$all" }

sub webp_bombs ()
{
    my $u24 = sub ($n) { substr pack('V', $n), 0, 3 };
    my ($pixel) = picture(width => 1, height => 1, format => 'webp', save => 'lossless,strip') =~ /(VP8L.*)/s;
    my $head = sub ($width, $height) {
        webp_chunk('VP8X', "\x02\0\0\0" . $u24->($width - 1) . $u24->($height - 1)) . webp_chunk('ANIM', "\0" x 6);
    };
    my $frame = webp_chunk('ANMF', $u24->(0) x 4 . $u24->(100) . "\0" . $pixel);

    return (
        'webp of 50000 frames'          => [webp($head->(1, 1), $frame x 50_000), 413],
        'webp of 1000 frames'           => [webp($head->(1, 1), $frame x 1000), 413],
        'webp of 16 million by 1'       => [webp($head->(16_777_216, 1), $frame), qr/^4/],
        'webp of 16383 by 16383'        => [webp($head->(16383, 16383), $frame), 413],
        'webp of 200 frames of 4000'    => [webp($head->(4000, 4000), $frame x 200), 413],
        'webp of 200 frames of 480'     => [webp($head->(480, 480), $frame x 200), qr/^(?:200|4..)$/],
        'webp of a frame in a frame'    => [webp($head->(8, 8), webp_chunk('ANMF', $u24->(0) x 5 . "\0" . $frame x 100)), qr/^(?:200|415)$/],
        'webp longer than itself'       => ["RIFF\xff\xff\xff\xffWEBP" . substr(webp($pixel), 12), qr/^(?:200|415)$/],
        'webp of a lossless nothing'    => [webp(webp_chunk('VP8L', "\x2f\xff\xff\xff\x0f" . "\0" x 100)), qr/^4/],
    );
}

# ---- AVIF and HEIF: ISO/IEC 14496-12 and 23008-12

sub box ($type, @parts)         { my $all = join '', @parts; pack 'N a4 a*', 8 + length $all, $type, $all }
sub full_box ($type, @parts)    { box($type, "\0" x 4, @parts) }

# A grid of $rows by $columns of one tile that is not there.
sub grid ($brand, $rows, $columns, $width, $height)
{
    my $tiles = $rows * $columns;
    my $coded = $brand eq 'avif' ? 'av01' : 'hvc1';
    return box('ftyp', $brand, "\0" x 4, $brand, 'mif1') . full_box('meta',
        full_box('hdlr', "\0" x 4, 'pict', "\0" x 13),
        full_box('pitm', pack 'n', 1),
        full_box('iinf', pack('n', 2), map { box('infe', "\2\0\0\0", pack('n2 a4', @$_), "\0") } [1, 0, 'grid'], [2, 0, $coded]),
        full_box('iref', box('dimg', pack 'n*', 1, $tiles % 65536, (2) x $tiles)),
        box('iprp', box('ipco', full_box('ispe', pack 'N2', $width, $height)), full_box('ipma', pack('N', 1), pack 'n C2', 1, 1, 1)),
        box('iloc', "\1\0\0\0", "\x44\0", pack('n', 2), pack('n4 N2', 1, 1, 0, 1, 0, 12), pack 'n4 N2', 2, 0, 0, 1, 0, 0),
        box('idat', "\0\1", pack('C2', $rows - 1, $columns - 1), pack 'N2', $width, $height));
}

# Two items of a type, each made of the other.
sub circle ($type)
{
    my $data = $type eq 'grid' ? pack 'C4 n2', 0, 0, 0, 0, 64, 48 : pack 'C2 n4 N2 n2', 0, 0, (65535) x 4, 64, 48, 0, 0;
    return box('ftyp', 'avif', "\0" x 4, 'avif', 'mif1') . full_box('meta',
        full_box('hdlr', "\0" x 4, 'pict', "\0" x 13),
        full_box('pitm', pack 'n', 1),
        full_box('iinf', pack('n', 2), map { box('infe', "\2\0\0\0", pack('n2 a4', $_, 0, $type), "\0") } 1, 2),
        full_box('iref', map { box('dimg', pack 'n3', $_, 1, 3 - $_) } 1, 2),
        box('iprp', box('ipco', full_box('ispe', pack 'N2', 64, 48)), full_box('ipma', pack('N', 2), map { pack 'n C2', $_, 1, 1 } 1, 2)),
        box('iloc', "\1\0\0\0", "\x44\0", pack('n', 2), map { pack 'n4 N2', $_, 1, 0, 1, 0, length $data } 1, 2),
        box('idat', $data));
}

sub heif_bombs ()
{
    my $avif = picture(width => 64, height => 48, format => 'avif');
    my $claims = sub ($width, $height) { $avif =~ s/(ispe\0{4})\0{3}\x40\0{3}\x30/$1 . pack 'N2', $width, $height/ser };
    my $counts = sub ($box) {
        box('ftyp', 'avif', "\0" x 4, 'avif', 'mif1') . full_box('meta', full_box('hdlr', "\0" x 4, 'pict', "\0" x 13), $box);
    };
    my $nested = '';
    $nested = box('meta', "\0" x 4, $nested) for 1 .. 1000;

    return (
        'avif that claims 2^31 by 2^31'   => [$claims->(0x7fffffff, 0x7fffffff), qr/^4/],
        'avif that claims 30000 by 30000' => [$claims->(30_000, 30_000), qr/^4/],
        'avif that claims 7000 by 7000'   => [$claims->(7000, 7000), qr/^(?:200|4..)$/],
        'avif that claims nothing'        => [$claims->(0, 0), 415],
        'avif of a grid of 65536'         => [grid('avif', 256, 256, 7000, 7000), qr/^4/],
        'avif of a grid of 4 GB'          => [grid('avif', 16, 16, 0xffffffff, 0xffffffff), qr/^4/],
        'heif of a grid of 65536'         => [grid('heic', 256, 256, 7000, 7000), qr/^4/],
        'avif of grids of each other'     => [circle('grid'), 415],
        'avif of overlays of each other'  => [circle('iovl'), 415],
        'avif of 65535 items'             => [$counts->(full_box('iinf', pack 'n', 65535)), 415],
        'avif of 4 thousand million'      => [$counts->(box('iloc', "\2\0\0\0", "\x44\0", pack 'N', 0xffffffff)), 415],
        'avif of boxes in boxes'          => [box('ftyp', 'avif', "\0" x 4, 'avif', 'mif1') . $nested, 415],
        'avif of a box without end'       => [box('ftyp', 'avif', "\0" x 4, 'avif', 'mif1') . pack('N a4 N2', 1, 'meta', 0xffffffff, 0xffffffff), 415],
    );
}

# ---- TIFF 6.0

# %tags: tag => [type (3 SHORT, 4 LONG), value ...] of at most four bytes, or [type, count, offset].
sub tiff (%opt)
{
    my %tag = (256 => [4, 1, 64], 257 => [4, 1, 48], 258 => [3, 1, 8], 259 => [3, 1, 1], 262 => [3, 1, 1],
        273 => [4, 1, 8], 277 => [3, 1, 1], 278 => [4, 1, 48], 279 => [4, 1, 3072], %{ $opt{tags} // {} });
    delete @tag{ @{ $opt{without} // [] } };
    my $data = $opt{data} // "\x55" x 3072;
    $data .= "\0" x (length($data) % 2);
    my $at = 8 + length $data;
    return 'II*' . "\0" . pack('V', $opt{first} // $at) . $data . pack('v', scalar keys %tag)
        . join('', map { pack 'v2 V2', $_, @{ $tag{$_} } } sort { $a <=> $b } keys %tag)
        . pack('V', $opt{loops} ? $at : $opt{next} // 0) . ($opt{after} // '');
}

sub tiff_bombs ()
{
    my @strips = (273, 278, 279);
    my $tiles = sub ($width, $height) { (without => \@strips, tags => { 322 => [4, 1, $width], 323 => [4, 1, $height], 324 => [4, 1, 8], 325 => [4, 1, 3072] }) };
    my $deflate = deflated(100 * $mega);
    my $jpeg = picture(width => 64, height => 48, grey => 1);

    return (
        'tiff that is plain'              => [tiff(), 200],
        'tiff in a circle'                => [tiff(loops => 1), qr/^(?:200|4..)$/],
        'tiff whose directory is its head' => [tiff(first => 0), 415],
        'tiff of 2^32 by 2^32'            => [tiff(tags => { 256 => [4, 1, 0xffffffff], 257 => [4, 1, 0xffffffff] }), qr/^4/],
        'tiff of 100000 by 100000'        => [tiff(tags => { 256 => [4, 1, 100_000], 257 => [4, 1, 100_000] }), qr/^4/],
        'tiff of 7000 by 7000, no data'   => [tiff(tags => { 256 => [4, 1, 7000], 257 => [4, 1, 7000], 278 => [4, 1, 7000] }), qr/^4/],
        'tiff of tiles of 2^31'           => [tiff($tiles->(0x7ffffff0, 0x7ffffff0)), qr/^4/],
        'tiff of tiles of 60000'          => [tiff($tiles->(60_000, 60_000)), qr/^4/],
        'tiff of tiles of 0'              => [tiff($tiles->(0, 0)), qr/^4/],
        'tiff of strips of 2^30'          => [tiff(tags => { 273 => [4, 0x40000000, 8], 279 => [4, 0x40000000, 8], 278 => [4, 1, 1] }), qr/^(?:200|4..)$/],
        'tiff of a strip of 2^32'         => [tiff(tags => { 279 => [4, 1, 0xffffffff] }), qr/^(?:200|4..)$/],
        'tiff of 65535 bands'             => [tiff(tags => { 277 => [3, 1, 65535] }), qr/^4/],
        'tiff of 3 bits'                  => [tiff(tags => { 258 => [3, 1, 3] }), qr/^(?:200|4..)$/],
        'tiff of 64-bit floats'           => [tiff(tags => { 258 => [3, 1, 64], 339 => [3, 1, 3] }), qr/^(?:200|4..)$/],
        'tiff of 40 bands'                => [tiff(data => "\x55" x (64 * 48 * 40), tags => { 277 => [3, 1, 40], 279 => [4, 1, 64 * 48 * 40] }), qr/^(?:200|4..)$/],
        'tiff with a bomb as data'        => [tiff(data => $deflate, tags => { 259 => [3, 1, 8], 279 => [4, 1, length $deflate] }), qr/^(?:200|4..)$/],
        'tiff of a JPEG'                  => [tiff(data => $jpeg, tags => { 259 => [3, 1, 7], 279 => [4, 1, length $jpeg] }), qr/^(?:200|4..)$/],
        'tiff of a JPEG of garbage'       => [tiff(tags => { 259 => [3, 1, 7] }), qr/^4/],
        'tiff of old JPEG'                => [tiff(tags => { 259 => [3, 1, 6], 513 => [4, 1, 8], 514 => [4, 1, 3072] }), qr/^4/],
        'tiff of an unknown compression'  => [tiff(tags => { 259 => [3, 1, 34_712] }), qr/^4/],
        'tiff of PackBits of nothing'     => [tiff(data => "\x80" x 3072, tags => { 259 => [3, 1, 32773] }), qr/^(?:200|4..)$/],
        'tiff of LZW of garbage'          => [tiff(data => "\xa5" x 3072, tags => { 259 => [3, 1, 5] }), qr/^(?:200|4..)$/],
        'tiff of a directory of 65535'    => [tiff() =~ s/\x09\0(\0\x01)/\xff\xff$1/r, qr/^(?:200|4..)$/],
    );
}

# NAME => [BYTES, STATUS]: a number or a pattern.
sub bombs () { (png_bombs, jpeg_bombs, gif_bombs, webp_bombs, heif_bombs, tiff_bombs) }

# ---- damaged files: cut at every sixteenth, bits flipped; NAME => BYTES

sub damaged ($flips)
{
    my %whole = (
        jpeg     => picture(width => 64, height => 48),
        progressive => picture(width => 64, height => 48, save => 'interlace'),
        png      => picture(width => 64, height => 48, format => 'png'),
        palette  => picture(width => 64, height => 48, format => 'png', save => 'palette'),
        webp     => picture(width => 64, height => 48, format => 'webp', alpha => 1),
        lossless => picture(width => 64, height => 48, format => 'webp', save => 'lossless'),
        frames   => picture(width => 32, height => 24, format => 'webp', frames => 3),
        gif      => picture(width => 32, height => 24, format => 'gif', frames => 3),
        avif     => picture(width => 64, height => 48, format => 'avif'),
        heic     => picture(width => 64, height => 64, format => 'heic', save => 'compression=hevc'),
        tiff     => picture(width => 64, height => 48, format => 'tif', save => 'compression=lzw'),
        tiles    => picture(width => 64, height => 48, format => 'tif', save => 'compression=jpeg,tile'),
    );

    my %files;
    my $seed = 20_261;
    my $random = sub ($n) { ($seed = ($seed * 1103515245 + 12345) & 0x7fffffff) / 0x80000000 * $n };

    for my $kind (sort keys %whole) {
        my $bytes = $whole{$kind};
        $files{"$kind cut at $_"} = substr $bytes, 0, length($bytes) * $_ / 16 for 1 .. 15;
        for my $i (1 .. $flips) {
            my $copy = $bytes;
            # of the header more than of the rest
            my $reach = $i % 2 && length $copy > 400 ? 400 : length $copy;
            vec($copy, int $random->(8 * $reach), 1) ^= 1 for 1 .. 1 + $i % 5;
            $files{"$kind flip $i"} = $copy;
        }
    }

    return %files;
}

# ---- files of two natures: NAME => [BYTES, STATUS]

sub polyglots ()
{
    my $jpeg = picture(width => 64, height => 48);
    my $gif = picture(width => 64, height => 48, format => 'gif');
    my $script = "alert('cdn')";

    return (
        'gif and script'    => ["GIF89a/*" . "\0" x 50 . "*/=1;$script", 415],
        'gif before script' => ["$gif/*$script*/", 200],
        'jpeg before PDF'   => [$jpeg . "%PDF-1.4\n1 0 obj<<>>endobj", 200],
        'jpeg before zip'   => [$jpeg . "PK\5\6" . "\0" x 18, 200],
        'jpeg before PHP'   => [$jpeg . "<?php $script ?>", 200],
        'PDF before jpeg'   => ["%PDF-1.4\n$jpeg", 415],
        'junk before jpeg'  => ["\n$jpeg", 415],
        'page before jpeg'  => ["<html><script>$script</script>$jpeg", 415],
    );
}

# ---- what is not listed, whatever libraries may be linked: NAME => BYTES

sub unlisted ()
{
    my $png = picture(width => 8, height => 8, format => 'png');
    my $vips = do {
        my $dir = File::Temp->newdir;
        vips('black', "$dir/x.v", 8, 8);
        NginxTest::Picture::bytes_of("$dir/x.v");
    };

    return (
        'nothing'    => '',
        'one byte'   => "\xff",
        'bmp'        => 'BM' . pack('V v2 V V l2 v2 V6', 70, 0, 0, 54, 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0) . "\0" x 16,
        'ico'        => "\0\0\1\0\1\0" . pack('C4 v2 V2', 8, 8, 0, 0, 1, 32, length $png, 22) . $png,
        'psd'        => '8BPS' . pack('n x6 n N2 n2', 1, 3, 8, 8, 8, 3) . "\0" x 300,
        'jp2'        => pack('N a4 N', 12, 'jP  ', 0x0d0a870a) . box('ftyp', 'jp2 ', "\0" x 4, 'jp2 ') . "\0" x 100,
        'j2k'        => "\xff\x4f\xff\x51" . "\0" x 100,
        'jxl'        => "\xff\x0a" . "\0" x 100,
        'jxl box'    => pack('N a4 N', 12, 'JXL ', 0x0d0a870a) . "\0" x 100,
        'dicom'      => "\0" x 128 . 'DICM' . "\0" x 200,
        'ppm'        => "P6\n8 8\n255\n" . "\0" x 192,
        'huge ppm'   => "P6\n2000000000 2000000000\n255\n",
        'pfm'        => "PF\n8 8\n-1.0\n" . "\0" x 768,
        'hdr'        => "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 8 +X 8\n" . "\0" x 256,
        'exr'        => "v/1\1\2\0\0\0" . "\0" x 300,
        'fits'       => 'SIMPLE  =                    T' . ' ' x 2850,
        'mat'        => 'MATLAB 5.0 MAT-file' . ' ' x 105 . "\0\1IM" . "\0" x 100,
        'vips'       => $vips,
        'csv'        => "1,2,3\n4,5,6\n",
        'matrix'     => "2 2\n1 0\n0 1\n",
        'eps'        => "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        'mvg'        => "push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://127.0.0.1/x'\npop graphic-context\n",
        'msl'        => '<?xml version="1.0"?><image><read filename="/etc/passwd"/></image>',
        'xpm'        => "/* XPM */\nstatic char *x[] = {\"1 1 1 1\",\"a c #fff\",\"a\"};\n",
        'xbm'        => "#define x_width 8\n#define x_height 8\nstatic char x_bits[] = {0,0,0,0,0,0,0,0};\n",
        'tga'        => "\0\0\2" . "\0" x 9 . pack('v2 C2', 8, 8, 24, 0) . "\0" x 192,
        'mng'        => "\x8aMNG\r\n\x1a\n" . "\0" x 60,
        'svgz'       => Compress::Zlib::memGzip('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
        'cut svgz'   => substr(Compress::Zlib::memGzip('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' . join '', map { "<a id='$_'/>" } 1 .. 99), 0, 185),
        'mp4'        => box('ftyp', 'mp42', "\0" x 4, 'isom', 'mp42') . box('moov'),
        'bigtiff'    => "II+\0\x08\0\0\0" . "\0" x 40,
        'html'       => '<!DOCTYPE html><title>x</title><svg></svg>',
    );
}

1;
