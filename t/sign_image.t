# Signed image URLs: the signature covers the dialect's URL as it was sent.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %k = (secret => 'secret');

my $t = nginx(<<'CONF', files => { map { ("${_}cat.jpg" => picture(width => 400, height => 300)) } '', 'bunny/', 'keycdn/', 'fastly/' }, http => <<'HTTP');

    cdn_sign_key k1 secret;
    cdn_sign     required;
    add_header   X-Uri $cdn_uri always;
    add_header   X-Request-Uri $request_uri always;

    location ^~ /cdn-cgi/image/ {
        cdn_image   cloudflare;
        proxy_pass  http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        proxy_cache edge;  proxy_cache_valid 1m;  proxy_cache_key $cdn_uri;
        add_header  X-Cache $upstream_cache_status always;
        add_header  X-Uri $cdn_uri always;
    }
    location ~ ^/w=      { cdn_image keycdn;   cdn_image_transform on; }
    location /bunny/     { cdn_image bunnycdn; cdn_image_transform on; }
    location /keycdn/    { cdn_image keycdn;   cdn_image_transform on; }
    location /fastly/    { cdn_image fastly;   cdn_image_transform on; }
    location /           { cdn_image custom;   cdn_image_transform on; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }

HTTP

for my $url ('/cdn-cgi/image/width=40,format=auto/cat.jpg', '/w=40/cat.jpg', '/bunny/cat.jpg?width=40', '/keycdn/cat.jpg?width=40',
    '/fastly/cat.jpg?width=40', '/cat.jpg?width=40', '/cat.jpg?width=40&x=1')
{
    my $r = $t->get(signed($url, %k));
    is($r->status, 200, "$url, signed") or next;
    is(image_info($r->body)->{width}, 40, 'is the picture');
    unlike(join(' ', $r->header('X-Uri') // '', $r->header('X-Request-Uri') // ''), qr/signature|expires/, 'by a URL without a token');
    is($t->status($url), 403, 'not signed');
    is($t->status(signed($url, %k) =~ s/40/41/r), 403, 'changed');
}

is($t->get(signed('/cdn-cgi/image/width=40,format=auto/cat.jpg', %k, for => 99))->header('X-Cache'), 'HIT', 'one cache entry for all tokens');
is($t->get(signed('/cdn-cgi/image/format=auto,width=40/cat.jpg', %k))->header('X-Cache'), 'HIT', 'and all spellings');
is($t->status('/cdn-cgi/image/width=0/cat.jpg'), 403, 'malformed and not signed: 403');
is($t->status(signed('/cdn-cgi/image/width=0/cat.jpg', %k)), 400, 'and signed: 400');
like($t->get(signed('/cat.jpg?width=40', %k))->header('Cache-Control'), qr/^max-age=3\d\d\d$/, 'a picture is kept no longer than its URL');

done();
