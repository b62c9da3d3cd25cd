# Client hints: what screens and connections change, and Vary, which says so.

use lib 't/lib';
use NginxTest;

my $photo = photo();

my $t = nginx('', files => { 'cat.jpg' => $photo, 'plain.txt' => 'plain' }, http => <<'HTTP');

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

    server {
        listen 127.0.0.1:%PORT_edge%;
        proxy_cache edge;
        proxy_cache_key $request_uri;
        proxy_cache_valid 200 1m;
        add_header X-Cache $upstream_cache_status always;
        add_header X-Uri $cdn_image_uri always;

        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; proxy_pass http://127.0.0.1:%PORT_tier%; }
        location /custom/ { cdn_image custom; proxy_pass http://127.0.0.1:%PORT_tier%; }
        location /default/ {
            cdn_image custom;
            cdn_image_default width=auto format=auto;
            proxy_pass http://127.0.0.1:%PORT_tier%;
        }
    }
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_pages%;
        root %DIR%/html;
        cdn_image custom;
        error_page 404 /plain.txt;
        location / { cdn_image_transform on; }
        location = /plain.txt { }
    }
    server {
        listen 127.0.0.1:%PORT_alone%;
        root %DIR%/html;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
    }

HTTP

$t->write_origin($_, $photo) for qw(cat.jpg custom/cat.jpg default/cat.jpg);

sub image ($list) { "/cdn-cgi/image/$list/cat.jpg" }

my $edge = $t->at('edge');

# width=auto

for my $case (
    ['Sec-CH-Width' => 300, 320], ['Sec-CH-Width' => 321, 768], ['Sec-CH-Width' => 9999, 1200],
    ['Sec-CH-Viewport-Width' => 900, 960], [Width => 700, 768], ['X-None' => 1, 1200],
) {
    my ($name, $value, $width) = @$case;
    my $r = $edge->get(image('width=auto,q=70'), $name => $value);
    is($r->header('X-Uri'), "/cdn-image/w=$width,q=70/cat.jpg", "$name: $value is $width wide");
    is(image_info($r->body)->{width}, $width, 'the picture too');
    is($t->at('alone')->get(image('width=auto,q=70'), $name => $value)->header('Vary'), $r->header('Vary'), 'Vary is the same in one location');
}

is($edge->get(image('width=auto,q=70'), 'Sec-CH-Width' => 310)->header('X-Cache'), 'HIT',
    'clients of one step share a cache entry');
is($edge->get(image('w=320,q=70'))->header('X-Cache'), 'HIT', 'also with those that ask for it by number');
is($edge->get(image('width=auto,q=70'), 'Sec-CH-Viewport-Width' => 400, 'Sec-CH-DPR' => 2)->header('X-Uri'),
    '/cdn-image/w=960,q=70/cat.jpg', 'a dense screen has more pixels');

# Vary

my %narrow = ('Sec-CH-Width' => 300);
my $auto = image('width=auto,f=auto,q=70');

for my $at ($edge, $t->at('alone')) {
    is($at->get($auto, %narrow)->header('Vary'), 'Sec-CH-Width, Accept', 'Vary: what was read, no more');
    is($at->get($auto)->header('Vary'), 'Sec-CH-Width, Width, Sec-CH-Viewport-Width, Viewport-Width, Accept',
        'all that could have told the width');
    my $etag = $at->get($auto, %narrow)->header('ETag');
    my $not_modified = $at->get($auto, %narrow, 'If-None-Match' => $etag);
    is($not_modified->status, 304, 'a 304');
    is($not_modified->header('Vary'), 'Sec-CH-Width, Accept', 'has it');
    is($at->get($auto, %narrow, Range => 'bytes=0-9')->header('Vary'), 'Sec-CH-Width, Accept', 'a 206 has it');
    is($at->head($auto, %narrow)->header('Vary'), 'Sec-CH-Width, Accept', 'HEAD has it');
    my $none = $at->get('/cdn-cgi/image/width=auto/none.jpg', %narrow);
    is($none->status, 404, 'a 404');
    is($none->header('Vary'), 'Sec-CH-Width', 'has it');
    is($at->get(image('width=100'), %narrow)->header('Vary'), undef, 'a width of its own needs none');
    my $late = $at->get(image('width=auto,h=12000,dpr=3'), %narrow);
    is($late->status, 400, 'a refusal after hints were read');
    is($late->header('Vary'), 'Sec-CH-Width', 'has it');
    is($at->get(image('width=auto,q=0'), %narrow)->header('Vary'), undef, 'one before has none');
}

# scq

my $slow = image('w=50,q=80,scq=40');
is($edge->get($slow)->header('X-Uri'), '/cdn-image/w=50,q=80/cat.jpg', 'scq: a usual connection');
is($edge->get($slow)->header('Vary'), 'Save-Data, ECT, RTT, Downlink', 'every hint counted');
for my $case (['Save-Data' => 'on'], [RTT => 151], [ECT => '3g'], [Downlink => '1.5']) {
    my ($name, $value) = @$case;
    is($edge->get($slow, $name => $value)->header('X-Uri'), '/cdn-image/w=50,q=40/cat.jpg', "$name: $value is slow");
}
is($edge->get(image('w=50,q=80'), 'Save-Data' => 'on')->header('X-Uri'), '/cdn-image/w=50,q=80/cat.jpg',
    'without scq Save-Data changes nothing');

# custom

my $r = $edge->get('/custom/cat.jpg?width=100&dpr=auto&quality=70', 'Sec-CH-DPR' => '1.75');
is($r->header('X-Uri'), '/cdn-image/w=200,q=70/custom/cat.jpg', 'custom: dpr=auto');
is($r->header('Vary'), 'Sec-CH-DPR', 'varies on it');
is($edge->get('/custom/cat.jpg?width=auto&quality=70', 'Sec-CH-Width' => 500)->header('X-Uri'),
    '/cdn-image/w=768,q=70/custom/cat.jpg', 'width=auto');
$r = $edge->get('/default/cat.jpg', 'Sec-CH-Width' => 500, Accept => 'image/webp');
is($r->header('X-Uri'), '/cdn-image/w=768,f=webp,q=85/default/cat.jpg', 'and for URLs that say nothing');
is($r->header('Vary'), 'Sec-CH-Width, Accept', 'which vary then');

# on pages of the server's own

my $page = $t->at('pages')->get('/none.jpg?width=auto', %narrow);
is($page->status, 404, 'an error page');
is($page->body, 'plain', 'is served');
is($page->header('Vary'), 'Sec-CH-Width', 'and varies as what it stands for');

# with what the origin says

$t->origin(sub ($request) { [200, [Vary => 'Origin, sec-ch-width, Accept'], $photo] });
is($edge->get('/cdn-cgi/image/width=auto,f=auto/vary.jpg', %narrow)->header('Vary'), 'Origin, sec-ch-width, Accept',
    'the origin\'s own Vary stays, nothing is said twice');

done();
