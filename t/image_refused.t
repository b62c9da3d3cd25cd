# What is no image, or too much of one, is refused in one line; a bomb that went
# off would take longer than the client waits.

use lib 't/lib';
use NginxTest;
use Compress::Zlib ();
use IO::Compress::Gzip qw(gzip);

my $photo = photo();
my $png = picture(width => 60, height => 40, format => 'png');

# a PNG that claims any size
sub png_header ($width, $height)
{
    my $chunk = sub ($type, $data) { pack 'N a4 a* N', length $data, $type, $data, Compress::Zlib::crc32($type . $data) };
    return "\x89PNG\r\n\x1a\n" . $chunk->('IHDR', pack 'N N C5', $width, $height, 8, 2, 0, 0, 0)
        . $chunk->('IDAT', Compress::Zlib::compress("\0" x 64)) . $chunk->('IEND', '');
}

my $svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
gzip \$svg => \my $svgz;

my %files = (
    'cat.jpg'       => $photo,
    'cat.png'       => $photo,
    'noext'         => $png,
    'empty.jpg'     => '',
    'text.jpg'      => "hello\n" x 100,
    'marker.jpg'    => "\xff\xd8\xff",
    'truncated.jpg' => substr($photo, 0, 50_000),
    'truncated.png' => substr($png, 0, length($png) / 2),
    'truncated.gif' => substr(picture(width => 60, height => 40, frames => 4, format => 'gif'), 0, -20),
    'unended.jpg'   => substr($photo, 0, -2),
    'garbage.jpg'   => substr($photo, 0, 1000) . ("\x55" x 100_000),
    'a.svg'         => $svg,
    'a.svgz'        => $svgz,
    'a.pdf'         => "%PDF-1.4\n",
    'bomb.png'      => png_header(65535, 65535),
    'bomb2.png'     => png_header(2_000_000_000, 2_000_000_000),
    'line.png'      => png_header(1, 1_000_001),
    'zero.png'      => png_header(0, 10),
    'brand.avif'    => pack('N', 32) . 'ftypavif' . ("\0" x 200),
    'short.webp'    => "RIFF\xff\xff\xff\xffWEBPVP8 ",
    'short.gif'     => "GIF89a\xff\xff\xff\xff\xf7\0\0",
    'short.tif'     => "II*\0\x08\0\0\0\xff\xff",
    'many.gif'      => picture(width => 4, height => 4, frames => 12, format => 'gif'),
    'big.jpg'       => picture(width => 1200, height => 900, noise => 1, save => 'Q=100') . "\0" x 1_000_000,
);

my $t = nginx(<<'CONF', files => \%files, http => <<'HTTP');

    location ^~ /cdn-cgi/image/ {
        cdn_image cloudflare;
        cdn_image_transform on;
        cdn_image_max_frames 10;
        cdn_image_max_bytes 1m;
        cdn_image_max_output_pixels 4m;
    }

CONF

    server {
        listen 127.0.0.1:%PORT_edge%;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri; }
    }
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; cdn_image_max_bytes 100k; cdn_image_inputs png gif; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_page%;
        location ^~ /cdn-cgi/image/ {
            cdn_image cloudflare; cdn_image_transform on; root %DIR%/html;
            error_page 400 415 =200 /fallback;
        }
        location = /fallback { return 200 "a page of their own"; }
    }

HTTP

sub refused ($path, $status, $line, $name, $at = $t)
{
    my $r = $at->get($path);
    is($r->status, $status, $name);
    like($r->body, qr/\A$line\n\z/, 'says why in one line');
    is($r->header('Content-Type'), 'text/plain', 'of plain text');
}

# malformed and impossible options

my $prefix = '/cdn-cgi/image';

refused("$prefix/quality=50/line.png", 400, qr/no format holds a side of 1000001 pixels.*/, 'a side that no format holds');
for my $case (
    ['width=0', qr/width must be a whole number from 1 to 12000: "0"/],
    ['width=-5', qr/width must be .*"-5"/],
    ['width=1e3', qr/width must be .*/],
    ['width=99999999999999999999999', qr/width must be .*/],
    ['width=12001', qr/width must be .*/],
    ['height=abc', qr/height must be .*"abc"/],
    ['width=', qr/not an option: "width="/],
    ['width', qr/not an option: "width"/],
    ['', qr/not an option: ""/],
    ['width=10,,height=10', qr/not an option: ""/],
    ['width=10,colour=red', qr/unknown option: "colour"/],
    ['width=10,fit=stretch', qr/fit must be .*/],
    ['width=10,quality=101', qr/quality must be .*/],
    ['width=10,format=bmp', qr/format must be .*/],
    ['width=10,gravity=2x2', qr/gravity must be .*/],
    ['width=10,background=blurple', qr/not a CSS colour: "blurple"/],
    ['width=10,dpr=0', qr/dpr must be .*/],
    ['width=12000,dpr=3', qr/width times dpr must stay within 1 to 12000/],
    ['preset=nobody', qr/unknown preset: "nobody"/],
    ['width=10%0a', qr/width must be .*"10\?"/],
    ['width=3000,height=3000,fit=cover', qr/the result would .*/],
) {
    refused("$prefix/$case->[0]/cat.jpg", 400, $case->[1], "$case->[0] is refused");
}
refused("$prefix/width=10/%2e%2e/cat.jpg", 400, qr/the path climbs above its root/, 'an encoded one');
refused("$prefix/width=10/", 400, qr/the source is missing after the options/, 'no source');
refused("$prefix/width=10/https://example.com/x.jpg", 403, qr/sources from https:..example.com are not allowed here/, 'another host');
refused("$prefix/width=10/https:/example.com/x.jpg", 403, qr/sources from .*/, 'with one slash too');
refused("$prefix/width=10/http://user\@host/x.jpg", 400, qr/malformed host in the source: .*/, 'a host that is none');

# sources

refused("$prefix/width=20/empty.jpg", 415, qr/the source is not an image/, 'an empty file');
refused("$prefix/width=20/text.jpg", 415, qr/the source is not an image/, 'text');
refused("$prefix/width=20/marker.jpg", 415, qr/.*jpeg/, 'three bytes of a JPEG');
refused("$prefix/width=20/truncated.jpg", 415, qr/.*jpeg/, 'a truncated JPEG');
refused("$prefix/width=20/truncated.png", 415, qr/.*png/, 'a truncated PNG');
refused("$prefix/width=20/truncated.gif", 415, qr/the source is a gif that breaks off/, 'a truncated animation, of which there are frames');
refused("$prefix/width=20/garbage.jpg", 415, qr/.*jpeg/, 'a JPEG of garbage');
refused("$prefix/width=20/a.svg", 415, qr/the source is svg, which is not accepted/, 'an SVG');
refused("$prefix/width=20/a.svgz", 415, qr/the source is not an image/, 'a gzipped SVG');
refused("$prefix/width=20/a.pdf", 415, qr/the source is pdf, which is not accepted/, 'a PDF');
refused("$prefix/width=20/bomb.png", 413, qr/the source has 4294836225 pixels, more than 50000000/, 'a PNG bomb');
refused("$prefix/width=20/bomb2.png", 415, qr/.*png/, 'a PNG of two thousand million lines');
refused("$prefix/width=20/zero.png", 415, qr/.*png/, 'a PNG without width');
refused("$prefix/width=20/$_", 415, qr/.*(avif|webp|gif|tiff).*/, "the beginning of $_")
    for qw(brand.avif short.webp short.gif short.tif);
refused("$prefix/width=20/many.gif", 413, qr/the source has 12 frames, more than 10/, 'too many frames');
refused("$prefix/width=20/big.jpg", 413, qr/the source has more than 1048576 bytes/, 'too many bytes');

is($t->get("$prefix/width=20/unended.jpg")->body, $t->get("$prefix/width=20/cat.jpg")->body,
    'a JPEG that lacks but the marker of its end is whole');
is($t->get("$prefix/width=20/cat.png")->header('Content-Type'), 'image/jpeg', 'a wrong extension is no error');
is($t->get("$prefix/width=20/noext")->header('Content-Type'), 'image/png', 'nor is none');

# through a front, from an origin

$t->origin(sub ($request) {
    return [200, [], 'x' x 200_000, chunked => 1] if $request->{uri} =~ /chunked/;
    return [200, [], 'x' x 200_000] if $request->{uri} =~ /large/;
    return [200, ['Content-Encoding' => 'gzip'], 'x'] if $request->{uri} =~ /gzip/;
    return [200, ['Content-Length' => 9000], $png, close => 1, truncate => 300] if $request->{uri} =~ /broken/;
    return [200, [], $png, reset => 'head'] if $request->{uri} =~ /reset/;
    return [302, [Location => 'http://127.0.0.1:1/'], ''] if $request->{uri} =~ /redirect/;
    return [503, ['Retry-After' => 9], 'busy'] if $request->{uri} =~ /busy/;
    return [200, [], photo()] if $request->{uri} =~ /jpeg/;
    return [200, [], $png];
});
my $edge = $t->at('edge');
is($edge->status("$prefix/width=20/ok"), 200, 'a PNG from an origin');
refused("$prefix/width=20/chunked", 413, qr/the source has more than 102400 bytes/, 'too long without a length', $edge);
refused("$prefix/width=20/large", 413, qr/the source has more than 102400 bytes/, 'too long by its length', $edge);
refused("$prefix/width=20/gzip", 415, qr/the source is compressed as gzip/, 'a compressed source', $edge);
is($edge->status("$prefix/width=20/broken"), 502, 'a source that breaks off is a bad gateway');
is($edge->status("$prefix/width=20/reset"), 502, 'as is an origin that breaks off before');
is($edge->status("$prefix/width=20/redirect"), 302, 'a redirect is passed on, not followed');
my $busy = $edge->get("$prefix/width=20/busy");
is($busy->status . ' ' . $busy->body, '503 busy', 'the origin\'s errors are its own');
is($t->at('tier')->request('POST', '/cdn-image/w=20,q=80/ok')->status, 405, 'only GET and HEAD make pictures');

# error_page

is($t->at('page')->get("$prefix/width=0/cat.jpg")->body, 'a page of their own', 'error_page works for options');
is($t->at('page')->get("$prefix/width=20/text.jpg")->body, 'a page of their own', 'and for sources');

# the connection lives on

my $c = $t->connect;
for my $path ("$prefix/width=0/cat.jpg", "$prefix/width=20/big.jpg", "$prefix/width=20/text.jpg") {
    $c->ask($path);
    isnt($c->response->status, 200, "after $path");
}
is($c->get("$prefix/width=20/cat.jpg")->status, 200, 'the same connection serves');

done();
