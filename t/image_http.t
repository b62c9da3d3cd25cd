# A transformed picture is an ordinary HTTP resource.

use lib 't/lib';
use NginxTest;

my $photo = photo();

my $t = nginx(<<'CONF', files => { 'cat.jpg' => $photo, 'small.jpg' => picture(), 'plain.txt' => 'plain' }, http => <<'HTTP');

    listen 127.0.0.1:%PORT_h2% ssl http2;
    %TLS%

    location ^~ /cdn-cgi/image/ {
        cdn_image       cloudflare;
        proxy_pass      http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        proxy_cache     edge;
        proxy_cache_key $request_uri;
        proxy_cache_valid 200 1m;
        add_header      X-Cache $upstream_cache_status always;
    }
    location ^~ /direct/ {
        cdn_image   cloudflare;
        rewrite     ^/direct(/.*) $1 break;
        proxy_pass  http://127.0.0.1:%PORT_tier%;
    }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

    server {
        listen 127.0.0.1:%PORT_alone% default_server;
        root %DIR%/html;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
    }
    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }
    server {
        listen 127.0.0.1:%PORT_vary%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }

HTTP

my $path = '/cdn-cgi/image/width=200/cat.jpg';

for my $how (qw(main alone)) {
    my $at = $how eq 'main' ? $t : $t->at('alone');
    my $r = $at->get($path);
    my $etag = $r->header('ETag');

    is($r->status, 200, "$how: 200");
    is($r->header('Content-Length'), length $r->body, 'exact Content-Length');
    like($etag, qr/^"[0-9a-f]{32}"$/, 'a strong ETag');
    is($r->header('Accept-Ranges'), 'bytes', 'ranges are offered');

    my $head = $at->head($path);
    is($head->status, 200, 'HEAD');
    is($head->header('Content-Length'), length $r->body, 'has the same length');
    is($head->header('ETag'), $etag, 'and the same ETag');
    is($head->body, '', 'and no body');

    is($at->get($path, 'If-None-Match' => $etag)->status, 304, 'If-None-Match: 304');
    is($at->get($path, 'If-None-Match' => "\"x\", W/$etag")->status, 304, 'in a list, weakly');
    is($at->get($path, 'If-None-Match' => '"x"')->status, 200, 'another ETag: 200');

    my $part = $at->get($path, Range => 'bytes=10-19');
    is($part->status, 206, 'a range of the picture');
    is($part->body, substr($r->body, 10, 10), 'is cut from its bytes');
    is($at->get($path, Range => 'bytes=10-19', 'If-Range' => $etag)->status, 206, 'If-Range with its ETag');
    is($at->get($path, Range => 'bytes=10-19', 'If-Range' => '"x"')->status, 200, 'and with another');
    is($at->get($path, Range => 'bytes=9999999-')->status, 416, 'a range beyond it');

    isnt($at->get('/cdn-cgi/image/width=201/cat.jpg')->header('ETag'), $etag, 'other options, another ETag');
}

my $etag = $t->at('alone')->get('/cdn-cgi/image/width=50/small.jpg')->header('ETag');
$t->write('small.jpg', picture(color => [0, 0, 255]));
isnt($t->at('alone')->get('/cdn-cgi/image/width=50/small.jpg')->header('ETag'), $etag,
    'another source, another ETag');

# one connection

my $c = $t->at('alone')->connect;
$c->ask($path) for 1 .. 3;
$c->ask('/cdn-cgi/image/width=0/cat.jpg');
$c->ask('/plain.txt');
$c->ask($path, method => 'HEAD');
$c->ask($path);
is(join(' ', map { $c->response->status } 1 .. 7), '200 200 200 400 200 200 200',
    'pipelined: answered in order, an error among them');

my @h2 = $t->h2($t->port('h2'), [$path, '/cdn-cgi/image/width=100,format=png/cat.jpg', '/plain.txt', ['HEAD', $path],
    '/cdn-cgi/image/width=x/cat.jpg']);
is(join(' ', map { $_->status } @h2), '200 200 200 200 400', 'HTTP/2: each stream its own answer');
is(image_info($h2[0]->body)->{width}, 200, 'the right picture');
is($h2[2]->body, 'plain', 'and the right file');

# negotiation

my $auto = '/cdn-cgi/image/width=120,format=auto/cat.jpg';
my %chrome = (Accept => 'image/avif,image/webp,image/apng,image/*,*/*;q=0.8');

for my $case (
    ['image/avif,image/webp,image/apng,image/*,*/*;q=0.8', 'image/avif', 'AVIF is preferred'],
    ['image/webp,*/*', 'image/webp', 'WebP is next'],
    ['image/avif;q=0, image/webp', 'image/webp', 'q=0 refuses'],
    ['image/*,*/*', 'image/jpeg', 'wildcards promise nothing'],
    [undef, 'image/jpeg', 'nor does no header'],
) {
    my ($accept, $type, $name) = @$case;
    for my $at ($t, $t->at('alone')) {
        my $r = $at->get($auto, Accept => $accept);
        is($r->header('Content-Type'), $type, $name);
        is($r->header('Vary'), 'Accept', 'Vary names it');
        is(image_info($r->body)->{format}, $type =~ s/.*\///r, 'and the bytes are that');
    }
}

is($t->get($auto, %chrome)->header('X-Cache'), 'HIT', 'each format has its own cache entry');
is($t->get($auto, Accept => 'image/webp,image/avif;q=0.5')->header('X-Cache'), 'HIT',
    'other words for the same formats share it');

my $r = $t->get($auto, %chrome);
is($t->get($auto, %chrome, 'If-None-Match' => $r->header('ETag'))->header('Vary'), 'Accept', 'Vary on 304');
is($t->head($auto, %chrome)->header('Vary'), 'Accept', 'Vary on HEAD');
is($t->get($auto, %chrome, Range => 'bytes=0-9')->header('Vary'), 'Accept', 'Vary on 206');
is($t->get('/cdn-cgi/image/width=120,format=auto/none.jpg', %chrome)->header('Vary'), 'Accept', 'Vary on 404');
is($t->at('alone')->get('/cdn-cgi/image/width=120,format=auto/plain.txt')->header('Vary'), 'Accept', 'Vary on 415');
is($t->get($path)->header('Vary'), undef, 'no Vary where nothing is negotiated');

# what a tier asks of its source, and passes on

$t->origin(sub ($request) {
    return [200, [ETag => '"v1"', Vary => 'Accept, Origin, accept-encoding', 'Cache-Control' => 'max-age=60',
        'Cache-Tag' => 'cats', 'Content-Type' => 'text/plain'], $photo];
});
$r = $t->at('vary')->get('/cdn-image/w=50,q=80/x', 'Accept-Encoding' => 'gzip', Range => 'bytes=0-9',
    'If-None-Match' => '"v1"', 'If-Modified-Since' => 'Sat, 21 Nov 2026 00:00:00 GMT', Cookie => 'a=b');
is($r->status, 206, 'a range is answered from the result');
my ($asked) = $t->origin_requests;
ok(!exists $asked->{headers}{$_} && !exists $asked->{headers}{lc $_}, "the source is not asked with $_")
    for qw(Range If-None-Match If-Modified-Since Accept-Encoding);
is($r->header('Vary'), 'Origin', 'what was settled before leaves Vary');
is($r->header('Cache-Tag'), 'cats', 'tags stay');
is($r->header('Cache-Control'), 'max-age=60', 'freshness stays');
is($r->header('Content-Type'), 'image/jpeg', 'bytes decide the type');
isnt($r->header('ETag'), '"v1"', 'the ETag is its own');

done();
