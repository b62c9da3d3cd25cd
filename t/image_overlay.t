# KeyCDN's overlays: a second picture, fetched the way of the first, laid on it and purged with it.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;
use File::Temp ();

my $blue = picture(width => 200, height => 100, format => 'png', color => [0, 0, 255]);
my $red = picture(width => 20, height => 20, format => 'png', color => [255, 0, 0]);
my $green = picture(width => 20, height => 20, format => 'png', color => [0, 255, 0]);

my %files = (
    'p/a.png'        => $blue,
    'original/a.png' => $blue,
    'signed/a.png'   => $blue,
    'none/a.png'     => $blue,
    'p/a.jpg'        => picture(width => 200, height => 100, color => [0, 0, 255], save => 'Q=95'),
    'p/alpha.png'    => picture(width => 200, height => 100, format => 'png', alpha => 1),
    'p/film.gif'     => picture(width => 60, height => 40, format => 'gif', frames => 3, delay => 70),
    'brand/l.png'    => $red,
    'brand/l o.png'  => $red,
    'brand/text.png' => "hello\n" x 100,
    'brand/cut.png'  => substr(picture(width => 300, height => 300, noise => 1, format => 'png'), 0, 5000),
    'brand/big.png'  => $red . "\0" x 300_000,
    'brand/many.gif' => picture(width => 4, height => 4, frames => 12, format => 'gif'),
    'secret/l.png'   => $green,
    'logo.png'       => $green,
    'pretty/a.png'   => $blue,
    'page/a.html'    => '[<!--#include virtual="/p/a.png?olurl=/brand/l.png" -->]',
);

my $new = File::Temp->new . '';                       # a file that is there once the origin has the green one

my $t = nginx(<<'CONF', files => \%files, http => <<'HTTP', origin => sub ($r) {

    cdn_image keycdn;
    cdn_image_transform on;
    cdn_image_overlays /brand/ /logo.png;
    cdn_image_max_bytes 200k;
    cdn_image_max_frames 10;
    cdn_image_max_pixels 200k;

    location / { }
    location = /origin { cdn_image off; return 200 %ORIGIN%; }
    location /secret/ { deny all; }
    location /none/ { cdn_image_overlays /x/; }
    location /twice/ {
        set $from $uri;
        proxy_pass http://%ORIGIN%;  proxy_cache twice;  proxy_cache_valid 1m;  proxy_cache_key $from;
    }
    location /shared/ {
        proxy_pass http://%ORIGIN%;  proxy_cache shared;  proxy_cache_valid 1m;  proxy_cache_key one;
    }
    location /page/ { ssi on; cdn_image off; }
    location /pretty/ { error_page 404 =200 /p/a.png; }
    location /original/ { cdn_image_on_error original; }
    location /signed/ { cdn_sign required; cdn_sign_scheme keycdn mode=image; cdn_sign_key k secret; }

CONF

    cdn_zone 8m;
    proxy_cache_path %DIR%/cache/edge keys_zone=edge:1m;
    proxy_cache_path %DIR%/cache/originals keys_zone=originals:1m;
    proxy_cache_path %DIR%/cache/twice keys_zone=twice:1m;
    proxy_cache_path %DIR%/cache/shared keys_zone=shared:1m;

    server {
        listen 127.0.0.1:%PORT_edge%;
        location / {
            cdn_image keycdn;  cdn_image_overlays /brand/;
            proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri;
            proxy_cache edge;  proxy_cache_key $request_uri;
            cdn_purge on;  cdn_purge_upstream trusted;
            add_header X-Cache $upstream_cache_status always;
        }
        location ^~ /cdn/purge { cdn_purge_api; }
    }
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / {
            cdn_image_transform on;  cdn_image_overlays /brand/;
            proxy_pass http://%ORIGIN%;
            proxy_cache originals;  proxy_cache_lock on;  proxy_read_timeout 2s;
            cdn_purge on;
            cdn_image_max_bytes 200k;
        }
    }
    server {
        listen 127.0.0.1:%PORT_closed%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_hosts%;
        cdn_image keycdn;  cdn_image_transform on;  cdn_image_sources %ORIGIN%;
        location / { cdn_image_origin http://127.0.0.1:%PORT_files%;  proxy_pass $cdn_image_origin$cdn_image_source; }
        location /fixed/ { proxy_pass http://127.0.0.1:%PORT_files%; }
    }
    server { listen 127.0.0.1:%PORT_files%; root %DIR%/html; }

HTTP
    my $path = $r->{uri} =~ s/\?.*//r;
    return [200, ['Content-Type' => 'image/png', 'Cache-Control' => 'max-age=600', 'Cache-Tag' => 'photo', 'X-CDN-Overlay' => '1 forged'], $blue] if $path =~ m{/a\.png$};
    return [200, ['Content-Type' => 'image/png', 'Cache-Control' => 'max-age=600', 'Cache-Tag' => 'brand'], -e $new ? $green : $red] if $path eq '/brand/v.png';
    return [200, ['Cache-Control' => 'private'], $red] if $path eq '/brand/private.png';
    return [200, ['Cache-Control' => 'max-age=600'], $red] if $path eq '/brand/l.png';
    return [200, [], 'x' x 10_000_000, drip => [50_000, 0.05], chunked => 1] if $path eq '/brand/endless.png';
    return [200, [], $red, silent => 1] if $path eq '/brand/silent.png';
    return [200, [], $red, truncate => 30] if $path eq '/brand/broken.png';
    return [200, ['Content-Encoding' => 'br'], $red] if $path eq '/brand/br.png';
    return [$1, [], "no\n"] if $path =~ m{^/brand/(\d+)};
    return [302, [Location => '/brand/l.png'], ''] if $path eq '/brand/moved.png';
    return [404, [], "no\n"];
});

sub made ($at, $url, $name)
{
    my $r = $at->get($url);
    is($r->status, 200, $name) or diag $r->body;
    return $r->body;
}

sub near ($bytes, $x, $y, $expected, $name, %opt)
{
    my @got = pixel($bytes, $x, $y, %opt);
    my $off = 0;
    for my $i (0 .. $#$expected) {
        my $difference = abs(($got[$i] // -999) - $expected->[$i]);
        $off = $difference if $difference > $off;
    }
    cmp_ok($off, '<=', $opt{off} // 4, $name) or diag "got @got, expected @$expected";
}

sub refused ($at, $url, $status, $line, $name)
{
    my $r = $at->get($url);
    is($r->status, $status, "$name: $status");
    like($r->body, $line, 'in one line') or diag $r->body;
}

# The canonical URI, as a front sends it.
sub laid ($overlay) { '/cdn-image/overlay=' . b64u($overlay) . ';0.5x0.5;0;0;0;0;100,q=85/a.png' }

my ($B, $R, $G) = ([0, 0, 255], [255, 0, 0], [0, 255, 0]);

# ---- laid

my $r = made($t, '/p/a.png?olurl=/brand/l.png', 'an overlay');
near($r, 90, 40, $R, 'lies in the middle');
near($r, 89, 40, $B, 'and nowhere else');
near($r, 110, 59, $B, 'on either side');
$r = made($t, '/p/a.png?olurl=/brand/l.png&olalign=bottomright&olx=10&oly=5', 'aligned and shifted');
near($r, 189, 94, $R, 'from the edges');
near($r, 190, 94, $B, 'by that much');
$r = made($t, '/p/a.png?width=100&olurl=/brand/l.png&olwidth=50%25&olalign=topleft', 'in percent');
near($r, 49, 49, $R, 'of the finished picture');
near($r, 51, 25, $B, 'which was resized before');
$r = made($t, '/p/a.png?olurl=/brand/l.png&olwidth=100%', 'a percent sign as people write it');
near($r, 50, 50, $R, 'counts');
near(made($t, '/p/a.png?olurl=/brand/l.png&olalpha=1', 'olalpha=1'), 100, 50, [3, 0, 252], 'is nearly nothing');
near(made($t, '/p/a.png?olurl=/brand/l.png&olalpha=50', 'olalpha=50'), 100, 50, [128, 0, 128], 'is half');
near(made($t, '/p/a.png?olurl=/brand/l.png&olalpha=99', 'olalpha=99'), 100, 50, [252, 0, 3], 'is nearly all');
$r = made($t, '/p/a.png?olurl=/brand/l.png&olrepeat=1&olwidth=10', 'repeated');
near($r, $_, $_, $R, "all over: $_") for 0, 50, 99;
near(made($t, '/p/a.png?olurl=/brand/l.png&olalign=topleft&olx=200', 'beyond the picture'), 199, 0, $B, 'is not seen');
near(made($t, '/p/a.png?olurl=/brand/l.png&olalign=topleft&olx=199&oly=99', 'the last pixel'), 199, 99, $R, 'is seen');
near(made($t, '/p/a.jpg?olurl=/brand/l.png', 'on a JPEG'), 100, 50, $R, 'too', off => 24);
near(made($t, '/p/alpha.png?format=jpg&olurl=/brand/l.png', 'on what had alpha'), 100, 50, $R, 'without it', off => 24);
my $film = made($t, '/p/film.gif?olurl=/brand/l.png&olalign=topleft&format=webp&lossless=1', 'on a film');
is(image_info($film)->{pages}, 3, 'of as many frames');
near($film, 5, 5, $R, "on frame $_", page => $_) for 0 .. 2;
near(made($t, '/p/a.png?olurl=/logo.png', 'a file that is named'), 100, 50, $G, 'itself');
near(made($t, '/p/a.png?olurl=/brand/l%20o.png', 'a plain URL'), 100, 50, $R, 'of a strange name');
near(made($t, '/p/a.png?olurl=%2Fbrand%2Fl%2520o.png', 'an encoded URL'), 100, 50, $R, 'of that name');
$r = made($t, '/brand/l.png?width=40&negate=1&olurl=/brand/l.png', 'the picture itself');
near($r, 20, 20, $R, 'is laid');
near($r, 5, 5, [0, 255, 255], 'on what became of it');
is($t->head('/p/a.png?olurl=/brand/l.png')->status, 200, 'HEAD');

my $etag = $t->get('/p/a.png?olurl=/brand/l.png')->header('ETag');
is($t->status('/p/a.png?olurl=/brand/l.png', 'If-None-Match' => $etag), 304, 'its ETag confirms it');
$t->write('brand/changing.png', $red);
my $before = $t->get('/p/a.png?olurl=/brand/changing.png')->header('ETag');
$t->write('brand/changing.png', $green);
isnt($t->get('/p/a.png?olurl=/brand/changing.png')->header('ETag'), $before, 'and changes with the overlay');

# ---- refused

refused($t, '/p/a.png?olurl=/secret/l.png', 403, qr/^overlays from \/secret\/l\.png are not allowed here\n$/, 'of another folder');
refused($t, "/p/a.png?olurl=$_", 403, qr/not allowed/, "out of the folder by $_")
    for '/brand/../secret/l.png', '/brand/%252e%252e/secret/l.png', '/brand/..%252fsecret/l.png', '/brandx/l.png', '/brand', '/logo.png/x';
refused($t, '/none/a.png?olurl=/brand/l.png', 403, qr/not allowed/, 'where others may be named');
refused($t, '/p/a.png?olurl=https://evil.example/l.png', 403, qr/sources from https:\/\/evil\.example are not allowed/, 'of another host');
refused($t, '/p/a.png?olurl=/brand/none.png', 404, qr/^the overlay is not to be had: 404\n$/, 'no such overlay');
refused($t, '/p/a.png?olurl=/brand/text.png', 415, qr/^the overlay is not an image\n$/, 'no image');
refused($t, '/p/a.png?olurl=/brand/cut.png', 415, qr/^the overlay is damaged/, 'half an image');
refused($t, '/p/a.png?olurl=/brand/big.png', 413, qr/^the overlay has more than 204800 bytes\n$/, 'too many bytes');
refused($t, '/p/a.png?olurl=/brand/many.gif', 413, qr/^the overlay, beside the picture: the source has 12 frames/, 'too many frames');
refused($t, '/p/none.png?olurl=/brand/l.png', 404, qr/404/, 'no such picture');
refused($t, '/p/a.png?olurl=/brand/l.png&olwidth=0', 400, qr/olwidth/, 'no width');
near(made($t, '/original/a.png?olurl=/brand/text.png', 'where the original serves'), 100, 50, $B, 'it does');
near(made($t, '/original/a.png?olurl=/brand/big.png', 'and instead of too large an overlay'), 100, 50, $B, 'it does');
is($t->status('/original/a.png?olurl=/brand/none.png'), 404, 'but not instead of one that is not there');

is($t->status('/pretty/a.png?olurl=/brand/none.png'), 200, 'a page of their own serves for the whole');
is($t->get('/page/a.html')->body, "[overlays are not laid on a part of a page\n]", 'a picture within a page has none');

# what would be options is the overlay's own query, and no transformation
near(made($t, '/p/a.png?olurl=/brand/l.png%3Fwidth=1', 'an overlay whose query has options'), 91, 41, $R, 'is not transformed');
refused($t, '/p/a.png?olurl=/brand/l.png%3Folurl=/brand/l.png%26width=999999', 200, qr/PNG/, 'nor recursive');

# ---- from an origin, through a cache, under an edge

my $edge = $t->at('edge');
my $tier = $t->at('tier');

near(made($edge, '/a.png?olurl=/brand/v.png', 'through edge and tier'), 100, 50, $R, 'it lies there');
is($edge->get('/a.png?olurl=%2Fbrand%2Fv.png')->header('X-Cache'), 'HIT', 'one cache entry for all spellings');
is(scalar $t->origin_requests(qr{/brand/v}), 1, 'the origin gave it once');
made($edge, '/a.png?olurl=/brand/v.png&olx=1', 'another composition');
is(scalar $t->origin_requests(qr{/brand/v}), 1, 'takes it from the tier\'s cache');
is(scalar $t->origin_requests(qr{^/a\.png}), 1, 'and the picture too');
is($tier->request(GET => laid('/brand/l.png?body'), body => 'hello')->status, 200, 'a request with a body');
is(($t->origin_requests(qr{\?body}))[0]{headers}{'content-length'}, undef, 'gives the overlay\'s fetch none');

open my $flag, '>', $new or die;
for my $call ([urls => '/brand/v.png'], [tags => 'brand']) {
    $edge->get('/a.png?olurl=/brand/v.png') for 1, 2;
    is($edge->get('/a.png?olurl=/brand/v.png')->header('X-Cache'), 'HIT', "cached before a purge of $call->[0]");
    is($edge->request(POST => '/cdn/purge', body => qq({"$call->[0]":["$call->[1]"],"mode":"hard"}))->status, 200, 'purged');
    my $new = $edge->get('/a.png?olurl=/brand/v.png');
    is($new->header('X-Cache'), 'MISS', 'the composed picture with it');
    near($new->body, 100, 50, $G, 'it is made of the new overlay');
    is($edge->get('/a.png?olurl=/brand/v.png')->header('X-Cache'), 'HIT', 'and stays');
}
is($edge->get('/a.png?olurl=/brand/v.png')->header('Cache-Tag'), undef, 'clients see no tags');
is($edge->request(POST => '/cdn/purge', body => '{"tags":["photo"],"mode":"hard"}')->status, 200, 'a purge of the picture\'s tag');
my $overlays = $t->origin_requests(qr{/brand/v});
is($edge->get('/a.png?olurl=/brand/v.png')->header('X-Cache'), 'MISS', 'counts as before');
is($edge->get('/a.png?olurl=/brand/v.png')->header('X-Cache'), 'HIT', 'the older overlay is no reason to make it once more');
is(scalar $t->origin_requests(qr{/brand/v}), $overlays, 'nor to fetch it');
unlink $new;
$edge->request(POST => '/cdn/purge', body => '{"tags":["brand"],"mode":"hard"}');
near($edge->get('/a.png?olurl=/brand/v.png')->body, 100, 50, $R, 'but a purge of the overlay still counts');
is($edge->get('/a.png?olurl=/brand/v.png')->header('X-CDN-Overlay'), undef, 'of which clients are told nothing');
like($edge->get('/a.png?olurl=/brand/v.png', 'CDN-Loop' => 'ngx_cdn')->header('X-CDN-Overlay'), qr/^\d{13} brand$/,
    'and edges its birth and tags');
is($tier->get('/cdn-image/w=9,q=80/a.png', 'CDN-Loop' => 'ngx_cdn')->header('X-CDN-Overlay'), undef, 'an origin\'s word is not passed on');
open $flag, '>', $new or die;
$edge->request(POST => '/cdn/purge', body => '{"urls":["/brand/v.png"],"mode":"hard"}');

$edge->get('/a.png?olurl=/brand/private.png') for 1, 2;
is($edge->get('/a.png?olurl=/brand/private.png')->header('X-Cache'), 'MISS', 'with a private overlay it is not kept');

refused($edge, '/a.png?olurl=/brand/404.png', 404, qr/overlay/, 'no overlay');
refused($edge, '/a.png?olurl=/brand/403.png', 403, qr/overlay/, 'not ours');
refused($edge, '/a.png?olurl=/brand/500.png', 502, qr/overlay/, 'a broken origin');
refused($edge, '/a.png?olurl=/brand/503.png', 503, qr/overlay/, 'a busy origin');
refused($edge, '/a.png?olurl=/brand/moved.png', 502, qr/overlay/, 'a redirect is not followed');
refused($edge, '/a.png?olurl=/brand/broken.png', 502, qr/overlay broke off/, 'a broken overlay');
refused($edge, '/a.png?olurl=/brand/br.png', 415, qr/overlay is compressed/, 'a compressed overlay');
refused($edge, '/a.png?olurl=/brand/endless.png', 413, qr/overlay has more than/, 'one without end');
refused($tier, laid('/brand/endless.png'), 413, qr/overlay has more than/, 'at the tier itself too');
refused($edge, '/a.png?olurl=/brand/silent.png', 504, qr/overlay/, 'one that never comes');
near(made($edge, '/a.png?olurl=/brand/v.png', 'then'), 100, 50, $G, 'all is well');

# a client that leaves while its overlay is awaited
for (1 .. 3) {
    my $before = $t->origin_requests(qr{silent});
    my $c = $tier->begin(laid("/brand/silent.png?$_"));
    ok(eventually(sub { $t->origin_requests(qr{silent}) > $before }), 'its fetch has begun');
    $c->abort;                                         # and the client leaves
}
is($tier->status('/cdn-image/q=85/a.png'), 200, 'clients that left leave nothing behind');

refused($t->at('closed'), laid('/brand/l.png'), 403, qr/not allowed/, 'a tier that names no folders believes no front');

# ---- hosts

my $hosts = $t->at('hosts');
my $origin = 'http://' . $t->get('/origin')->body;
near(made($hosts, "/p/a.png?olurl=$origin/brand/l.png", 'of a host that may be named'), 100, 50, $R, 'it comes from there');
near(made($hosts, "/p/a.jpg?olurl=" . ($origin =~ s/([:\/])/sprintf '%%%02X', ord $1/ger) . '%2Fbrand%2Fl.png', 'encoded'), 100, 50, $R, 'too', off => 24);
refused($hosts, "/fixed/a.png?olurl=$origin/brand/l.png", 403, qr/overlays of other hosts are not fetched here/, 'where nothing fetches it');

# ---- caches in the location itself

near(made($t, '/twice/a.png?olurl=/brand/l.png', 'a key that the location sets'), 100, 50, $R, 'is set for either');
near(made($t, '/twice/a.png?width=100', 'the picture'), 50, 25, $B, 'is itself in the cache');
$r = $t->get('/shared/a.png?olurl=/brand/l.png');
is($r->status, 500, 'one key for both');
like($t->error_log, qr/the overlay and its picture share a cache key/, 'is an error, and no other picture');

# ---- signatures: of the string as sent

sub token ($path, $query) { $path . '?' . $query . '&token=' . b64u(md5($path . $query . 'secret')) }

for my $url ('/brand/l.png', '%2Fbrand%2Fl.png') {
    my $signed = token('/signed/a.png', "width=100&olurl=$url");
    near(made($t, $signed, "signed, $url"), 50, 25, $R, 'laid');
    is($t->status($signed =~ s{brand(?=.*token)}{brand%2F}r), 403, 'no other overlay');
    is($t->status($signed =~ s/&token=.*//r), 403, 'nor without a signature');
}
is($t->status(token('/signed/a.png', 'olurl=/brand/l.png') =~ s{/brand/l}{%2Fbrand%2Fl}r), 403, 'nor another spelling');

# ---- configuration

like(refuses("cdn_image_overlays $_;"), qr/"cdn_image_overlays": not a path: "\Q$_\E"/, "cdn_image_overlays $_") for 'brand/', '/a/../b/';

done();
