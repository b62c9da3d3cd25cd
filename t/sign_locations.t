# Signed URLs among rewrites, redirects and locations: what nginx's own directives make of a
# URL stays, whichever way its token came.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;
use Digest::SHA qw(hmac_sha1 hmac_sha256);

my $soon = time + 3600;
sub bunny ($text) { 'HS256-' . b64u(hmac_sha256($text, 'secret')) }
sub in_query ($path) { "$path?token=" . bunny("$path$soon") . "&expires=$soon" }
sub in_path ($path) { '/bcdn_token=' . bunny("$path$soon") . "&expires=$soon$path" }
sub imgproxy ($path) { '/' . b64u(hmac_sha256("salt$path", 'secret')) . $path }
sub thumbor ($path) { '/' . b64u(hmac_sha1(substr($path, 1), 'secret')) . "=$path" }

my %files = map { $_ => $_ } qw(index.html v/index.html v/a.txt a.txt x.txt 404.html errors/404.html fallback/a.txt part/x.txt
    site/v/a.txt denied.html gone.html);
my $t = nginx(<<'CONF', files => { %files, 'p.shtml' => '<!--# include virtual="/part/x.txt" -->' }, http => <<'HTTP', origin => sub ($r) {
    cdn_sign required;  cdn_sign_key k1 secret;  cdn_sign_scheme native expired=410;
    access_log %DIR%/logs/a.log s;
    error_page 403 /denied.html;  error_page 410 /gone.html;
    location / { }
    location = /status { cdn_sign off;  cdn_status;  access_log off; }
CONF
    cdn_zone 8m;  log_format s '$status $cdn_sign_status';
    server {
        listen 127.0.0.1:%PORT_imgproxy%;  root %DIR%/html;
        cdn_sign required;  cdn_sign_scheme imgproxy;  cdn_sign_key k1 secret salt=salt;
        error_page 404 /errors/404.html;
        location / { }
        location ~ /try/ { try_files $uri /fallback/a.txt; }
        location ~ /accel/ { proxy_pass http://%ORIGIN%; }
        location ~ \.shtml$ { ssi on;  ssi_types *; }
        location ~ /auth/ { auth_request /sub/auth; }
        location = /sub/auth { internal;  proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_thumbor%;  root %DIR%/html;
        cdn_sign optional;  cdn_sign_scheme thumbor;  cdn_sign_key k1 secret;  error_page 404 /errors/404.html;
    }
    server {
        listen 127.0.0.1:%PORT_bunny%;  root %DIR%/html;
        cdn_sign required;  cdn_sign_scheme bunnycdn;  cdn_sign_key k1 secret;
        if ($http_accept_language ~ ^de) { set $args "$args&lang=de"; }
        if ($http_x_site) { rewrite ^(.*)$ /site$1; }
        location / { add_header X-Args "$args." always; }
        location /up/ { dav_methods PUT; }
    }
HTTP
    return $r->{uri} eq '/accel/1' ? [200, ['X-Accel-Redirect' => '/part/x.txt'], ''] : [200, [], 'origin'];
});

# a token that is the first segment of the path, whatever that is

my $at = $t->at('imgproxy');
is($at->get(imgproxy('/v/'))->body, 'v/index.html', 'index');
is($at->get(imgproxy('/try/none'))->body, 'fallback/a.txt', 'try_files');
is($at->get(imgproxy('/none/x'))->body, 'errors/404.html', 'error_page');
is($at->get(imgproxy('/accel/1'))->body, 'part/x.txt', 'X-Accel-Redirect');
is($at->get(imgproxy('/p.shtml'))->body, 'part/x.txt', 'SSI');
$t->origin_reset;
$at->get(imgproxy('/auth/x'));
is(join(' ', map { $_->{uri} } $t->origin_requests), '/sub/auth', 'auth_request');
$at = $t->at('thumbor');
is($at->get(thumbor('/v/'))->body, 'v/index.html', 'thumbor: index');
is($at->get('/unsafe/v/')->body, 'v/index.html', 'of an unsigned one, too');
is($at->status('/unsafe/none/x'), 404, 'and its error page');

# what the server made of the URL before

$at = $t->at('bunny');
for my $url (\&in_query, \&in_path) {
    is($at->get($url->('/v/a.txt'))->body, 'v/a.txt', 'a signed URL');
    is($at->get($url->('/v/a.txt'), 'X-Site' => 1)->body, 'site/v/a.txt', 'stays rewritten');
    like($at->get($url->('/v/a.txt'), 'Accept-Language' => 'de')->header('X-Args'), qr/^&?lang=de\.$/, 'and keeps what "set $args" added');
}
my $md5 = b64u(md5("secret/v/a.txt$soon"));
is($at->status("/bcdn_token=$md5&expires=$soon/v/a.txt"), 200, 'a token that signs no arguments');
is($at->request(PUT => "/bcdn_token=$md5&expires=$soon&x=%2F..%2Fup%2F/v/a.txt", body => 'x')->status, 403, 'does not choose another location by them');
is($t->slurp('html/v/a.txt'), 'v/a.txt', 'the file stays');

# error pages behind the same gate

is($t->status(signed('/a.txt', secret => 'secret', for => -10)), 410, 'late');
is($t->status(signed('/a.txt', secret => 'forged')), 403, 'forged');
my $log;
eventually(sub { ($log = $t->slurp('logs/a.log')) =~ /\n.*\n/ });
is($log, "410 expired\n403 invalid\n", 'the log says why');
is_deeply($t->get('/status')->json->{signatures}{native}, { expired => 1, invalid => 1 }, 'each is counted once');

done();
