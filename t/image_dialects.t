# Every provider's URLs, and the one canonical URI they share.

use lib 't/lib';
use NginxTest;

my @dialects = qw(cloudflare bunnycdn keycdn fastly custom);

my $http = <<'HTTP';

    cdn_image_preset card width=200 height=100 crop=center quality=70;

    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; root %DIR%/html; }
    }
    server {
        listen 127.0.0.1:%PORT_hosts%;
        location ^~ /cdn-cgi/image/ {
            cdn_image cloudflare; cdn_image_sources 127.0.0.1:%PORT_elsewhere% *.example.com;
            proxy_pass http://127.0.0.1:%PORT_fetch%$cdn_image_uri;
        }
    }
    server {
        listen 127.0.0.1:%PORT_fetch%;
        location / {
            cdn_image_transform on; cdn_image_sources 127.0.0.1:%PORT_elsewhere%;
            cdn_image_origin http://%ORIGIN%/;
            proxy_pass $cdn_image_origin$cdn_image_source;
        }
    }
    server {
        listen 127.0.0.1:%PORT_unaware%;
        location / { cdn_image_transform on; cdn_image_sources img.example.com; proxy_pass http://%ORIGIN%; }
    }
    server { listen 127.0.0.1:%PORT_elsewhere%; root %DIR%/html; }
    server {
        listen 127.0.0.1:%PORT_default%;
        location / { cdn_image custom; cdn_image_default preset=card; add_header X-Uri $cdn_image_uri; return 200; }
    }

HTTP

$http .= <<"SERVER" for @dialects;
    server {
        listen 127.0.0.1:%PORT_$_%;
        cdn_image $_;
        location / { proxy_pass http://127.0.0.1:%PORT_tier%\$cdn_image_uri; add_header X-Uri \$cdn_image_uri always; }
        location /variables/ { return 200 "\$cdn_image_uri \$uri \$args \$request_uri"; }
    }
SERVER

my $t = nginx('', files => { 'photos/cat.jpg' => picture() }, http => $http);

sub uri ($dialect, $path, %headers)
{
    my $r = $t->at($dialect)->get($path, %headers);
    is($r->status, 200, "$dialect: $path") or diag $r->body;
    return $r->header('X-Uri');
}

# the same picture in everybody's words

my %same = (
    '/cdn-image/w=120,h=80,fit=crop,f=webp,q=80/photos/cat.jpg' => [
        [cloudflare => '/cdn-cgi/image/width=120,height=80,fit=crop,gravity=center,quality=80,format=webp/photos/cat.jpg'],
        [custom => '/photos/cat.jpg?width=120&height=80&crop=center&quality=80&format=webp'],
        [keycdn => '/photos/cat.jpg?width=120&height=80&enlarge=0&quality=80&format=webp'],
        [fastly => '/photos/cat.jpg?width=120&height=80&fit=crop&quality=80&format=webp'],
    ],
    '/cdn-image/w=120,h=80,f=webp,q=80/photos/cat.jpg' => [
        [cloudflare => '/cdn-cgi/image/w=120,h=80,q=80,f=webp/photos/cat.jpg'],
        [bunnycdn => '/photos/cat.jpg?width=120&height=80&quality=80&format=webp'],
        [keycdn => '/w=120,h=80,q=80,f=webp,c=0/photos/cat.jpg'],
        [fastly => '/photos/cat.jpg?width=120&height=80&fit=bounds&quality=80&format=webp'],
        [custom => '/photos/cat.jpg?height=80&width=120&quality=80&format=webp&crop=fit'],
    ],
    '/cdn-image/w=120,h=80,fit=cover,f=jpeg,q=80/photos/cat.jpg' => [
        [cloudflare => '/cdn-cgi/image/w=120,h=80,fit=cover,q=80,f=jpeg/photos/cat.jpg'],
        [keycdn => '/w=120,h=80,q=80,f=jpeg,c=1/photos/cat.jpg'],
        [keycdn => '/photos/cat.jpg?width=120&height=80&format=jpg'],
    ],
    '/cdn-image/w=150,h=150,fit=crop,bg=ffffff,f=auto:avif:webp,q=85/photos/cat.jpg' => [
        [cloudflare => '/cdn-cgi/image/preset=avatar/photos/cat.jpg', Accept => 'image/avif,image/webp'],
        [custom => '/photos/cat.jpg?preset=avatar', Accept => 'image/webp, image/avif'],
        [bunnycdn => '/photos/cat.jpg?class=avatar', Accept => 'image/webp, image/avif'],
        [fastly => '/photos/cat.jpg?class=avatar', Accept => 'image/webp, image/avif'],
        [keycdn => '/photos/cat.jpg?preset=avatar', Accept => 'image/webp, image/avif'],
    ],
    '/cdn-image/w=768,f=auto:webp:avif,q=80/photos/cat.jpg' => [
        [custom => '/photos/cat.jpg?device=mobile', Accept => 'image/avif,image/webp'],
        [custom => '/photos/cat.jpg?device=mobile&quality=90&width=768', Accept => 'image/avif,image/webp'],
    ],
    '/cdn-image/w=50,h=100,fit=crop,f=png,q=85/photos/cat.jpg' => [
        [custom => '/photos/cat.jpg?preset=card&width=50&format=png&quality=10'],
        [cloudflare => '/cdn-cgi/image/preset=card,width=50,format=png/photos/cat.jpg'],
    ],
);
for my $canonical (sort keys %same) {
    is(uri(@$_), $canonical, 'has the one URI') for $same{$canonical}->@*;
}

# arguments that are no options are the source's

for my $dialect (qw(bunnycdn keycdn fastly custom)) {
    my $own = $dialect eq 'keycdn' ? '&enlarge=0' : '';    # which enlarges of itself
    is(uri($dialect, "/photos/cat.jpg?v=%2F2&width=100&quality=50&x$own"), '/cdn-image/w=100,q=50/photos/cat.jpg?v=%2F2&x',
        'others stay, as sent');
    is(uri($dialect, '/photos/cat.jpg?v=2'), '/photos/cat.jpg?v=2', 'no option: untouched');
    is($t->at($dialect)->get('/photos/cat.jpg?v=2')->body, $t->slurp('html/photos/cat.jpg'), 'the file itself');
    for my $bad ('width=0', 'width=-1', 'width=abc', 'height=100000') {
        is($t->at($dialect)->get("/photos/cat.jpg?$bad")->status, 400, "$bad is impossible");
    }
    my $canonical = '/cdn-image/w=9,q=70/variables/a.jpg';
    is($t->at($dialect)->get("/variables/a.jpg?width=9&v=%2F&quality=70$own")->body,
        "$canonical?v=%2F $canonical v=%2F $canonical?v=%2F", '$uri, $args and $request_uri are the canonical ones');
}
is(uri('bunnycdn', '/photos/cat.jpg?width=100&quality=900'), '/cdn-image/w=100,q=100/photos/cat.jpg', 'providers clamp');
is($t->at('custom')->status('/photos/cat.jpg?quality=900'), 400, 'custom refuses');
is($t->at('keycdn')->status('/w=100,z=1/photos/cat.jpg'), 400, 'as does the path form');
is(uri('keycdn', '/photos/cat.jpg'), '/photos/cat.jpg', 'but an ordinary path is one');

is($t->at('default')->get('/photos/cat.jpg')->header('X-Uri'),
    '/cdn-image/w=200,h=100,fit=crop,f=auto,q=70/photos/cat.jpg', 'cdn_image_default asks where the URL is silent');

# what only the pixels tell, through a tier

$t->write('photos/framed.png', $t->at('keycdn')->get('/photos/cat.jpg?extend=20&bg=00f&format=png')->body);
for my $asked ([keycdn => 'trim=10'], [fastly => 'trim-color=00f']) {
    my $info = image_info($t->at($asked->[0])->get("/photos/framed.png?$asked->[1]")->body);
    is("$info->{width}x$info->{height}", '300x200', "$asked->[0]: plain edges go");
}

# other hosts

my $host = '127.0.0.1:' . $t->port('elsewhere');
my $hosts = $t->at('hosts');
is($hosts->status("/cdn-cgi/image/width=50/http://$host/photos/cat.jpg"), 200, 'a source of another host');
is($hosts->status("/cdn-cgi/image/width=50/http:/$host/photos/cat.jpg"), 200, 'with one slash too');
is($hosts->status('/cdn-cgi/image/width=50/http://127.0.0.1:1/photos/cat.jpg'), 403, 'another port is another host');
is($hosts->status('/cdn-cgi/image/width=50/http://example.com/photos/cat.jpg'), 403, 'a wildcard is for those below');
is($hosts->status("/cdn-cgi/image/width=50/x/../http://$host/photos/cat.jpg"), 404, 'a path that looks like one is a path');
is($hosts->status('/cdn-cgi/image/width=50/http://a.example.com/x.jpg'), 403, 'the tier has a list of its own');
$t->write_origin('photos/own.jpg', picture());
is($hosts->status('/cdn-cgi/image/width=50/photos/own.jpg'), 200, 'cdn_image_origin for this site\'s');
is($t->at('unaware')->status('/cdn-image/src=http:img.example.com,w=50,q=85/photos/own.jpg'), 403,
    'a location that fetches from elsewhere does not pretend');
is($t->at('tier')->status('/cdn-image/w=50/photos/cat.jpg'), 400, 'a tier takes canonical URIs alone');

done();
