# cdn_response_headers, cdn_cache_query, and stale serving as profiles allow it.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', clock => '2026-11-03 12:00:00', http => <<'HTTP');

    proxy_cache     edge;
    proxy_cache_key $request_uri;
    add_header X-Cache $upstream_cache_status always;
    cdn_response_headers security;
    cdn_cache_query w h;

    location /all/    { cdn_response_headers hsts security cors timing;  proxy_pass http://%ORIGIN%; }
    location /none/   { cdn_response_headers off;  proxy_pass http://%ORIGIN%; }
    location /query/  { cdn_ttl default;  add_header X-URI "$request_uri $args $cdn_client_uri" always;  add_header X-Cache $upstream_cache_status always;  proxy_pass http://%ORIGIN%; }
    location /sent/   { cdn_cache_query off;  proxy_pass http://%ORIGIN%; }
    location /bare/   { cdn_cache_query "";  proxy_pass http://%ORIGIN%; }
    location /passed/ { proxy_pass http://%ORIGIN%/inner/; }
    location /swr/    { cdn_ttl swr;  proxy_pass http://%ORIGIN%; }
    location /front/  { cdn_ttl swr;  proxy_cache_background_update off;  proxy_pass http://%ORIGIN%; }
    location /sie/    { cdn_ttl sie;  proxy_pass http://%ORIGIN%; }
    location /strict/ { cdn_ttl user_content;  proxy_cache_use_stale error;  proxy_pass http://%ORIGIN%; }
    location /lax/    { cdn_ttl lax;  proxy_cache_use_stale error;  proxy_pass http://%ORIGIN%; }
    location /gzip/   { cdn_ttl media_resource;  gzip on;  gzip_vary on;  gzip_types *;  gzip_min_length 1;  proxy_pass http://%ORIGIN%; }
    location /gzip-tokens/ { cdn_ttl tokens;  gzip on;  gzip_vary on;  gzip_types *;  gzip_min_length 1;  proxy_pass http://%ORIGIN%; }
    location /aged/   { cdn_ttl origin;  proxy_pass http://%ORIGIN%; }
    location /reval/  { cdn_ttl lax;  proxy_cache_revalidate on;  proxy_pass http://%ORIGIN%; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m inactive=2y;
    cdn_ttl_profile swr { ttl 1h;  stale_while_revalidate 10m; }
    cdn_ttl_profile sie { ttl 1h;  stale_if_error 10m; }
    cdn_ttl_profile lax { ttl 1h; }
    cdn_ttl_profile tokens { ttl 1h;  vary X-Token; }

HTTP

my $asked = 0;
my $handler = sub ($request) {
    my @late = $request->{uri} eq '/swr/a' && $asked++ ? (delay => 2) : ();
    return [200, ['Cache-Control' => 'max-age=100', Age => '10', Age => '20'], 'two'] if $request->{uri} eq '/aged/two';
    return [200, ['Cache-Control' => 'max-age=100', Age => '9' x 25], 'huge'] if $request->{uri} eq '/aged/huge';
    return [304, [], ''] if $request->{headers}{'if-none-match'};
    return [200, [ETag => '"v1"', 'Referrer-Policy' => 'no-referrer', 'Access-Control-Allow-Origin' => 'https://a.example',
        'Access-Control-Allow-Credentials' => 'true'], "n$request->{n} $request->{uri}", @late];
};
$t->origin($handler);

# one line of Vary, whoever writes it

for my $try (1 .. 2) {
    is_deeply([$t->get('/gzip/x')->headers('Vary')], ['Accept, Accept-Encoding'], 'gzip_vary adds nothing to a profile that says it');
    is_deeply([$t->get('/gzip-tokens/x', 'Accept-Encoding' => 'gzip')->headers('Vary')], ['X-Token, Accept-Encoding'], 'and merges with one that does not');
}

# an Age from further up

$t->get('/aged/two');
my @age = $t->get('/aged/two')->headers('Age');
is(scalar @age, 1, 'of two one is told');
cmp_ok($age[0], '>=', 20, 'the elder');
like($t->get('/aged/huge')->header('Cache-Status'), qr/fwd/, 'one too large to count is of something too old to keep') for 1 .. 2;

# sets of headers

my $all = $t->get('/all/x');
is($all->header('Strict-Transport-Security'), 'max-age=31536000; includeSubDomains', 'hsts');
is($all->header('X-Content-Type-Options'), 'nosniff', 'security: nosniff');
is($all->header('Referrer-Policy'), 'no-referrer', 'what is there stays');
is($all->header('X-CDN-Cache'), 'ngx_cdn', 'and the cache\'s name');
is($all->header('Access-Control-Allow-Origin'), '*', 'cors goes over the origin\'s');
is($all->header('Access-Control-Allow-Headers'), '*', 'headers');
is($all->header('Access-Control-Allow-Methods'), 'GET, HEAD, OPTIONS', 'methods');
ok(!defined $all->header('Access-Control-Allow-Credentials'), 'no credentials');
like($all->header('X-Request-ID'), qr/^[0-9a-f]{32}$/, 'timing: an id');
like($all->header('X-Response-Time'), qr/^\d+\.\d{3}s$/, 'and the time');
isnt($t->get('/all/x')->header('X-Request-ID'), $all->header('X-Request-ID'), 'another one each time');
is($t->get('/other')->header('X-CDN-Cache'), 'ngx_cdn', 'inherited, of an error too');
is($t->get('/other')->header('Referrer-Policy'), 'strict-origin-when-cross-origin', 'with a policy of ours');
ok(!defined $t->get('/none/x')->header('X-CDN-Cache'), 'off');

# the query

my $r = $t->get('/query/a?utm_source=x&w=3&h=4%26&fbclid=1');
is($r->body, 'n' . ($r->body =~ /n(\d+)/)[0] . ' /query/a?h=4%26&w=3', 'the origin gets the named arguments, sorted');
is($r->header('X-URI'), '/query/a?h=4%26&w=3 h=4%26&w=3 /query/a?utm_source=x&w=3&h=4%26&fbclid=1', 'variables agree');
is($t->get('/query/a?h=4%26&utm_source=y&w=3')->header('X-Cache'), 'HIT', 'tracking does not split the cache');
is($t->get('/query/a?h=5&w=3')->header('X-Cache'), 'MISS', 'what counts does');
like($t->get('/query/a%2Fb%20c?x=1')->body, qr{ /query/a%2Fb%20c$}, 'no argument left: no question mark, the path as sent');
like($t->get('/sent/a?b=1&a=2')->body, qr{\?b=1&a=2$}, 'off: all as sent');
like($t->get('/bare/a?b=1&w=2')->body, qr{/bare/a$}, 'an empty name keeps none');
like($t->get('/passed/a?b=1&w=2')->body, qr{ /inner/a\?w=2$}, 'with a URI in proxy_pass');

# stale while revalidating: once, in the background

my $body = $t->get('/swr/a')->body;
$t->clock('2026-11-03 13:05:00');
my @stale = $t->many(20, '/swr/a');
is(scalar(grep { $_->body eq $body } @stale), 20, 'twenty clients get the stale one');
is($stale[0]->header('X-Cache'), 'STALE', 'while it is refreshed');
ok(eventually(sub { $t->get('/swr/a')->header('X-Cache') eq 'HIT' }, 10), 'which it soon is');
is(scalar($t->origin_requests(qr{^/swr/a$})), 2, 'once');
$t->get('/swr/b');
$t->clock('2026-11-03 14:20:00');
is($t->get('/swr/b')->header('X-Cache'), 'EXPIRED', 'past its window it is fetched');
$t->get('/front/a');
$t->clock('2026-11-03 15:25:00');
is($t->get('/front/a')->header('X-Cache'), 'EXPIRED', 'an explicit "off" holds: who comes first waits');

# if the origin fails

$t->get("/$_/down") for qw(sie strict lax);
$t->clock('2026-11-03 16:30:00');
$t->origin_stop;
is($t->get('/sie/down')->header('X-Cache'), 'STALE', 'stale_if_error');
like($t->get('/sie/down')->header('Cache-Status'), qr/^ngx_cdn; fwd=stale; fwd-status=502; ttl=-\d+$/, 'and why');
is($t->get('/lax/down')->status, 200, 'use_stale error holds');
is($t->get('/strict/down')->status, 502, 'but not over must_revalidate');
is($t->get('/strict/down')->header('Cache-Control'), undef, 'the failure is nobody\'s to keep');
$t->clock('2026-11-03 17:30:00');
is($t->get('/sie/down')->status, 502, 'past its window it is an error');
$t->origin($handler);

# revalidation

$t->get('/reval/a');
$t->clock('2026-11-03 19:00:00');
$r = $t->get('/reval/a');
is($r->header('X-Cache'), 'REVALIDATED', 'a 304 of the origin');
is($r->header('Cache-Status'), 'ngx_cdn; fwd=stale; fwd-status=304; ttl=3600', 'renews it');
is($r->header('Cache-Control'), 'public, max-age=3600', 'for its ttl');
$t->clock('2026-11-03 19:59:00');
is($t->get('/reval/a')->header('X-Cache'), 'HIT', 'and that holds');
$t->clock('2026-11-03 20:01:00');
is($t->get('/reval/a')->header('X-Cache'), 'REVALIDATED', 'no longer');

done();
