# Image locations reached by other ways than a client's URL: background updates,
# subrequests, internal redirects.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(sleep);

my $t = nginx(<<'CONF', files => { 'cat.jpg' => picture(width => 300, height => 200), 'other.jpg' => picture(width => 100, height => 100), 'page.html' => 'before <!--# include virtual="/cdn-cgi/image/width=30,format=png/cat.jpg" --> after' }, http => <<'HTTP');

    location ^~ /cdn-cgi/image/ {
        cdn_image         cloudflare;
        proxy_pass        http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        proxy_cache       edge;
        proxy_cache_key   $request_uri;
        proxy_cache_valid 200 1s;
        proxy_cache_use_stale updating;
        proxy_cache_background_update on;
        add_header        X-Cache $upstream_cache_status always;
    }
    location = /page.html { ssi on; }
    location /accel/      { proxy_pass http://%ORIGIN%; }
    location /fallback/   { error_page 404 /cdn-cgi/image/width=40/other.jpg; }
    location /tried/      { try_files /none /cdn-cgi/image/width=50/cat.jpg; }
    location /named/      { error_page 404 = @image; }
    location @image {
        rewrite ^ /cdn-cgi/image/width=60/cat.jpg break;
        cdn_image cloudflare; proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri;
    }
    location /auth/ {
        auth_request /check;
        rewrite ^/auth(/.*) $1 break;
        cdn_image cloudflare; cdn_image_transform on;
    }
    location = /check { return 204; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }

HTTP

sub width ($r) { image_info($r->body)->{width} }

my $path = '/cdn-cgi/image/width=70/cat.jpg';
my $old = $t->get($path);
$t->write('cat.jpg', picture(width => 300, height => 300));
sleep 2.1;
my $stale = $t->get($path);
is($stale->header('X-Cache'), 'STALE', 'stale while it is updated');
is($stale->header('ETag'), $old->header('ETag'), 'is the old picture');
my $new;
ok(eventually(sub { $new = $t->get($path); $new->header('X-Cache') eq 'HIT' }, 5), 'then updated');
is(image_info($new->body)->{height}, 70, 'to the new one');

my $page = $t->get('/page.html')->body;
like($page, qr/^before \x89PNG.* after$/s, 'a subrequest gets a picture');
is(width($t->get('/fallback/x')), 40, 'error_page does');
is($t->get('/fallback/x')->status, 404, 'with its status');
is(width($t->get('/tried/x')), 50, 'try_files does');
is(width($t->get('/named/x')), 60, 'a named location does');
is(width($t->get('/auth/cdn-cgi/image/width=80/cat.jpg')), 80, 'auth_request goes before');

$t->origin(sub ($request) { [200, ['X-Accel-Redirect' => '/cdn-cgi/image/width=90/cat.jpg'], ''] });
is(width($t->get('/accel/x')), 90, 'X-Accel-Redirect does');

my $c = $t->connect;
$c->ask('/page.html');
$c->ask('/cdn-cgi/image/width=0/cat.jpg');
$c->ask('/fallback/y');
is(join(' ', map { $c->response->status } 1 .. 3), '200 400 404', 'all on one connection');

done();
