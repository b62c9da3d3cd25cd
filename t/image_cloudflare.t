# Cloudflare's options that are more than pixels: format=json, onerror, compression.

use lib 't/lib';
use NginxTest;

my $photo = photo();
my $t = nginx(<<'CONF', files => { 'cat.jpg' => $photo, 'turned.jpg' => with_exif(picture(), orientation => 6) }, http => <<'HTTP');

    proxy_cache edge;
    proxy_cache_key $request_uri;
    proxy_cache_valid 200 1m;

    location ^~ /cdn-cgi/image/ {
        cdn_image cloudflare;
        cdn_image_sources elsewhere.example;
        proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        add_header X-Cache $upstream_cache_status always;
        add_header X-Uri $cdn_image_uri always;
    }
    location = /cdn/status { cdn_status prometheus; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }
    server {
        listen 127.0.0.1:%PORT_alone%;
        root %DIR%/html;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
    }

HTTP

$t->write('text.jpg', 'no picture');
$t->write('logo.png', picture(format => 'png', alpha => 1));
my ($width, $height) = @{ image_info($photo) }{qw(width height)};

sub image ($list, $file = 'cat.jpg') { "/cdn-cgi/image/$list/$file" }

# format=json

for my $at ($t, $t->at('alone')) {
    my $r = $at->get(image('width=300,format=json'));
    is($r->status, 200, 'format=json');
    is($r->header('Content-Type'), 'application/json', 'is JSON');
    is_deeply($r->json, {
        width => 300, height => 199,
        original => { file_size => length $photo, width => $width, height => $height, format => 'image/jpeg' },
    }, 'of source and result');
    like($r->header('ETag'), qr/^"[0-9a-f]{32}"$/, 'with an ETag');
    is($r->header('Vary'), undef, 'nothing is negotiated');
    is($r->header('X-Content-Type-Options'), 'nosniff', 'its type is final');
    is($at->get(image('width=300,format=json'), 'If-None-Match' => $r->header('ETag'))->status, 304, 'If-None-Match');
    is($at->head(image('width=300,format=json'))->header('Content-Length'), length $r->body, 'HEAD');
    like($r->header('Cf-Resized'), qr/^internal=ok/, 'Cf-Resized');

    is_deeply($at->get(image('w=100,f=json', 'turned.jpg'))->json->{original}{width}, 200, 'of the upright picture');
    is($at->get(image('f=json', 'text.jpg'))->status, 415, 'no picture, no description');
    is($at->get(image('f=json', 'none.jpg'))->status, 404, 'nor without a source');
}
is($t->get(image('f=json,w=300,q=20,blur=5,metadata=keep'))->header('X-Cache'), 'HIT', 'what changes no size changes nothing');
is($t->get(image('f=json,preset=avatar,q=3'))->json->{width}, 150, 'of a preset');
isnt($t->get(image('w=300'))->header('ETag'), $t->get(image('w=300,f=json'))->header('ETag'), 'a picture has another ETag');

# onerror

for my $at ($t, $t->at('alone')) {
    my $r = $at->get(image('w=50,onerror=redirect', 'text.jpg?v=1'));
    is($r->status, 302, 'onerror=redirect');
    is($r->header('Location'), '/text.jpg?v=1', 'to the source');
    is($r->header('Cf-Resized'), 'err=9412', 'says why');
    is($at->get(image('w=50', 'text.jpg'))->status, 415, 'for that URL only');
    is($at->get(image('w=50,onerror=redirect'))->status, 200, 'and on errors only');
    is($at->get(image('w=50,onerror=redirect', 'none.jpg'))->status, 404, 'a missing source is missing');
    is($at->get(image('w=0,onerror=redirect', 'text.jpg'))->status, 400, 'nonsense is nonsense');
}
is($t->get(image('w=50,q=80,onerror=redirect'))->header('X-Uri'), '/cdn-image/w=50,q=80/cat.jpg', 'the picture is the same one');
is($t->get(image('w=50,onerror=redirect', 'https://elsewhere.example/a.jpg'))->status, 403, 'never to another site');

# compression

my %avif = (Accept => 'image/avif,image/webp');
my $r = $t->get(image('w=50,f=auto,compression=fast'), %avif);
is($r->header('Content-Type'), 'image/jpeg', 'compression=fast: what is quick to encode');
is($r->header('Vary'), undef, 'whatever the client shows');
is($t->get(image('w=50,f=avif,compression=fast', 'logo.png'))->header('Content-Type'), 'image/png', 'transparency stays');

# in the words of models

is($t->get(image("w=50,h=50,fit=cover,g=face,$_"))->status, 200, "$_ is taken") for 'zoom=0.5', 'face-zoom=1', 'upscale=generate';
$r = $t->get(image('segment=foreground'));
is($r->status, 400, 'segment is refused');
is($r->body, "segment is not supported here\n", 'plainly');

like($t->get('/cdn/status')->body, qr/image_transforms_total\{format="json",outcome="ok"\}/, 'descriptions are counted');

done();
