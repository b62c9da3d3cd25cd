# Which requests are counted, as what, and why the cache had no answer.

use lib 't/lib';
use NginxTest;

my $conf = <<'CONF';

    location / {
        cdn_region        $region;
        proxy_cache       edge;
        proxy_cache_key   $request_uri;
        proxy_cache_bypass $arg_bypass;
        proxy_cache_use_stale error;
        proxy_cache_revalidate on;
        proxy_pass        http://%ORIGIN%;
        add_header        X-Reason "$upstream_cache_status $cdn_cache_reason $cdn_region" always;
    }
    location /plain/    { cdn_region eu; root %DIR%/html; location /plain/nested/ { } }
    location /page/     { cdn_region eu; error_page 404 /errors/404.html; root %DIR%/html; }
    location /named/    { cdn_region eu; error_page 404 = @named; root %DIR%/html; }
    location /tried/    { cdn_region eu; try_files /none /elsewhere/cat.txt; }
    location /elsewhere/ { root %DIR%/html; }
    location /errors/   { root %DIR%/html; }
    location @named     { return 200 "named\n"; }
    location /too-large { cdn_region eu; client_max_body_size 1; }
    location /moved     { cdn_region eu; return 302 /; }
    location /ssi/      { cdn_region eu; root %DIR%/html; ssi on; }
    location /auth/     { cdn_region eu; root %DIR%/html; auth_request /check; }
    location = /check   { cdn_region eu; return 204; }
    location = /status  { cdn_region eu; cdn_status json; limit_except GET { deny all; } }
    location = /denied  { cdn_region eu; cdn_status json; deny all; }

CONF

my $http = <<'HTTP';

    proxy_cache_path %DIR%/cache keys_zone=edge:1m max_size=10m;
    map $http_x_region $region { default $http_x_region; }

HTTP

my $t = nginx($conf, workers => 4, http => $http, files => {
    'plain/cat.txt' => 'meow', 'plain/nested/cat.txt' => 'meow', 'elsewhere/cat.txt' => 'meow',
    'errors/404.html' => 'none', 'ssi/page.html' => '<!--# include virtual="/plain/cat.txt" -->',
    'auth/cat.txt' => 'meow',
}, origin => sub ($request) {
    my $uri = $request->{uri};
    return [500, [], 'broken'] if $uri =~ /broken/;
    return [200, ['Cache-Control' => 'no-store'], 'x' x 100] if $uri =~ /private/;
    return [304, [ETag => '"a"', 'Cache-Control' => 'max-age=1'], ''] if $request->{headers}{'if-none-match'};
    return [200, ['Cache-Control' => 'max-age=1', ETag => '"a"', 'Content-Type' => 'text/html; charset=utf-8'], 'x' x 1000] if $uri =~ /validated/;
    return [200, ['Cache-Control' => 'max-age=1'], 'x' x 1000] if $uri =~ /short/;
    return [200, ['Cache-Control' => 'max-age=1000', 'Content-Type' => 'image/webp'], 'x' x 1000];
});

# once a response is there, its request is about to be counted
sub counted ($expected) { my $json; eventually(sub { $json = $t->get('/status')->json; $json->{requests}{total} >= $expected }, 5); $json }

sub reason ($path, @headers) { $t->get($path, @headers)->header('X-Reason') }

is(reason('/a'), 'MISS cold', 'what was never stored: cold');
is(reason('/a'), 'HIT hit', 'then a hit');
is(reason('/a?bypass=1'), 'BYPASS bypass', 'a bypass');
is(reason('/private'), 'MISS uncacheable', 'what the origin forbids to keep: uncacheable');
is(reason('/broken'), 'MISS error', 'what the origin cannot give: error');
reason($_) for '/short', '/validated', '/short-stale';
sleep 2;
is(reason('/short'), 'EXPIRED expired', 'what was too old: expired');
is(reason('/validated'), 'REVALIDATED revalidated', 'or revalidated');
$t->origin_stop;
is(reason('/short-stale'), 'STALE stale', 'stale without an origin');
$t->origin_start;

my $json = counted(11);
is_deeply($json->{requests}{by_reason}, { hit => 1, cold => 4, bypass => 1, uncacheable => 1, error => 1, expired => 1, revalidated => 1, stale => 1 }, 'reasons');
is_deeply($json->{requests}{by_status}, { hit => 1, miss => 6, bypass => 1, expired => 1, revalidated => 1, stale => 1 }, 'statuses');
is_deeply($json->{requests}{by_class}, { '2xx' => 10, '5xx' => 1 }, 'classes');
is_deeply($json->{requests}{by_profile}{none}, { requests => 11, hits => 3, hit_ratio => 0.3, bytes => $json->{bytes}{sent} },
    'the hit ratio leaves bypasses out');
is($json->{requests}{by_content}{html}{requests}, 2, 'kinds of content');
is($json->{requests}{by_content}{image}{hit_ratio}, 0.5, 'and their hit ratio');
cmp_ok($json->{bytes}{upstream}, '>', 6000, 'bytes of origins');
is($json->{bytes}{saved}, $json->{bytes}{sent} - $json->{bytes}{upstream}, 'and those saved');
like($json->{latency_ms}{$_}, qr/^[\d.]+$/, "latency: $_") for qw(mean p50 p95 p99);
is($json->{cache}{edge}{max}, 10 * 1024 * 1024, 'the limit of a cache');
ok(eventually(sub { $t->get('/status')->json->{cache}{edge}{size} >= 4000 }, 5), 'and its size');
is_deeply([@$json{qw(signatures purges redis schedules)}], [{}, {}, {}, {}], 'what is not in use is empty');

# which requests
my $total = 11;
for (
    ['/plain/cat.txt', 1, 'a request without a cache'],
    ['/plain/nested/cat.txt', 1, 'a nested location'],
    ['/plain/none', 1, 'one that is not there'],
    ['/page/none', 1, 'an error page in a location that counts nothing'],
    ['/named/none', 1, 'or in a named one'],
    ['/tried/x', 1, 'an internal redirect'],
    ['/moved', 1, 'an answer of the rewrite phase'],
    ['/ssi/page.html', 1, 'a page with subrequests'],
    ['/auth/cat.txt', 1, 'a page behind one'],
    ['/elsewhere/cat.txt', 0, 'a location of nobody\'s'],
    ['/status', 0, 'a scrape'],
    ['/denied', 0, 'a refused scrape'],
) {
    my ($path, $count, $what) = @$_;
    $t->get($path);
    $total += $count;
    is(counted($total)->{requests}{total}, $total, "$what: $count");
}
is($t->request('POST', '/too-large', body => 'xxx')->status, 413, 'a body that is too large');
is(counted(++$total)->{requests}{total}, $total, 'is a request too');
is($t->request('POST', '/status')->status, 403, 'limit_except holds the handler');
is($t->get('/status')->json->{requests}{total}, $total, 'and its requests are not counted');

# regions
is(reason('/a', 'X-Region' => 'eu_central'), 'HIT hit eu_central', '$cdn_region');
$t->get('/a', 'X-Region' => "region $_ \"\xff\\") for 1 .. 99;
$total += 100;
$json = counted($total);
my $regions = $json->{requests}{by_region};
is($regions->{eu_central}{requests}, 1, 'are counted by name');
like($regions->{eu_central}{mean_ms}, qr/^[\d.]+$/, 'with their mean');
is(scalar keys %$regions, 64 + 2, '64 of them, besides "none"');
is($regions->{other}{requests}, 99 - (64 - 2), 'the others as "other"');

# exact under load: reload, upgrade and all
for my $turn (1 .. 40) {
    $t->many(100, sub ($n) { "/a?n=" . $n % 10 });
    $t->signal('HUP') if $turn % 10 == 5;
}
$total += 40 * 100;
$json = counted($total);
is($json->{requests}{total}, $total, 'exact under a hundred clients, four workers and reloads');
my $reasons = 0;
$reasons += $_ for values %{ $json->{requests}{by_reason} };
is($reasons, 11 + 100 + 4000, 'in every sum');

my $started = $json->{started};
$t->upgrade;
$json = counted($total);
is($json->{requests}{total}, $total, 'a binary upgrade keeps them');
is($json->{started}, $started, 'and their beginning');
$t->get('/a');
is(counted(++$total)->{requests}{total}, $total, 'and goes on');

$t->kill_worker for 1 .. 3;
$t->get('/a');
is(counted(++$total)->{requests}{total}, $total, 'as do killed workers');

$t->conf($conf, http => "$http cdn_node edge-7 region=us_east;");
$t->reload;
is(reason('/a'), 'HIT hit us_east', 'cdn_node names a region for all');
is($t->get('/status')->json->{node}, 'edge-7', 'and the node');

like(refuses('', http => 'cdn_node region=x;'), qr/"cdn_node": needs a name/, 'a node has a name');
like(refuses('', http => 'cdn_node a place=x;'), qr/region=REGION, not "place=x"/, 'and nothing but a region');
like(refuses('', http => 'cdn_node a; cdn_node b;'), qr/duplicate/, 'one only');

$t->quit;
$t->start;
is($t->get('/status')->json->{requests}{total}, 0, 'a stop ends them');

done();
