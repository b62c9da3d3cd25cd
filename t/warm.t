# cdn_warm: at its time, what visitors will ask for lands in the cache, under
# their keys.

use lib 't/lib';
use NginxTest;

my $locations = <<'CONF';
    proxy_cache        c;
    proxy_cache_key    $scheme$host$request_uri;
    proxy_cache_valid  200 600d;
    add_header         X-Cache $upstream_cache_status always;

    location ^~ /cdn-cgi/image/ {
        cdn_image  cloudflare;
        cdn_ttl    media_resource;
        proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri;
    }
    location / {
        cdn_ttl    media_resource;
        proxy_pass http://%ORIGIN%;
    }
    location /list/ {
        cdn_ttl         media_resource;
        cdn_cache_query page sort;
        proxy_pass      http://%ORIGIN%;
    }
    location = /cdn/status { cdn_status; proxy_cache off; }
CONF

my $servers = <<'SERVERS';
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
SERVERS

my $zones = <<'HTTP';
    cdn_zone          1m;
    proxy_set_header  Host $host;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m inactive=2y;
HTTP

sub origin ($r)
{
    return [500, [], 'no'] if $r->{uri} =~ /broken/;
    return [404, [], 'no'] if $r->{uri} =~ /missing/;
    return [200, ['Cache-Control' => 'no-store'], 'still'] if $r->{uri} =~ /leaving/;
    select undef, undef, undef, 0.3 if $r->{uri} =~ /slow/;
    select undef, undef, undef, 0.12 if $r->{uri} =~ /sluggish/;
    return [200, ['Content-Type' => 'image/jpeg', 'Cache-Control' => 'max-age=60'], photo()] if $r->{uri} =~ /jpg/;
    return [200, ['Content-Type' => 'text/plain', 'Cache-Control' => 'max-age=60'], 'x' x 1000];
}

my $avif = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
my $list = join "\n", '# before school', '/a.css', '/photos/cat.jpg', 'http://other.example/b.js?v=1', '', 'not a url', '';

my $t = nginx($locations, workers => 2, clock => '2026-11-10 11:00:00', servers => $servers, origin => \&origin,
    files => { 'list.txt' => $list }, http => $zones . <<'HTTP');
    cdn_warm school {
        schedule us_east;
        at       pre_school;
        urls     %DIR%/html/list.txt;
        top      10;
        presets  hero thumbnail;
        widths   480 768;
        header   Host school.example;
        via      http://127.0.0.1:%PORT%;
    }
HTTP

sub warm ($name = 'school') { $t->get('/cdn/status?format=json')->json->{warm}{$name} }
sub idle ($name, $runs) { eventually(sub { my $w = warm($name); $w->{state} eq 'idle' && $w->{ended} && $w->{due} == $runs }, 30) }
sub at ($time) { $t->clock($time); sleep 1.5; return }
sub asked ($uri, %headers)
{
    return $t->get($uri, Host => 'school.example', Accept => $avif, 'Accept-Encoding' => 'gzip, deflate, br, zstd', %headers);
}

# ---- visitors of the day before

asked('/popular.html') for 1 .. 3;
asked('/leaving.html');
asked('/list/?token=secret&sort=name&page=2');
asked('/list/?token=secret');
asked('/popular.html?token=secret');
is(asked('/missing.html')->status, 404, 'something is asked for that is not there') for 1 .. 3;
asked('/cdn-cgi/image/width=200,format=auto/photos/popular.jpg');
is(warm()->{state}, 'idle', 'nothing is warmed yet');
is(warm()->{due}, undef, 'and nothing has been');
is(warm()->{next}, 1794312000, 'the next time is 07:00 in New York');
my $before = $t->get('/cdn/status?format=json')->json->{requests}{total};

# ---- seven o'clock

at('2026-11-10 11:59:57');
ok(idle('school', 1794312000), 'at seven it runs') or diag($t->log_tail);
my $w = warm();
is($w->{failed}, 0, 'without failures: what was not there is left alone');
is($w->{succeeded}, $w->{total}, 'all of it');
is($w->{left_out}, 1, 'but for a line that is no URL');
cmp_ok($w->{bytes}, '>', 10_000, 'bytes are counted');
like($t->error_log, qr/\[notice\].*cdn warm: "school" begins, due at 2026-11-10 07:00 in us_east/, 'the log tells its start');
like($t->error_log, qr/\[notice\].*cdn warm: "school" is done: $w->{total} of $w->{total} URLs fetched, 0 failed, 1 left out, $w->{bytes} bytes, \d+\.\d{3} s/, 'and its end');
is(warm()->{next}, 1794398400, 'the next is tomorrow');

my @visits = ('/a.css', '/photos/cat.jpg', '/popular.html', '/cdn-cgi/image/preset=hero/photos/cat.jpg',
    '/cdn-cgi/image/preset=thumbnail/photos/cat.jpg', '/cdn-cgi/image/width=480,quality=85/photos/cat.jpg',
    '/cdn-cgi/image/width=768,quality=85/photos/cat.jpg', '/cdn-cgi/image/width=200,format=auto/photos/popular.jpg',
    '/list/?page=2&sort=name', '/list/?token=nobodys');
for my $uri (@visits) {
    my $r = asked($uri);
    is($r->status . ' ' . $r->header('X-Cache'), '200 HIT', "$uri is in the cache of a visitor");
}
is(asked('/cdn-cgi/image/preset=hero/photos/cat.jpg')->header('Content-Type'), 'image/avif', 'in the format that browsers get');
is($t->get('/b.js?v=1', Host => 'other.example')->header('X-Cache'), 'HIT', 'a URL of another host, too');

my $status = $t->get('/cdn/status?format=json')->json;
is($status->{requests}{total} - $before, @visits + 2, 'visitors alone count as requests');
my %popular = map { $_->{url} => $_->{requests} } @{ $status->{top}{objects} };
is($popular{'school.example/a.css'}, 1, 'and make popular');
is($popular{'school.example/list/?page=2&sort=name'}, 2, 'with the arguments that cdn_cache_query names');
unlike($t->get('/cdn/status?format=json')->body, qr/secret|nobodys/, 'and no others');
is($status->{images}{requests}{cloudflare}{ok}, 1 + 5 + 1, 'image URLs, too');
my ($origins_mark) = grep { ($_->{headers}{'x-cdn-warm'} // '') ne '' } $t->origin_requests;
is($origins_mark, undef, 'the mark stays here');
my $metrics = $t->get('/cdn/status?format=prometheus')->body;
like($metrics, qr/^nginx_cdn_warm_requests_total\{warm="school",outcome="ok"\} $w->{total}$/m, 'they have counters of their own');
like($metrics, qr/^nginx_cdn_warm_bytes_total\{warm="school"\} $w->{bytes}$/m, 'bytes');
like($metrics, qr/^nginx_cdn_warm_running\{warm="school"\} 0$/m, 'and gauges');
like($metrics, qr/^nginx_cdn_warm_next_timestamp_seconds\{warm="school"\} 1794398400$/m, 'of what is to come');

# a forged mark is none
my $total = $t->get('/cdn/status?format=json')->json->{requests}{total};
asked('/a.css', 'X-CDN-Warm' => 'f' x 64);
is($t->get('/cdn/status?format=json')->json->{requests}{total}, $total + 1, 'nobody else can hide');

# ---- once a day, the list as it is then

at('2026-11-11 11:50:00');
$t->write('list.txt', "/new.css\n/missing\n/broken\n");
at('2026-11-11 11:59:58');
ok(idle('school', 1794398400), 'the next day');
is(asked('/new.css')->header('X-Cache'), 'HIT', 'the list is read anew');
is(warm()->{failed}, 2, 'what the origin does not have is a failure');
like($t->error_log, qr/\[warn\].*cdn warm: "school": 404 for school.example\/missing|404 for \/missing/, 'and is named');
$t->origin(sub ($r) { $r->{uri} =~ /leaving/ ? [410, [], 'no'] : origin($r) });
at('2026-11-12 11:59:58');                             # Thursday
ok(idle('school', 1794484800), 'on Thursday');
is(warm()->{failed}, 3, 'what was there last week is not any more');
at('2026-11-14 12:30:00');
is(warm()->{due}, 1794484800, 'not on Saturday');
unlink "$t->{dir}/html/list.txt";
at('2026-11-16 11:59:58');
ok(idle('school', 1794830400), 'on Monday, without its list');
like($t->error_log, qr/cdn warm: "school": cannot read ".*list.txt"/, 'it says so');
cmp_ok(warm()->{total}, '>=', 8, 'and last week is remembered');
is(warm()->{failed}, 0, 'but not what was gone by then');

# ---- a reload in the middle

$t->write('slow.txt', join '', map { "/slow$_\n" } 1 .. 60);
$t->conf($locations, http => $zones . <<'HTTP');
    cdn_warm slow {
        schedule asia_pacific;
        at 07:00 daily;
        urls %DIR%/html/slow.txt;
        concurrency 4;
        rate 20;
        header Host school.example;
        via http://127.0.0.1:%PORT%;
    }
HTTP
$t->reload;
at('2026-11-17 21:59:59');
ok(eventually(sub { warm('slow')->{done} >= 10 }, 20), 'a slow run is at work');
is(warm('slow')->{state}, 'running', 'and says so');
my $done = warm('slow')->{done};
cmp_ok($done, '<', 50, 'in its middle');
$t->reload;
# the worker of before the first reload may have begun it, and left it at 0
ok(eventually(sub { my @from = $t->error_log =~ /cdn warm: "slow" goes on at (\d+) of 60/g; @from && $from[-1] >= $done }, 20),
    'after a reload it goes on, from where it was');
$t->kill_worker;
$t->upgrade;
ok(idle('slow', 1794952800), 'also after a crash and an upgrade');
$w = warm('slow');
is("$w->{succeeded} $w->{failed} $w->{total}", '60 0 60', 'each is told once');
my %times;
$times{$_->{uri}}++ for $t->origin_requests(qr/slow/);
is(scalar keys %times, 60, 'all were fetched');
ok(!-e "$t->{dir}/state/warm.slow", 'and nothing is left lying about');

# ---- visitors first

$t->write('slow.txt', join '', map { "/again$_\n" } 1 .. 1500);
at('2026-11-18 21:59:59');
ok(eventually(sub { warm('slow')->{state} eq 'running' }, 10), 'a long run');
my $n = 0;
ok(eventually(sub { $t->get('/sluggish' . $n++); warm('slow')->{at_once} < 3 }, 30), 'it yields while visitors wait');
ok(eventually(sub { warm('slow')->{at_once} == 4 }, 30), 'and comes back when they do not');
$t->write('slow.txt', '');
$t->stop;                                              # which ends a run
$t->start;
is(warm('slow')->{state}, 'idle', 'a stop ends a run');

# ---- the origin gone

$t->write('slow.txt', join '', map { "/gone$_\n" } 1 .. 10);
$t->origin_stop;
at('2026-11-19 21:59:59');
ok(idle('slow', 1795125600), 'without its origin a run ends');
is(warm('slow')->{failed}, 10, 'with failures');
$t->origin_start;

# ---- each format that visitors get

$t->write('pictures.txt', "/photos/dog.jpg\n");
$t->conf($locations, http => $zones . <<'HTTP');
    cdn_warm formats {
        schedule asia_pacific;
        at 07:00;
        urls html/pictures.txt;
        widths 100;
        options quality=85,format=auto;
        header Accept image/avif,*/*;
        header Accept image/webp,*/*;
        header Accept */*;
        header Accept-Encoding "";
        header Host school.example;
        via http://127.0.0.1:%PORT%;
    }
HTTP
$t->reload;
at('2026-11-20 21:59:59');
ok(idle('formats', 1795212000), 'several Accept headers');
is(warm('formats')->{total}, 6, 'fetch each URL several times');
for (['image/avif,*/*', 'image/avif'], ['image/webp,*/*', 'image/webp'], ['*/*', 'image/jpeg']) {
    my $r = $t->get('/cdn-cgi/image/width=100,quality=85,format=auto/photos/dog.jpg', Host => 'school.example', Accept => $_->[0]);
    is($r->header('Content-Type') . ' ' . $r->header('X-Cache'), "$_->[1] HIT", "$_->[1] is there");
}

# ---- refused

sub refused ($lines, $message)
{
    like(refuses('', http => "cdn_zone 1m; cdn_warm w { $lines }", files => { 'l' => '/a' }), qr/\[emerg\].*"cdn_warm w": .*$message/, "refused: $lines");
    return;
}
my $what = 'schedule us_east; at 07:00; top 5;';
refused('at 07:00; top 5;', qr/needs a "schedule", like us_east/);
refused('schedule us_east; top 5;', qr/needs a time: "at 07:00" or "at pre_school"/);
refused('schedule us_east; at 07:00;', qr/needs something to fetch: "urls FILE" or "top N"/);
refused('schedule mars; at 07:00; top 5;', qr/unknown schedule "mars"/);
refused('schedule us_east; at recess; top 5;', qr/schedule "us_east" has no phase "recess"/);
refused('schedule us_east; at off_hours; top 5;', qr/"off_hours" is the time outside all phases/);
refused('schedule us_east; at 7am; top 5;', qr/a time is like 02:00, to 23:59: "7am"/);
refused('schedule us_east; at 07:00 weekdays; top 5;', qr/days are like mon-fri/);
refused("$what urls /nowhere/list;", qr/cannot read "\/nowhere\/list"/);
refused('schedule us_east; at 07:00; top 0;', qr/"top" is a whole number from 1 to 2000/);
refused("$what rate 0;", qr/"rate" is a whole number from 1 to 10000/);
refused("$what rate fast;", qr/"rate" is a whole number/);
refused("$what concurrency 65;", qr/"concurrency" is a whole number from 1 to 64/);
refused("$what widths 480 wide;", qr/a width is a whole number from 1 to 10000: "wide"/);
refused("$what presets poster;", qr/poster/);
refused("$what header Host a; header Host b;", qr/"header Host" is duplicate/);
refused("$what header X a; header x b;", qr/"header x" is duplicate; only Accept may come several times/);
refused("$what header Range bytes=0-1;", qr/"Range" is not to be set/);
refused("$what header 'a b' c;", qr/not a header/);
refused("$what options width;", qr/options are like quality=85,format=auto: "width"/);
refused("$what via 127.0.0.1;", qr/"via" is like http:\/\/127.0.0.1:80, not "127.0.0.1"/);
refused("$what via http://127.0.0.1/path;", qr/"via" is like/);
refused("$what via http://nowhere.invalid;", qr/"via" is like .*host not found/);
refused("$what via http://127.0.0.1; via http://127.0.0.1;", qr/"via" is duplicate/);
refused("$what fetch /a;", qr/"fetch" is not a line of it/);
like(refuses('', http => "cdn_warm w { $what }"), qr/"cdn_warm w": needs shared memory: add "cdn_zone 32m;"/, 'it needs a zone');
like(refuses('', http => "cdn_zone 1m; cdn_warm w { $what } cdn_warm w { $what }"), qr/"cdn_warm w": is duplicate/, 'and a name of its own');
accepts('', http => "cdn_zone 1m; cdn_warm w { $what via https://127.0.0.1; every 4h; at 07:00 sat,sun; }");

done();
