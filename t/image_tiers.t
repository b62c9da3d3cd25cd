# Edge and image tier: URLs in, pictures out, from every kind of source.

use lib 't/lib';
use NginxTest;

my $photo = photo();
my %source = image_info($photo)->%*;

my $t = nginx(<<'CONF', files => { 'cat.jpg' => $photo, 'a b.jpg' => $photo }, http => <<'HTTP');

    location ^~ /cdn-cgi/image/ {
        cdn_image   cloudflare;
        proxy_pass  http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        add_header  X-Uri $request_uri;
        add_header  X-Client $cdn_client_uri;
        add_header  X-Source $cdn_image_source;
    }

    location /one/ {
        cdn_image  cloudflare;
        cdn_image_transform  on;
    }

    location = /status { cdn_status; }

CONF

    cdn_zone  8m;
    proxy_cache_path %DIR%/cache keys_zone=originals:1m;

    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        cdn_image_transform on;
        location / { }
    }

HTTP

my $small = $t->get('/cdn-cgi/image/width=300,quality=80/cat.jpg');
is($small->status, 200, 'a photograph comes back');
is($small->header('Content-Type'), 'image/jpeg', 'as JPEG');
is(image_info($small->body)->{width}, 300, 'as wide as asked');
is($small->header('X-Content-Type-Options'), 'nosniff', 'with its type fixed');
is($small->header('X-Uri'), '/cdn-image/w=300,q=80/cat.jpg', '$request_uri is canonical');
is($small->header('X-Client'), '/cdn-cgi/image/width=300,quality=80/cat.jpg', '$cdn_client_uri is not');
is($small->header('X-Source'), '/cat.jpg', '$cdn_image_source is the path');
diag $t->get('/cdn-cgi/image/width=0/cat.jpg')->raw;
diag $t->get('/cdn-cgi/image/width=20/nothing.jpg')->raw;
diag $t->get('/status?format=prometheus')->body;
diag $t->get('/status')->body;
diag $t->head('/cdn-cgi/image/width=300,quality=80/cat.jpg')->raw;
diag $t->get('/cdn-cgi/image/width=300,format=auto/a%20b.jpg', Accept => 'image/webp')->header('Content-Type');

done();
