# Edge and image tier: URLs in, pictures out, from every kind of source.

use lib 't/lib';
use NginxTest;

my $photo = photo();

my $t = nginx(<<'CONF', files => { 'cat.jpg' => $photo, 'a b+c.jpg' => $photo, 'deep/cat.jpg' => $photo }, http => <<'HTTP');

    location ^~ /cdn-cgi/image/ {
        cdn_image   cloudflare;
        proxy_pass  http://127.0.0.1:%PORT_root%$cdn_image_uri;
        add_header  X-Uri $request_uri always;
        add_header  X-Client $cdn_client_uri always;
        add_header  X-Source $cdn_image_source always;
        add_header  X-Format $cdn_image_format always;
    }

    location /variables { return 200 "$cdn_image_uri"; }

CONF

    cdn_zone  8m;
    proxy_cache_path %DIR%/cache/originals keys_zone=originals:1m;

    # tiers by what they fetch from
    server {
        listen 127.0.0.1:%PORT_root%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }
    server {
        listen 127.0.0.1:%PORT_proxy%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; add_header X-Info $cdn_image_info; }
    }
    server {
        listen 127.0.0.1:%PORT_unbuffered%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; proxy_buffering off; }
    }
    server {
        listen 127.0.0.1:%PORT_cached%;
        location / {
            cdn_image_transform on;
            proxy_pass http://%ORIGIN%;
            proxy_cache originals;
            proxy_cache_valid 200 1m;
            add_header X-Cache $upstream_cache_status;
        }
    }

    # no front
    server {
        listen 127.0.0.1:%PORT_alone%;
        root %DIR%/html;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
        location /tried/ { root %DIR%/html; }
    }
    server {
        listen 127.0.0.1:%PORT_alone_proxy%;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }

HTTP

$t->write_origin('cat.jpg', $photo);

my $options = '/cdn-cgi/image/width=300,quality=80';
my $r = $t->get("$options/cat.jpg");
is($r->status, 200, 'a photograph comes back');
is($r->header('Content-Type'), 'image/jpeg', 'as JPEG');
is(image_info($r->body)->{width}, 300, 'as wide as asked');
is(image_info($r->body)->{format}, 'jpeg', 'and is one');
is($r->header('X-Content-Type-Options'), 'nosniff', 'its type is final');
is($r->header('Last-Modified'), undef, 'the source\'s date is not its own');
is($r->header('X-Uri'), '/cdn-image/w=300,q=80/cat.jpg', '$request_uri is canonical');
is($r->header('X-Client'), "$options/cat.jpg", '$cdn_client_uri is as sent');
is($r->header('X-Source'), '/cat.jpg', '$cdn_image_source is the source');
is($r->header('X-Format'), 'auto', '$cdn_image_format waits for the source');
my $reference = $r->body;

for my $tier (qw(proxy unbuffered cached)) {
    my $got = $t->at($tier)->get('/cdn-image/w=300,q=80/cat.jpg');
    is($got->status, 200, "source from $tier");
    ok($got->body eq $reference, "gives the same bytes");
}
for my $alone (qw(alone alone_proxy)) {
    my $got = $t->at($alone)->get("$options/cat.jpg");
    is($got->status, 200, "both directives in one location, $alone");
    ok($got->body eq $reference, "gives the same bytes");
}


$t->origin_reset;
is($t->at('cached')->get('/cdn-image/w=200,q=80/cat.jpg')->header('X-Cache'), 'HIT',
    'the tier\'s cache keeps originals, by their own URL');
is(scalar $t->origin_requests, 0, 'so the origin is not asked for another size');
my $background = $t->at('cached')->get('/cat.jpg');
ok($background->body eq $photo, 'a URL without options is served as it is');
is($background->header('X-Cache'), 'HIT', 'from the same entry');

# addresses

my %same = (
    '/cdn-cgi/image/w=300,q=80/cat.jpg'                        => 'aliases',
    '/cdn-cgi/image/quality=80,width=300/cat.jpg'              => 'another order',
    '/cdn-cgi/image/width=300,quality=80//cat.jpg'             => 'a doubled slash',
    '/cdn-cgi/image/width=150,dpr=2,quality=80/cat.jpg'        => 'a density',
    '/cdn-cgi/image/width=300,quality=80,fit=scale-down/cat.jpg' => 'the default fit',
    '/cdn-cgi/image/width=300,quality=80,gravity=left/cat.jpg' => 'a gravity without a cut',
    '/cdn-cgi/image/width=300,quality=80/x/../cat.jpg'         => 'dot segments',
);
is($t->get($_)->header('X-Uri'), '/cdn-image/w=300,q=80/cat.jpg', "$same{$_}: the same picture, the same URI")
    for sort keys %same;

is($t->status("$options/a%20b+c.jpg"), 200, 'escapes are decoded for files');
is($t->get("$options/a%20b+c.jpg")->header('X-Uri'), '/cdn-image/w=300,q=80/a%20b+c.jpg', 'and kept in URIs');
is($t->status("$options/deep/cat.jpg"), 200, 'a path with directories');
is($t->status("$options/deep%2Fcat.jpg"), 200, 'an escaped slash is one for files');
is($t->get("$options/deep%2Fcat.jpg")->header('X-Uri'), '/cdn-image/w=300,q=80/deep%2Fcat.jpg', '%2F stays as sent');
$t->at('alone_proxy')->get("$options/deep%2Fno.jpg?v=1&w=%2F");
is(($t->origin_requests(qr/deep/))[0]{uri}, '/deep%2Fno.jpg?v=1&w=%2F', 'to the origin too, with the query');

is($t->status('/variables'), 200, 'variables of no image are empty');

# the origin's own answers

is($t->status("$options/missing.jpg"), 404, 'a missing source is 404');
is($t->at('proxy')->get('/cdn-image/w=1,q=1/missing.jpg')->status, 404, 'from an origin too');

done();
