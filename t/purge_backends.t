# Purges in every cache of nginx's: FastCGI, uwsgi, SCGI, slices, named by a variable, over
# HTTP/2, in "if" and "limit_except", with min_uses and error pages.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(sleep);
use NginxTest::Gateway 'gateway';

my %port = map {
    my $protocol = $_;
    my $n = 0;
    $protocol => gateway($protocol, sub ($parameters) {
        $n++;
        return "Status: 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=600\r\n"
            . "Cache-Tag: lesson $protocol\r\n\r\n$parameters->{REQUEST_URI} $n";
    });
} qw(fastcgi uwsgi scgi);

my $t = nginx(<<"CONF" . <<'CONF2', http => <<'HTTP', workers => 2, origin => sub ($r) {
    location /fastcgi/ {
        fastcgi_pass  127.0.0.1:$port{fastcgi};
        fastcgi_param REQUEST_URI \$request_uri;
        fastcgi_param REQUEST_METHOD \$request_method;
        fastcgi_cache f;
        fastcgi_cache_key \$uri;
    }
    location /uwsgi/ {
        uwsgi_pass  127.0.0.1:$port{uwsgi};
        uwsgi_param REQUEST_URI \$request_uri;
        uwsgi_cache u;
        uwsgi_cache_key \$uri;
    }
    location /scgi/ {
        scgi_pass  127.0.0.1:$port{scgi};
        scgi_param REQUEST_URI \$request_uri;
        scgi_cache s;
        scgi_cache_key \$uri;
    }
CONF
    listen 127.0.0.1:%PORT_h2% ssl http2;
    %TLS%
    cdn_purge  on;
    add_header X-Cache $upstream_cache_status always;
    proxy_pass_header Status;
    location / { proxy_cache c; proxy_pass http://%ORIGIN%; }
    location ~ ^/(?:slice|film)/ {
        slice             1000;
        proxy_cache       c;
        proxy_cache_key   $uri$slice_range;
        proxy_set_header  Range $slice_range;
        proxy_cache_valid 200 206 1h;
        proxy_pass        http://%ORIGIN%;
    }
    location /draft/ {
        proxy_cache c;  proxy_cache_valid 404 10m;
        proxy_intercept_errors on;  error_page 404 /none.html;
        proxy_pass  http://%ORIGIN%;
    }
    location = /none.html { return 404 'none yet'; }
    location /down/ { proxy_cache c;  proxy_cache_valid any 10m;  proxy_pass http://%ORIGIN%; }
    location /variable/ { proxy_cache $cache_name; proxy_pass http://%ORIGIN%; }
    location /uses/ { proxy_cache c; proxy_cache_min_uses 2; proxy_pass http://%ORIGIN%; }
    location /if/ {
        proxy_cache c;
        if ($arg_x) { proxy_pass http://%ORIGIN%; }
        proxy_pass http://%ORIGIN%;
    }
    location /limited/ {
        proxy_cache c;
        proxy_pass  http://%ORIGIN%;
        limit_except GET { deny all; }
    }
    location /error/ {
        proxy_cache            c;
        proxy_cache_valid      404 1h;
        proxy_intercept_errors on;
        error_page             404 = @none;
        proxy_pass             http://%ORIGIN%;
    }
    location @none { proxy_cache c; proxy_cache_key none$uri; rewrite ^ /sorry/ break; proxy_pass http://%ORIGIN%; }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF2
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
    proxy_cache_path  %DIR%/cache/two keys_zone=two:1m;
    fastcgi_cache_path %DIR%/cache/f keys_zone=f:1m;
    uwsgi_cache_path  %DIR%/cache/u keys_zone=u:1m;
    scgi_cache_path   %DIR%/cache/s keys_zone=s:1m;
    map $arg_cache $cache_name { default c; two two; }
HTTP
    state %n;
    my @headers = ('Cache-Control' => 'max-age=600', 'Cache-Tag' => 'lesson');
    if ($r->{uri} =~ m{^/slice/}) {
        my ($first, $last) = ($r->{headers}{range} // '') =~ /(\d+)-(\d+)/ or return [400, [], 'no range'];
        my $version = ++$n{"$r->{uri} $first"} % 10;
        $last = 2499 if $last > 2499;
        return [206, [@headers, ETag => '"e"', 'Content-Range' => "bytes $first-$last/2500"], $version x ($last - $first + 1)];
    }
    if ($r->{uri} =~ m{^/film/}) {
        my ($first, $last) = ($r->{headers}{range} // '0-2499') =~ /(\d+)-(\d+)/;
        $last = 2499 if $last > 2499;
        my $version = $n{"$r->{uri} $first"}++ ? 2 : 1;
        return [206, [@headers, ETag => qq("$version"), 'Content-Range' => "bytes $first-$last/2500"], $version x ($last - $first + 1)];
    }
    return [404, [], 'none'] if $r->{uri} =~ m{^/draft/} && !$n{$r->{uri}}++;
    return [404, \@headers, 'none'] if $r->{uri} =~ m{^/error/};
    return [200, \@headers, "$r->{uri} " . ++$n{$r->{uri}}];
});

sub purge (%body)
{
    my $status = $t->request(POST => '/cdn/purge', body => JSON::PP->new->encode(\%body))->status;
    sleep 0.02;                                        # what is fetched within its millisecond is purged, too
    return $status;
}
sub version ($uri)
{
    my $r = $t->get($uri);
    return join ' ', $r->header('X-Cache'), $r->body =~ /(\d+)$/;
}

for my $uri (qw(/fastcgi/a /uwsgi/a /scgi/a /if/a?x=1 /if/b /limited/a /variable/a?cache=two)) {
    is(version($uri), 'MISS 1', "$uri is fetched");
    is(version($uri), 'HIT 1', 'and cached');
    is(purge(tags => ['lesson'], mode => 'hard'), 200, 'its tag is purged');
    is(version($uri), 'MISS 2', 'and it is fetched again');
    is(version($uri), 'HIT 2', 'and cached again');
    purge(urls => [$uri], mode => 'soft');
    is(version($uri), 'STALE 2', 'a soft purge of its URL leaves it to be served once');
    ok(eventually(sub { version($uri) eq 'HIT 3' }), 'while it is refreshed');
}

is($t->get('/slice/a')->body, 1 x 2500, 'slices are one body');
$t->get('/slice/a', Range => 'bytes=0-9');
is($t->get('/slice/a', Range => 'bytes=990-1009')->body, 1 x 20, 'and parts of one');
purge(tags => ['lesson'], mode => 'hard');
is($t->get('/slice/a', Range => 'bytes=990-1009')->body, 2 x 20, 'a purge takes each slice');
is($t->get('/slice/a')->body, 2 x 2500, 'whichever is asked for');
purge(urls => ['/slice/a'], mode => 'hard');
is($t->get('/slice/a')->body, 3 x 2500, 'by the URL of the whole too');

# nginx would ask for the whole file in the background
is($t->get('/film/a')->body, 1 x 2500, 'a film');
purge(urls => ['/film/a']);
is($t->get('/film/a', Range => 'bytes=0-9')->body, 2 x 10, 'a new one after a soft purge');
is($t->get('/film/a')->body, 2 x 2500, 'is a new one to its end');
purge(urls => ['/film/a']);
$t->origin_stop;
is($t->get('/film/a')->body, 2 x 2500, 'and still there where the origin is not');
$t->origin_start;

# what nginx keeps without a file
sub outcome ($uri) { my $r = $t->get($uri); return $r->status . ' ' . ($r->header('X-Cache') // '-') }
is(outcome('/draft/a'), '404 MISS', 'an intercepted error');
is(outcome('/draft/a'), '404 HIT', 'is cached');
sleep 1.1;                                             # its birth counts in whole seconds
is($t->request(PURGE => '/draft/b')->status, 200, 'a purge of something else');
is(outcome('/draft/a'), '404 HIT', 'leaves it');
is($t->request(PURGE => '/draft/a')->status, 200, 'one of its URL');
is(outcome('/draft/a'), '200 MISS', 'takes it');
$t->origin_stop;
is(outcome('/down/a'), '502 MISS', 'an origin that is down');
is(outcome('/down/a'), '502 HIT', 'is remembered');
$t->origin_start;
is(outcome('/down/a'), '502 HIT', 'when it is up again');
sleep 1.1;
is(purge(everything => JSON::PP::true, mode => 'hard'), 200, 'until a purge of everything');
is(outcome('/down/a'), '200 MISS', 'takes that');
purge(everything => JSON::PP::true, mode => 'hard');

is(version('/uses/a'), 'MISS 1', 'with min_uses the first');
is(version('/uses/a'), 'MISS 2', 'and the second are fetched');
is(version('/uses/a'), 'HIT 2', 'the third is cached');
purge(tags => ['lesson'], mode => 'hard');
is(version('/uses/a'), 'MISS 3', 'until it is purged');
is(version('/uses/a'), 'HIT 3', 'and cached at once');

is($t->get('/error/a')->body, '/sorry/ 1', 'an error page from another location');
is($t->get('/error/a')->body, '/sorry/ 1', 'is cached');
purge(tags => ['lesson'], mode => 'hard');
is($t->get('/error/a')->body, '/sorry/ 2', 'and purged');

my @uris = map { "/h2/$_" } 1 .. 20;
$t->h2($t->port('h2'), \@uris);
is(join(' ', map { $_->header('X-Cache') . ($_->body =~ /(\d+)$/)[0] } $t->h2($t->port('h2'), \@uris)), join(' ', ('HIT1') x 20), 'twenty streams of HTTP/2');
purge(prefixes => ['/h2/'], mode => 'hard');
is(join(' ', map { $_->header('X-Cache') . ($_->body =~ /(\d+)$/)[0] } $t->h2($t->port('h2'), \@uris)), join(' ', ('MISS2') x 20), 'each of them purged');

is($t->request(HEAD => '/limited/a')->status, 200, 'HEAD of what is cached');
is($t->request(POST => '/limited/a')->status, 403, 'limit_except still limits');

done();
