# The status endpoint: what was counted, in three forms.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', files => { 'cat.jpg' => picture(), 'large.jpg' => picture(width => 2000, height => 1600) }, http => <<'HTTP', workers => 2);

    location ^~ /cdn-cgi/image/ {
        cdn_image   cloudflare;
        proxy_pass  http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        proxy_cache edge;
        proxy_cache_key $request_uri;
        proxy_cache_valid 200 1m;
    }
    location = /status      { cdn_status; }
    location = /json        { cdn_status json; }
    location = /prometheus  { cdn_status prometheus; }
    location = /html        { cdn_status html; }
    location = /denied      { cdn_status; deny all; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    server { listen 127.0.0.1:%PORT_tier%; root %DIR%/html; location / { cdn_image_transform on; } }

HTTP

$t->get('/cdn-cgi/image/width=50/cat.jpg') for 1 .. 3;
$t->get('/cdn-cgi/image/width=60/cat.jpg');
$t->get('/cdn-cgi/image/width=0/cat.jpg');
$t->get('/cdn-cgi/image/width=5/none.jpg');
$t->get('/cat.jpg');

my $json = $t->get('/json')->json;
is($json->{version}, 1, 'JSON, version 1');
is($json->{requests}{total}, 6, 'requests of image locations, scrapes and others not');
is_deeply($json->{requests}{by_status}, { hit => 2, miss => 3, none => 1 }, 'by cache status');
is_deeply($json->{requests}{by_class}, { '2xx' => 4, '4xx' => 2 }, 'by class');
is_deeply($json->{images}{transforms}, { jpeg => { ok => 2 } }, 'transformations');
is_deeply($json->{images}{requests}, { cloudflare => { ok => 5, refused => 1 } }, 'image URLs');
is_deeply($json->{images}{pixels}, { in => 2 * 300 * 200, out => 50 * 33 + 60 * 40 }, 'pixels');
is_deeply($json->{images}{degraded}, {}, 'none in another format than wanted');
cmp_ok($json->{images}{bytes}{in}, '>', $json->{images}{bytes}{out}, 'bytes in and out');
cmp_ok($json->{bytes}{sent}, '>', $json->{images}{bytes}{out}, 'bytes sent');

my $prometheus = $t->get('/prometheus')->body;
like($prometheus, qr/^nginx_cdn_requests_total\{zone="edge",profile="none",region="none",status="hit"\} 2$/m, 'Prometheus: requests');
like($prometheus, qr/^nginx_cdn_image_transforms_total\{format="jpeg",outcome="ok"\} 2$/m, 'transformations');
like($prometheus, qr/^nginx_cdn_image_duration_seconds_bucket\{format="jpeg",le="\+Inf"\} 2$/m, 'their histogram');
like($prometheus, qr/^nginx_cdn_image_duration_seconds_count\{format="jpeg"\} 2$/m, 'and its count');
unlike($prometheus, qr/# EOF/, 'not OpenMetrics');

my $open = $t->get('/status', Accept => 'application/openmetrics-text;version=1.0.0');
like($open->header('Content-Type'), qr{^application/openmetrics-text}, 'OpenMetrics where it is accepted');
like($open->body, qr/^# TYPE nginx_cdn_requests counter$/m, 'families without _total');
like($open->body, qr/\n# EOF\n\z/, 'and an end');

like($t->get('/status')->header('Content-Type'), qr{^application/json}, 'without a wish: JSON');
like($t->get('/status', Accept => 'text/html,*/*')->header('Content-Type'), qr{^text/html}, 'a browser: the page');
like($t->get('/status', Accept => 'text/plain;version=0.0.4')->body, qr/^# HELP/, 'Prometheus: its text');
like($t->get('/status?format=prometheus')->body, qr/^# HELP/, '?format= decides');
like($t->get('/status?format=html')->body, qr/<!doctype html>/, 'for each form');
is($t->status('/status?format=xml'), 400, 'but no other');
like($t->get('/status', Accept => 'application/json, text/plain, */*')->header('Content-Type'), qr{^application/json}, 'a script: JSON');
like($t->get('/status', Accept => 'text/html;q=0.5, application/json')->header('Content-Type'), qr{^application/json}, 'weights count');
like($t->get('/status', Accept => 'text/html;q=0')->header('Content-Type'), qr{^application/json}, 'and refusals');
is($t->get('/status', Accept => 'application/openmetrics-text;version=1.0.0')->header('Content-Type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8', 'OpenMetrics with its version');
is($t->get('/prometheus', Accept => 'text/html')->header('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8', 'a location of one form has no other');
like($t->get('/prometheus', Accept => 'application/openmetrics-text')->body, qr/# EOF/, 'but OpenMetrics is one of Prometheus\'s');
is($t->get('/status')->header('Vary'), 'Accept', 'Vary tells');
is($t->get('/status')->header('Cache-Control'), 'no-store', 'not to be kept');
unlike($t->get('/html')->body, qr{(?:src|href)="?(?:https?:)?//}, 'the page needs nothing from outside');
is($t->head('/status')->status, 200, 'HEAD');
like($t->get('/html')->header('Content-Security-Policy'), qr/default-src 'none'.*connect-src 'self'/, 'and may load nothing');
is($t->get('/html?format=json&series=1')->json->{version}, 1, 'but asks its own address');
my $post = $t->request('POST', '/status', body => 'x');
is($post->status, 405, 'nothing else');
is($post->header('Allow'), 'GET, HEAD', 'as it says');
is($t->status('/denied'), 403, 'allow and deny hold');

$t->many(100, '/cdn-cgi/image/width=50/cat.jpg');
is($t->get('/json')->json->{requests}{total}, 106, 'exact under many clients and two workers');
$t->reload;
is($t->get('/json')->json->{requests}{total}, 106, 'a reload keeps them');

my $images = 'location / { cdn_image cloudflare; cdn_image_transform on; } location = /json { cdn_status json; }';
for my $zone ('cdn_zone 1m;', 'cdn_zone 4m;', '') {
    $t->conf($images, http => $zone);
    $t->reload;
    is($t->get('/json')->json->{requests}{total}, 106, "so does one to \"$zone\"");
}


is($t->get('/cdn-cgi/image/format=auto/large.jpg', Accept => 'image/avif,image/webp')->header('Content-Type'), 'image/webp', 'a picture too large for AVIF');
is_deeply($t->get('/json')->json->{images}{degraded}, { size => 1 }, 'is counted as made in another format');

done();
