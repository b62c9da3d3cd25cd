# cdn_ttl: how long the edge keeps a response, and what clients are told.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(sleep);

my $t = nginx(<<'CONF', http => <<'HTTP');

    proxy_cache       edge;
    proxy_cache_key   $uri$is_args$args;
    proxy_cache_valid 404 1m;
    proxy_cache_lock  on;
    add_header X-TTL "$cdn_ttl/$cdn_ttl_profile/$cdn_schedule_phase/$cdn_schedule_term" always;

    location /edu/      { cdn_ttl educational_content role=$arg_role;  proxy_pass http://%ORIGIN%; }
    location /short/    { cdn_ttl short;  proxy_pass http://%ORIGIN%; }
    location /private/  { cdn_ttl student_submission;  proxy_pass http://%ORIGIN%; }
    location /mine/     { cdn_ttl student_submission per_user=$http_x_user_id;  proxy_cache_key $uri$http_x_user_id;  proxy_pass http://%ORIGIN%; }
    location /origin/   { cdn_ttl origin;  proxy_pass http://%ORIGIN%; }
    location /bounds/   { cdn_ttl bounds;  proxy_pass http://%ORIGIN%; }
    location /auto/     { cdn_ttl $cdn_ttl_auto;  rewrite ^/auto(/.*) $1 break;  proxy_pass http://%ORIGIN%; }
    location /named/    { cdn_ttl $arg_profile schedule=$arg_schedule;  proxy_pass http://%ORIGIN%; }
    location /strict/   { cdn_ttl user_content;  proxy_cache_use_stale error http_500;  proxy_pass http://%ORIGIN%; }
    location /browser/  { cdn_ttl browser;  proxy_pass http://%ORIGIN%; }
    location /plain/    { proxy_pass http://%ORIGIN%; }
    location /files/    { cdn_ttl document;  alias %DIR%/html/; }
    location /nocache/  { cdn_ttl document;  proxy_cache off;  proxy_pass http://%ORIGIN%; }
    location /cookie/   { cdn_ttl document;  proxy_ignore_headers Set-Cookie Cache-Control;  proxy_pass http://%ORIGIN%; }
    location /confirm/  { cdn_ttl origin;  proxy_cache_revalidate on;  proxy_pass http://%ORIGIN%; }
    location /off/      { cdn_ttl document;  location /off/off/ { cdn_ttl off;  proxy_pass http://%ORIGIN%; } }
    location = /status  { cdn_status json; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

    cdn_ttl_profile short   { ttl 1s;  stale_while_revalidate 1m;  vary Accept X-Class;  tag one two; }
    cdn_ttl_profile bounds  { min_ttl 1m;  max_ttl 1h;  stale_if_error 1m; }
    cdn_ttl_profile browser { ttl 1d;  browser_ttl 5m;  immutable on; }
    cdn_ttl_profile document { ttl 2d;  jitter 0%; }

HTTP

# the origin says what the request asks it to say: ?h=Name:value|Name:value&s=status
$t->origin(sub ($request) {
    my ($query) = $request->{uri} =~ /\?(.*)/;
    my %arg = map { my ($k, $v) = split /=/, $_, 2; ($k => ($v // '') =~ s/%([0-9A-F]{2})/chr hex $1/ger) } split /&/, $query // '';
    return [304, [map { split /:/, $_, 2 } split /\|/, $arg{c} // ''], ''] if $arg{c} && $request->{headers}{'if-none-match'};
    return [$arg{s} // 200, [map { split /:/, $_, 2 } split /\|/, $arg{h} // ''], "n$request->{n}", delay => $arg{d} // 0];
});

my $n = 0;
sub url ($place, %args)
{
    my $h = $args{h} ? '&h=' . join '|', map { s/([^\w:-])/sprintf '%%%02X', ord $1/ger } @{ $args{h} } : '';
    return "/$place/@{[$n++]}?x=1$h" . join '', map { "&$_=$args{$_}" } grep { $_ ne 'h' } sort keys %args;
}

# asks twice: what the second time showed
sub twice ($url, @headers)
{
    my $first = $t->get($url, @headers);
    my $second = $t->get($url, @headers);
    return ($first->body eq $second->body ? 'stored' : 'not stored', $first, $second);
}

sub stored ($url, @headers) { (twice($url, @headers))[0] }
sub told ($r) { $r->header('Cache-Control') // '' }

# the profile's own

my ($how, $first, $second) = twice(url('edu'));
is($how, 'stored', 'a response without a word is kept by its profile');
like($first->header('X-TTL'), qr{^\d+/educational_content//$}, 'variables tell');
my ($ttl) = split m{/}, $first->header('X-TTL');
ok($ttl > 0.94 * 7 * 86400 && $ttl <= 7 * 86400, 'seven days, less some jitter');
is(told($first), "public, max-age=$ttl, stale-while-revalidate=86400", 'clients are told the same');
is($first->header('Vary'), 'Accept, Accept-Encoding', 'and the Vary');
is($first->header('X-Cache-Tag'), 'edu-content', 'and the tag');
is($first->header('Cache-Status'), "ngx_cdn; fwd=miss; stored; ttl=$ttl", 'and what the cache did');
ok(!defined $first->header('Age'), 'a fresh one has no Age');
like($second->header('Cache-Status'), qr/^ngx_cdn; hit; ttl=\d+$/, 'a hit says so');
like($second->header('Age'), qr/^[01]$/, 'and its age');
my ($left) = $second->header('Cache-Status') =~ /ttl=(\d+)/;
is(told($second), "public, max-age=@{[$left + $second->header('Age')]}, stale-while-revalidate=86400",
    'max-age less Age is what is left');

my $stored = url('edu', h => ['Accept-Ranges:bytes']);
$t->get($stored);
my $beyond = $t->get($stored, Range => 'bytes=999999-');
is($beyond->status, 416, 'a range beyond a hit');
like(join(' | ', $beyond->headers('Cache-Status')), qr/^ngx_cdn; hit; ttl=\d+$/, 'nginx answers it in a second walk through the filters: said once');

($ttl) = split m{/}, $t->get(url('edu', role => 'student'))->header('X-TTL');
ok($ttl > 0.94 * 2 * 86400 && $ttl <= 2 * 86400, 'two days for students');

# over the origin's words, or not

is(stored(url('edu', h => ['Cache-Control:max-age=1'])), 'stored', 'the profile goes before max-age');
is(stored(url('edu', h => ['Expires:Thu, 01 Jan 1970 00:00:01 GMT'])), 'stored', 'and before Expires');
for my $refusal ('no-store', 'private', 'no-cache', 'max-age=0', 's-maxage=0') {
    my ($how, $r) = twice(url('edu', h => ["Cache-Control:$refusal"]));
    is($how, 'not stored', "not before $refusal");
    is(told($r), $refusal, 'which clients are told');
    is($r->header('Cache-Status'), 'ngx_cdn; fwd=miss', 'and not stored');
}
is(stored(url('edu', h => ['Set-Cookie:a=b'])), 'not stored', 'not with a cookie');
is(stored(url('cookie', h => ['Set-Cookie:a=b', 'Cache-Control:no-store'])), 'stored', 'unless nginx is told to ignore it');
($how, $first) = twice(url('edu', h => ['X-Accel-Expires:60', 'Cache-Control:max-age=9000']));
is($how, 'stored', 'X-Accel-Expires counts');
like($first->header('Cache-Status'), qr/stored; ttl=60$/, 'as nginx reads it');
is(told($first), 'max-age=60', 'for clients too');
is(stored(url('edu', h => ['X-Accel-Expires:0'])), 'not stored', 'zero too');

my @login = (Authorization => 'Basic eDp5');
is(stored(url('edu'), @login), 'not stored', 'an answer to Authorization is not kept');
is(stored(url('edu', h => ['Cache-Control:public']), @login), 'stored', 'unless it says public');

($how, $first) = twice(url('edu', h => ['Cache-Control:no-store', 'CDN-Cache-Control:max-age=60']));
is($how, 'stored', 'CDN-Cache-Control goes before Cache-Control');
is(told($first), 'no-store', 'which is for clients');
is(stored(url('edu', h => ['Cache-Control:max-age=60', 'CDN-Cache-Control:no-store'])), 'not stored', 'in both ways');
($how, $first) = twice(url('edu', h => ['Surrogate-Control:no-store']));
is($how, 'not stored', 'Surrogate-Control is heard');
ok(!defined $first->header('Surrogate-Control'), 'and not passed on');

($how, $first, $second) = twice(url('edu', h => ['Age:1000', 'Vary:Cookie, Accept', 'X-Cache-Tag:a b']));
is($first->header('Age'), 1000, 'an Age that comes in goes out');
($left) = $first->header('Cache-Status') =~ /ttl=(\d+)/;
is(told($first), "public, max-age=@{[$left + 1000]}, stale-while-revalidate=86400", 'and counts');
like($second->header('Age'), qr/^100[01]$/, 'with the time here');
is($second->header('Vary'), 'Cookie, Accept, Accept-Encoding', 'Vary is merged');
is($second->header('X-Cache-Tag'), 'a b, edu-content', 'tags are');

# errors

($how, $first) = twice(url('edu', s => 404, h => ['Cache-Control:max-age=9000']));
is($how, 'stored', 'an error lives as proxy_cache_valid says');
like($first->header('Cache-Status'), qr/stored; ttl=60$/, 'that long');
is(stored(url('edu', s => 404, h => ['Cache-Control:no-store'])), 'not stored', 'unless it forbids');
is(stored(url('edu', s => 500)), 'not stored', 'other errors are not kept');
is(stored(url('edu', s => 301, h => ['Location:/x', 'Cache-Control:max-age=60'])), 'stored', 'redirects are the origin\'s');

# private

($how, $first, $second) = twice(url('private'));
is($how, 'not stored', 'a private profile is not stored');
like(told($second), qr/^private, max-age=\d{6}, stale-while-revalidate=3600$/, 'clients may keep their own');
is($second->header('Cache-Status'), 'ngx_cdn; fwd=bypass', 'and nobody waits for the lock');
is($second->header('Vary'), 'Authorization', 'Vary is told');
my $mine = url('mine');
($how, $first) = twice($mine, @login, 'X-User-ID' => 7);
is($how, 'stored', 'with per_user it is');
like(told($first), qr/^private, max-age=\d{6}, stale-while-revalidate=3600$/, 'private for the rest of the world');
is($first->header('Vary'), 'Authorization, X-User-ID', 'Vary names the user');
isnt($t->get($mine, 'X-User-ID' => 8)->body, $first->body, 'each has an own one');
is(stored(url('mine'), @login), 'not stored', 'nobody\'s is not stored');

my $start = time;
my @c = map { $t->connect } 1 .. 10;
my $slow = url('private', d => 0.5);
$_->ask($slow) for @c;
my %bodies = map { $_->response->body => 1 } @c;
is(keys %bodies, 10, 'ten private requests have ten answers');

# what was not stored is not waited for, for a while
my $no_store = url('edu', h => ['Cache-Control:no-store']);
like($t->get($no_store)->header('Cache-Status'), qr/fwd=miss$/, 'the first no-store is a miss');
like($t->get($no_store)->header('Cache-Status'), qr/fwd=bypass$/, 'the next does not ask the cache');

# collapsed
@c = map { $t->connect } 1 .. 5;
$slow = url('edu', d => 0.5);
$_->ask($slow) for @c;
my @answers = map { $_->response } @c;
is(scalar(grep { $_->header('Cache-Status') =~ /fwd=miss; stored; ttl/ } @answers), 1, 'one of five is fetched');
is(scalar(grep { $_->header('Cache-Status') =~ /^ngx_cdn; fwd=miss; collapsed; ttl=\d+$/ } @answers), 4, 'four waited for it');
is(scalar($t->origin_requests(qr/\Q$slow\E/)), 1, 'the origin was asked once');

# stale while revalidated
my $short = url('short');
my $old = $t->get($short)->body;
sleep 2.2;
my $stale = $t->get($short);
is($stale->body, $old, 'a stale response is served');
like($stale->header('Cache-Status'), qr/^ngx_cdn; hit; ttl=-\d$/, 'as one');
like(told($stale), qr/^public, max-age=(\d+), stale-while-revalidate=5\d$/, 'clients learn that');
is((told($stale) =~ /max-age=(\d+)/)[0], $stale->header('Age'), 'nothing fresh is left');
is($stale->header('Vary'), 'Accept, X-Class', 'its Vary');
is($stale->header('X-Cache-Tag'), 'one, two', 'its tags');

# the origin's
($how, $first) = twice(url('origin', h => ['Cache-Control:max-age=60, s-maxage=300, must-revalidate']));
is($how, 'stored', 'the origin decides');
like($first->header('Cache-Status'), qr/ttl=300$/, 's-maxage first');
is(told($first), 'max-age=60, s-maxage=300, must-revalidate', 'clients have their max-age');
is(stored(url('origin')), 'not stored', 'a silent one is not stored');
($how, $first) = twice(url('origin', h => ['CDN-Cache-Control:max-age=120', 'Cache-Control:max-age=5']));
like($first->header('Cache-Status'), qr/ttl=120$/, 'CDN-Cache-Control before all');
($how, $first) = twice(url('origin', h => ['Date:Mon, 02 Nov 2026 08:00:00 GMT', 'Expires:Mon, 02 Nov 2026 08:05:00 GMT']));
like($first->header('Cache-Status'), qr/ttl=300$/, 'Expires counts from Date');
is(told($first), 'public, max-age=300', 'and becomes max-age');
ok(!defined $first->header('Expires'), 'alone');
like($t->get(url('bounds', h => ['Cache-Control:max-age=5']))->header('Cache-Status'), qr/ttl=60$/, 'min_ttl bounds it');
like($t->get(url('bounds', h => ['Cache-Control:max-age=7200']))->header('Cache-Status'), qr/ttl=3600$/, 'max_ttl does');

# browser_ttl
is(told($t->get(url('browser'))), 'public, max-age=300, immutable', 'a browser may be told less');

# $cdn_ttl_auto
like($t->get('/auto/a.css')->header('X-TTL'), qr{/static_assets/}, 'auto: by extension');
like($t->get('/auto/api/a')->header('X-TTL'), qr{^300/api_responses/}, 'by path');
like($t->get('/auto/api/b?h=Last-Modified:Sun, 01 Nov 2026 00:00:00 GMT' =~ s/ /%20/gr)->header('X-TTL'),
    qr{^600/api_responses/}, 'Last-Modified doubles');
like($t->get('/auto/api/c?h=Content-Type:image/webp')->header('X-TTL'), qr{^86400/api_responses/}, 'an image gets a day');
like(told($t->get('/auto/page')), qr/^private, max-age=60$/, 'else dynamic content');

# names in variables
is(told($t->get(url('named', profile => 'browser'))), 'public, max-age=300, immutable', 'a name in a variable');
like($t->get(url('named', profile => 'secret'))->header('X-TTL'), qr{/origin/}, 'one that is none is the origin\'s') for 1 .. 2;
is($t->get('/status')->json->{requests}{by_profile}{origin}{requests} > 1, 1, 'counted');
is(scalar(() = $t->error_log =~ /cdn ttl: unknown profile "secret"/g), 1, 'logged once');
like($t->get(url('named', profile => 'browser', schedule => 'asia_pacific'))->header('X-TTL'), qr{/browser/\w+/$}, 'a schedule in one');
$t->get(url('named', profile => 'browser', schedule => 'mars'));
like($t->error_log, qr/cdn ttl: unknown schedule "mars"/, 'an unknown one is logged');

# must_revalidate
my $strict = url('strict', h => ['Cache-Control:max-age=1']);
like(told($t->get($strict)), qr/^public, max-age=\d+, must-revalidate$/, 'must-revalidate is told');

# without a cache, or an origin
$t->write('a.txt', 'a');
is(told($t->get('/files/a.txt')), 'public, max-age=172800', 'files have their profile');
ok(!defined $t->get('/files/a.txt')->header('Cache-Status'), 'and no cache');
is($t->get(url('nocache'))->header('Cache-Status'), 'ngx_cdn; fwd=bypass', 'no cache: a bypass');
is($t->request(POST => url('edu'), body => 'x')->header('Cache-Status'), 'ngx_cdn; fwd=method', 'another method');
ok(!defined $t->get(url('off/off'))->header('Cache-Status'), 'cdn_ttl off');
ok(!defined $t->get(url('plain'))->header('X-Cache-Tag'), 'no cdn_ttl');

# on request
my $key = url('edu');
$t->get($key);
like($t->get($key, 'X-CDN-Debug' => 1)->header('Cache-Status'), qr/; key="\Q$key\E"$/, 'the key, on request');
my $shield = url('edu', h => ['Cache-Status:shield; hit']);
like($t->get($shield)->header('Cache-Status'), qr/^shield; hit, ngx_cdn; fwd=miss/, 'an inner cache is named first');

# what a 304 says
for my $case (['Cache-Control:max-age=600', 'HIT 600', 'a longer life'], ['Cache-Control:no-store', 'none', 'none at all'],
    ['X-Other:1', 'EXPIRED', 'nothing of it: the old words count'])
{
    my ($says, $then, $what) = @$case;
    my $confirmed = url('confirm', h => ['ETag:"v1"', 'Cache-Control:max-age=1'], c => $says =~ s/=/%3D/r);
    $t->get($confirmed);
    sleep 2.1;
    my $r = $t->get($confirmed);
    like($r->header('Cache-Status'), qr/fwd=stale; fwd-status=304/, "a 304 that says $what");
    is(told($r), $then eq 'HIT 600' ? 'max-age=600' : $then eq 'none' ? 'no-store' : 'max-age=1', 'and clients hear it') if $then ne 'none';
    sleep 2.1;
    like($t->get($confirmed)->header('Cache-Status'), $then =~ /HIT/ ? qr/; hit; ttl=59\d/ : qr/fwd=/, 'holds');
}

# conditional requests
my $etag = url('edu', h => ['ETag:"v1"']);
$t->get($etag);
my $not_modified = $t->get($etag, 'If-None-Match' => '"v1"');
is($not_modified->status, 304, 'a 304');
like(told($not_modified), qr/^public, max-age=/, 'tells the same');

done();
