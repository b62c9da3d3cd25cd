# What clients are told of a picture: provider's own headers, from misses, hits and errors alike.

use lib 't/lib';
use NginxTest;

my $photo = photo();
my @dialects = qw(cloudflare bunnycdn keycdn fastly custom);

my $http = "proxy_cache_path %DIR%/cache keys_zone=edge:1m;\n";
$http .= <<"SERVERS" for @dialects;
    server {
        listen 127.0.0.1:%PORT_$_%;
        cdn_image $_;
        add_header X-Info \$cdn_image_info always;
        add_header X-Cache \$upstream_cache_status always;
        error_page 451 \@451;
        location / {
            proxy_pass http://127.0.0.1:%PORT_tier%\$cdn_image_uri;
            proxy_cache edge;
            proxy_cache_key $_\$request_uri;
            proxy_cache_valid 200 1m;
        }
        location /revalidated/ {
            proxy_pass http://127.0.0.1:%PORT_tier%\$cdn_image_uri;
            proxy_cache edge;
            proxy_cache_valid 200 1s;
            proxy_cache_revalidate on;
        }
        location /uncached/ { proxy_pass http://127.0.0.1:%PORT_tier%\$cdn_image_uri; }
        location /denied/ { deny all; }
    }
    server {
        listen 127.0.0.1:%PORT_alone_$_%;
        location / {
            cdn_image $_; cdn_image_transform on; proxy_pass http://%ORIGIN%;
            add_header X-Info \$cdn_image_info always;
        }
    }
SERVERS

my $t = nginx('', http => $http . <<'HTTP');
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_original%;
        location / { cdn_image fastly; cdn_image_transform on; cdn_image_on_error original; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_paged%;
        root %DIR%/html;
        cdn_image keycdn;
        error_page 400 415 /error.html;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
        location = /error.html { internal; }
    }
HTTP

my $tiny = picture(width => 40, height => 30, save => 'Q=5,strip');
$t->write('error.html', 'oh');
$t->write_origin($_, $photo) for qw(cat.jpg uncached/cat.jpg revalidated/cat.jpg);
$t->write_origin('text.jpg', 'no picture');
$t->write_origin('tiny.jpg', $tiny);
$t->write_origin('huge.png', picture(width => 2100, height => 1500, format => 'png', color => [1, 2, 3]));

my %url = (
    cloudflare => sub ($file, $query) { "/cdn-cgi/image/" . ($query =~ tr/&/,/r) . "/$file" },
    map { $_ => sub ($file, $query) { "/$file?$query" } } qw(bunnycdn keycdn fastly custom),
);
my $length = length $photo;
my $size = join 'x', @{ image_info($photo) }{qw(width height)};

sub names ($r) { join ' ', sort grep { /^(?:cf-|x-bo|x-ip|x-download|fastly)/ } keys $r->fields->%* }

# the same of every answer to one URL

my %success = (
    cloudflare => ['Cf-Resized', qr{^internal=ok/- q=\d+ n=\d+ c=\d+ l=OUT$}],
    bunnycdn => ['X-DownloadSize', qr/^$length$/, 'X-BO-CompressionRatio', qr/^\d\d(?:\.\d+)?%$/,
        'X-BO-OriginDownloadTime', qr/^\d+$/, 'X-BO-ProcessingTime', qr/^\d+$/],
    keycdn => ['x-ip', qr/^1$/, 'x-ip-info', qr/^ofmt=webp odim=300x\d+ osz=OUT$/],
    fastly => ['Fastly-Stats', qr/^io=1$/,
        'Fastly-IO-Info', qr/^ifmt=jpeg idim=$size ifsz=$length ofmt=webp odim=300x\d+ ofsz=OUT$/],
    custom => [],
);

for my $dialect (@dialects) {
    my $url = $url{$dialect}->('cat.jpg', 'width=300&format=webp');
    my $edge = $t->at($dialect);
    my $miss = $edge->get($url);
    my $bytes = length $miss->body;
    my @tests = $success{$dialect}->@*;

    my %answers = (
        'a miss' => $miss,
        'a hit' => $edge->get($url),
        'HEAD' => $edge->head($url),
        'a range' => $edge->get($url, Range => 'bytes=0-9'),
        'a range beyond it' => $edge->get($url, Range => "bytes=$bytes-"),
        '304' => $edge->get($url, 'If-None-Match' => $miss->header('ETag')),
        'no cache' => $edge->get($url{$dialect}->('uncached/cat.jpg', 'width=300&format=webp')),
        'one location' => $t->at("alone_$dialect")->get($url),
        'HEAD of one location' => $t->at("alone_$dialect")->head($url),
    );
    is($answers{'a hit'}->header('X-Cache'), 'HIT', "$dialect: a hit");
    for my $name (sort keys %answers) {
        my $r = $answers{$name};
        is($r->header('X-CDN-Image'), undef, "$dialect, $name: the tier's word is not for clients");
        is(names($r), join(' ', sort map { lc $tests[2 * $_] } 0 .. $#tests / 2), 'its own headers, no others') if @tests;
        for (my $i = 0; $i < @tests; $i += 2) {
            my $pattern = $tests[$i + 1] =~ s/OUT/$bytes/r;
            like($r->header($tests[$i]), qr/$pattern/, "$tests[$i] of $name");
        }
        # of a 416, nginx's own "add_header" adds another one
        like(($r->headers('X-Info'))[0], qr/^ifmt=jpeg idim=$size ifsz=$length ofmt=webp odim=300x\d+ ofsz=$bytes frames=1 fetch_ms=\d+ queue_ms=\d+ ms=\d+$/,
            '$cdn_image_info');
    }

    my $not_modified = $t->at("alone_$dialect")->get($url, 'If-None-Match' => $miss->header('ETag'));
    is($not_modified->status, 304, "$dialect: a 304 that needed no picture");
    is($not_modified->header('Fastly-IO-Info'), "ifmt=jpeg idim=$size ifsz=$length ofmt=webp odim=300x199", 'has no size')
        if $dialect eq 'fastly';

    is(names($edge->get($dialect eq 'cloudflare' ? '/cat.jpg' : '/cat.jpg?v=1')), '', 'a URL without options has none');
}

# errors

my @errors = (
    ['a refused URL', 'cat.jpg', 'width=0', 400, 'err=9401', 101, qr/^width must be /],
    ['no picture', 'text.jpg', 'width=9', 415, 'err=9412', 103, qr/^the source is not an image$/],
    ['no source', 'none.jpg', 'width=9', 404, 'err=9404', 102, qr/^the source was answered with 404$/],
);
for my $case (@errors) {
    my ($name, $file, $query, $status, $cloudflare, $bunny, $text) = @$case;
    for my $alone ('', 'alone_') {
        my %r = map { $_ => $t->at("$alone$_")->get($url{$_}->($file, $query)) } @dialects;
        is($r{$_}->status, $status, "$alone$_: $name") for @dialects;
        is($r{$_}->header('X-CDN-Image'), undef, 'the tier\'s word is not for clients') for @dialects;
        is($r{cloudflare}->header('Cf-Resized'), $cloudflare, 'Cf-Resized');
        is($r{bunnycdn}->header('X-BO-Processing-Error'), $bunny, 'X-BO-Processing-Error');
        is($r{keycdn}->header('x-ip'), 0, 'x-ip');
        like($r{keycdn}->header('x-ip-error'), $text, 'x-ip-error');
        like($r{fastly}->header('Fastly-IO-Error'), $text, 'Fastly-IO-Error');
        is($r{fastly}->header('Fastly-IO-Info'), undef, 'no Fastly-IO-Info');
        is($t->at("${alone}cloudflare")->head($url{cloudflare}->($file, $query))->header('Cf-Resized'), $cloudflare, 'HEAD');
    }
}
is(names($t->at('keycdn')->get('/denied/a.jpg?width=9')), '', 'an access rule is no image error');
my $paged = $t->at('paged')->get('/text.jpg?width=9');
is($paged->body, 'oh', 'an error page');
is($paged->header('x-ip-error'), 'the source is not an image', 'tells all the same');
like($t->at('paged')->get('/cat.jpg?width=0')->header('x-ip-error'), qr/^width must be/, 'of a refused URL too');

# a cached answer that its tier confirms

my $old = $t->at('fastly')->get('/revalidated/cat.jpg?width=300');
my $new;
eventually(sub { $new = $t->at('fastly')->get('/revalidated/cat.jpg?width=300'); $new->header('X-Cache') eq 'REVALIDATED' }, 10);
is($new->header('X-Cache'), 'REVALIDATED', 'revalidated');
is($new->header('Fastly-IO-Info'), $old->header('Fastly-IO-Info'), 'tells what was stored');
is($new->header('X-Info'), $old->header('X-Info'), 'all of it');

# notes

my $r = $t->at('keycdn')->get('/tiny.jpg?width=40&quality=100');
is($r->header('x-ip'), 2, 'x-ip: 2 where the source is smaller');
is($r->body, $tiny, 'and is sent');
like($t->at('cloudflare')->get('/cdn-cgi/image/w=40,q=100/tiny.jpg')->header('Warning'), qr/original is smaller/, 'Warning');
$r = $t->at('fastly')->get('/huge.png?format=avif');
is($r->header('Content-Type'), 'image/png', 'too large for AVIF');
is($r->header('Fastly-IO-Warning'), 'the result is too large for avif', 'is said');
is($t->at('bunnycdn')->get('/huge.png?format=avif')->header('X-BO-Processing-Error'), 304, 'in Bunny\'s code');
is($t->at('bunnycdn')->get('/tiny.jpg?width=50')->header('X-BO-Processing-Error'), 302, 'as is what was not enlarged');

$r = $t->at('original')->get('/text.jpg?width=9');
is($r->status, 200, 'the source instead of an error');
is($r->header('Fastly-IO-Error'), 'the source is not an image', 'which is told');

# an origin cannot speak for the tier

$t->origin(sub ($request) {
    my $status = $request->{uri} =~ /none/ ? 404 : 200;
    [$status, ['X-CDN-Image' => 'ifmt=x idim=1x1 ofmt=y odim=1x1 ofsz=1'], $photo];
});
$r = $t->at('fastly')->get('/other.jpg?width=20');
like($r->header('Fastly-IO-Info'), qr/^ifmt=jpeg .* odim=20x/, 'what an origin says in the tier\'s header is dropped');
$r = $t->at('fastly')->get('/none-at-all.jpg?width=20');
is($r->header('Fastly-IO-Info'), undef, 'of an error too');
is($r->header('Fastly-IO-Error'), 'the source was answered with 404', 'which is the origin\'s');

done();
