# cdn_image_on_error: an error, the source as it is, or a way to it.

use lib 't/lib';
use NginxTest;

my $text = "no picture\n" x 20;
my $broken = substr(photo('daisy'), 0, 20_000);

my $servers = join '', map { <<"SERVER" } qw(status original redirect);
    server {
        listen 127.0.0.1:%PORT_$_%;
        root %DIR%/html;
        cdn_image_on_error $_;
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; cdn_image_max_bytes 100k; }
        location /edge/ {
            rewrite ^/edge(/.*) \$1 break;
            cdn_image cloudflare;
            proxy_pass http://127.0.0.1:%PORT_tier_$_%\$cdn_image_uri;
            proxy_cache edge;
            proxy_cache_key $_\$request_uri;
            proxy_cache_valid 200 1m;
            add_header X-Cache \$upstream_cache_status always;
        }
    }
    server {
        listen 127.0.0.1:%PORT_tier_$_%;
        location / { cdn_image_on_error $_; cdn_image_transform on; cdn_image_max_bytes 100k; proxy_pass http://%ORIGIN%; }
    }
SERVER

$servers .= <<'SERVERS';
    server {
        listen 127.0.0.1:%PORT_late%;
        location / {
            cdn_image cloudflare; proxy_pass http://127.0.0.1:%PORT_late_tier%$cdn_image_uri;
            proxy_cache edge; proxy_cache_key late$request_uri; proxy_cache_valid any 1m;
            add_header X-Cache $upstream_cache_status always;
        }
    }
    server {
        listen 127.0.0.1:%PORT_late_tier%;
        location / { cdn_image_on_error original; cdn_image_timeout 1ms; cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
SERVERS

my $t = nginx('', http => "proxy_cache_path %DIR%/cache keys_zone=edge:1m; $servers",
    files => { 'text.jpg' => $text, 'broken.jpg' => $broken, 'cat.jpg' => picture(), 'big.jpg' => 'x' x 200_000 });
$t->write_origin('text.jpg', $text);
$t->write_origin('broken.jpg', $broken);
$t->write_origin('cat.jpg', picture());
$t->write_origin('big.jpg', 'x' x 200_000);

my $url = '/cdn-cgi/image/width=50';

for my $way ('', '/edge') {
    my $name = $way ? 'through a front' : 'in one location';

    is($t->at($_)->status("$way$url/cat.jpg"), 200, "$_, $name: a picture is one") for qw(status original redirect);
    is($t->at($_)->status("$way$url/none.jpg"), 404, "$_, $name: what is missing is missing") for qw(status original redirect);

    is($t->at('status')->status("$way$url/text.jpg"), 415, "status, $name");
    is($t->at('status')->get("$way$url/text.jpg")->header('X-CDN-Image'), undef, 'the tier\'s word is not for clients');

    for my $case (['text.jpg', $text], ['broken.jpg', $broken], ['big.jpg', 'x' x 200_000]) {
        my ($file, $bytes) = @$case;
        my $original = $t->at('original')->get("$way$url/$file");
        is($original->status, 200, "original, $name: $file");
        ok($original->body eq $bytes, 'as it is');
        is($original->header('Content-Length'), length $bytes, 'as long');
        is($t->at('original')->head("$way$url/$file")->status, 200, 'HEAD too');

        my $redirect = $t->at('redirect')->get("$way$url/$file?v=1");
        is($redirect->status, 302, "redirect, $name: $file");
        is($redirect->header('Location'), "/$file?v=1", 'to the source');
        is($redirect->body, '', 'with nothing else');
        is($redirect->header('X-CDN-Image'), undef, 'the tier\'s word is not for clients');
        isnt($t->at('redirect')->get("$way$url/$file?v=1")->header('X-Cache'), 'HIT', 'not cached');
    }
    is($t->at('redirect')->status("$way/cdn-cgi/image/width=0/cat.jpg"), 400, "redirect, $name: nonsense is nonsense");
}

# a source that stands in for what could not be made just now

my $photo = photo();
$t->origin(sub ($request) {
    [200, ['Cache-Control' => 'max-age=600', Expires => 'Thu, 01 Jan 2032 00:00:00 GMT', 'X-Accel-Expires' => 600], $photo];
});
for my $time ('once', 'twice') {
    my $late = $t->at('late')->get('/cdn-cgi/image/width=700,format=webp/photo.jpg');
    is($late->status, 200, "too late, $time");
    ok($late->body eq $photo, 'the source instead');
    is($late->header('Cache-Control'), 'no-store', 'is not to be kept');
    is($late->header('Expires'), undef, 'by anybody');
    is($late->header('X-Cache'), 'MISS', 'nor was it');
    like($late->header('Cf-Resized'), qr/^err=95(?:22|29)$/, 'and says so');
}

done();
