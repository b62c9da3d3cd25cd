# What locations make of an image's URL: "alias", "rewrite", a proxy_pass with a
# URI of its own, redirects.  The picture stays the one that was asked for.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', files => { 'a.txt' => 'text', 'cat.jpg' => picture(width => 300, height => 200), 'a b/ü.jpg' => picture(width => 300, height => 200), 'frame.png' => picture(width => 300, height => 200, format => 'png') }, http => <<'HTTP');

    cdn_image           bunnycdn;
    cdn_image_transform on;

    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; rewrite ^/texts/(.*) /$1 break; }
    location /album/            { alias %DIR%/html/; }
    location ~ ^/numbered/(.+)$ { alias %DIR%/html/$1; }
    location = /exact.jpg       { alias %DIR%/html/cat.jpg; }
    location /origin/           { proxy_pass http://%ORIGIN%/store/; }
    location /variable/         { proxy_pass http://%ORIGIN%$uri$is_args$args; }
    location /break/            { rewrite ^/break(/.*) $1 break; }
    location /moved/            { rewrite ^/moved(/.*) /break$1 last; }
    location /read/             { set $format $cdn_image_format; rewrite ^/read(/.*) $1 break; }
    location /asks/             { rewrite ^/asks(/.*) $1?width=50 break; }
    location /proxied/          { rewrite ^/proxied(/.*) /store$1?of=us break; proxy_pass http://%ORIGIN%; }
    location /default/          { cdn_image_default width=20; rewrite ^/default(/.*) $1 break; }
    location /redirected/       { error_page 404 /cat.jpg; }
    location /elsewhere/        { error_page 404 = /plain/cat.jpg; }
    location /sorry/            { error_page 404 415 = @sorry; alias %DIR%/html/; }
    location @sorry             { rewrite ^ /cat.jpg break; }
    location /sized/            { error_page 415 =200 /cat.jpg?width=40; alias %DIR%/html/; }
    location /plain/            { cdn_image off; cdn_image_transform off; alias %DIR%/html/; }
    location /laid/             { cdn_image keycdn; alias %DIR%/html/; cdn_image_overlays /laid/; }
    location /people/           { try_files /none /cat.jpg; }
    location /folder/           { index cat.jpg; alias %DIR%/html/; }
    location /large/            { alias %DIR%/html/; directio 512; }
    location /app/              { proxy_pass http://%ORIGIN%/app/; }
    location /inside/           { internal; alias %DIR%/html/; }
    location /outside/          { error_page 415 https://example.com/sorry.png; alias %DIR%/html/; }
    location = /status          { cdn_image off; cdn_image_transform off; cdn_status json; }

CONF

    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; rewrite ^/photos/(.*) /$1 break; root %DIR%/html; }
    }
    server {
        listen 127.0.0.1:%PORT_root%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%/; }
    }
    server {
        listen 127.0.0.1:%PORT_front%;
        cdn_image bunnycdn;
        set $sent $cdn_client_uri;
        location /            { proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri; }
        location /shown/      { add_header X-Sent $sent always; add_header X-Uri $uri always; auth_request /check; proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri; }
        location = /check     { cdn_image off; proxy_pass http://%ORIGIN%/check; proxy_set_header X-Url $cdn_client_uri; }
        location ~ ^/u/(\d+)/ { set $id $1; rewrite ^ /photos/$id.jpg break; proxy_pass http://127.0.0.1:%PORT_tier%; }
        location /cut/        { rewrite ^(/cdn-image/[^/]+)/cut(/.*) $1$2 break; proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri; }
        location /cdn-image/  { return 404; }
    }
    server {
        listen 127.0.0.1:%PORT_hosts%;
        cdn_image_transform on; cdn_image_sources 127.0.0.1:%PORT_root% 127.0.0.1:%PORT_path%;
        proxy_cache c; proxy_cache_valid 200 1m; cdn_image_origin http://%ORIGIN%;
        location /              { cdn_image cloudflare; proxy_cache_key $scheme$host$uri; proxy_pass $cdn_image_origin$cdn_image_source; }
        location /cdn-image/    { proxy_cache_key $scheme$host$request_uri; proxy_pass $cdn_image_origin$cdn_image_source; }
        location ^~ /cdn-cgi/image/width=90/ { cdn_image cloudflare; root %DIR%/html; }
    }
    proxy_cache_path %DIR%/cache keys_zone=c:1m;
    server {
        listen 127.0.0.1:%PORT_path%;
        location / { cdn_image keycdn; cdn_image_transform on; alias %DIR%/html/; }
    }

HTTP

$t->origin(sub ($request) {
    return [200, ['X-Accel-Redirect' => '/inside/cat.jpg'], ''] if $request->{uri} eq '/app/cat.jpg';
    [200, ['Content-Type' => 'image/jpeg'], picture(width => 300, height => 200)];
});

sub asked () { join ' ', map { $_->{uri} } $t->origin_requests }
sub width ($r) { $r->status == 200 ? image_info($r->body)->{width} : $r->status }

is(width($t->get('/album/cat.jpg?width=100')), 100, 'alias');
is(width($t->get('/album/a%20b/%C3%BC.jpg?width=100')), 100, 'with escapes');
is(width($t->get('/album/cat.jpg')), 300, 'no option: the file');
is($t->status('/album/none.jpg?width=100'), 404, 'no file');
is(width($t->get('/numbered/cat.jpg?width=100')), 100, 'alias with a capture');
is(width($t->get('/exact.jpg?width=100')), 100, 'alias of one file');
is(width($t->get('/laid/cat.jpg?width=100&olurl=/laid/frame.png')), 100, 'alias, and an overlay under it');

is(width($t->get('/origin/a%2Fb/%C3%BC%20c.jpg?v=1&width=100')), 100, 'proxy_pass with a URI');
is(width($t->get('/variable/cat.jpg?v=1&width=100')), 100, 'with variables');
is(width($t->get('/proxied/cat.jpg?v=1&width=100')), 100, 'a rewrite before proxy_pass');
is(asked, '/store/a/b/%C3%BC%20c.jpg?v=1 /variable/cat.jpg?v=1 /store/cat.jpg?of=us&v=1', 'the origin is asked as nginx does');

is(width($t->get('/break/cat.jpg?width=100')), 100, 'rewrite ... break');
is(width($t->get('/break/cat.jpg')), 300, 'no option: the file');
is(width($t->get('/moved/cat.jpg?width=100')), 100, 'rewrite ... last');
is(width($t->get('/read/cat.jpg?width=100')), 100, 'after a variable was read');
is(width($t->get('/asks/cat.jpg?height=10')), 50, 'a rewrite that asks for a picture itself');
is(width($t->get('/default/cat.jpg?width=100')), 100, 'cdn_image_default does not ask again');
is(width($t->get('/default/cat.jpg')), 20, 'but first');
is($t->get('/break/cat.jpg?width=0')->status, 400, 'a refusal stays one');
is($t->get('/break/cat.jpg?width=100', method => 'HEAD')->header('Content-Length'),
    length $t->get('/break/cat.jpg?width=100')->body, 'HEAD');

is($t->get('/cdn-cgi/image/width=9,onerror=redirect/texts/a.txt')->header('Location'),
    '/texts/a.txt', 'onerror=redirect sends to what was asked for');

is(width($t->get('/elsewhere/none.jpg?width=100')), 300, 'a redirect goes to a picture of its own');
my $r = $t->get('/redirected/none.jpg?width=100');
is($r->status, 404, 'with the status of the first');
is(image_info($r->body)->{width}, 300, 'within the dialect, too');

is(width($t->get("/sorry/$_?width=100")), 100, "one instead of $_ is made in its place") for 'a.txt', 'none.jpg';
is(width($t->get('/sized/a.txt?width=100')), 40, 'or in a size of its own');

is(width($t->at('tier')->get('/cdn-image/w=100,q=80/photos/cat.jpg')), 100, 'an image tier: rewrite');
$t->origin_reset;
is(width($t->at('root')->get('/cdn-image/w=100,q=80/deep/cat.jpg?v=1')), 100, 'proxy_pass http://origin/');
is(asked, '/deep/cat.jpg?v=1', 'gets one slash');
is(width($t->at('path')->get('/w=100/cat.jpg')), 100, 'options in the path, alias of the root');

is(width($t->get('/people/1?width=100')), 100, 'try_files');
is(width($t->get('/folder/?width=100')), 100, 'index');
is(width($t->get('/app/cat.jpg?width=100')), 100, 'X-Accel-Redirect');
is(width($t->get('/large/cat.jpg?width=100')), 100, 'directio');
is(length $t->get('/large/cat.jpg')->body, length $t->slurp('html/cat.jpg'), 'and the file itself');
my $c = $t->connect;
$c->ask('/outside/a.txt?width=100');
$c->ask('/outside/cat.jpg?width=100');
$r = $c->response;
is($r->header('Location'), 'https://example.com/sorry.png', 'error_page with a URL of another site');
is(length $r->body, $r->header('Content-Length'), 'has a body of its own');
is(width($c->response), 100, 'and the next answer is whole');

my $front = $t->at('front');
is(width($front->get('/cat.jpg?width=100')), 100, 'a front, where a variable was read before its location was chosen');
$r = $front->get('/shown/../shown/cat.jpg?width=100');
is($r->header('X-Sent'), '/shown/../shown/cat.jpg?width=100', 'what the client sent');
is($r->header('X-Uri'), '/cdn-image/w=100,q=85/shown/cat.jpg', 'and what it is now');
is(($t->origin_requests(qr{/check}))[-1]{headers}{'x-url'}, '/shown/../shown/cat.jpg?width=100', 'auth_request is told of it too');
is(width($front->get('/u/7/avatar?width=100')), 404, 'a front that rewrites');
$t->write('7.jpg', picture(width => 300, height => 200));
is(width($front->get('/u/7/avatar?width=100')), 100, 'asks for the same of another source');
is(width($front->get('/cut/cat.jpg?width=100')), 100, 'or rewrites the canonical URI');
is($front->status('/cdn-image/w=100,q=85/cat.jpg'), 404, 'and may keep clients from that');

my $hosts = $t->at('hosts');
my %host = (a => 'http://127.0.0.1:' . $t->port('root'), b => 'http://127.0.0.1:' . $t->port('path'));
for my $prefix ('/cdn-cgi/image/width=100', '/cdn-image/w=100,q=80') {
    $t->write('s.jpg', picture(width => 300, height => 150));
    my @heights = map { my $r = $hosts->get("$prefix/$_/s.jpg"); $r->status == 200 ? image_info($r->body)->{height} : $r->body } $host{a}, $host{b};
    is("@heights", '67 50', "$prefix: two hosts' pictures of one name are two in the cache");
}
$r = $hosts->get("/cdn-cgi/image/width=90/$host{b}/s.jpg");
is($r->status, 403, 'where a source of another host is not fetched');
like($r->body, qr/^sources of other hosts are not fetched here\n\z/, 'that is said');
like(refuses('location /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; alias /srv/; }'), qr/"alias" replaces "\/cdn-cgi\/image\/".*: use "root"/, 'alias where it cannot be');

is($t->get('/status')->json->{images}{requests}{bunnycdn}{ok}, 33, 'one request is counted once');

done();
