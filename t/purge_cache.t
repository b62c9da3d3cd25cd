# Purges and what else nginx's cache does: crowds, variants, ranges, failing
# origins, revalidation, and being killed.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', http => <<'HTTP', workers => 2, origin => sub ($r) {
    location / {
        proxy_cache             c;
        proxy_cache_revalidate  on;
        cdn_purge               on;
        proxy_pass              http://%ORIGIN%;
        add_header              X-Cache $upstream_cache_status always;
        add_header              X-Reason $cdn_cache_reason always;
    }
    location /if/ {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status always;
        if ($arg_x) { proxy_pass http://%ORIGIN%; }
    }
    location /tier/ {
        proxy_cache         c;
        cdn_purge           on;
        cdn_purge_upstream  trusted;
        proxy_pass          http://%ORIGIN%;
        add_header          X-Cache $upstream_cache_status always;
    }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
    proxy_cache_lock  on;
HTTP
    state %n;
    my $n = ++$n{"$r->{uri} " . ($r->{headers}{'accept-language'} // '')};
    my @cache = ('Cache-Control' => $r->{uri} =~ /brief/ ? 'max-age=1, stale-while-revalidate=60' : 'max-age=600', 'Cache-Tag' => 't', 'Accept-Ranges' => 'bytes');
    if ($r->{uri} =~ /tier/) {
        state $old = 1000 * (time + 1);
        push @cache, 'X-CDN-Born' => ($r->{headers}{'x-tier'} // '') eq 'purged' ? 1000 * (time + 1) : $old;
    }
    @cache[3] = 'u t' if $r->{headers}{'if-none-match'} && $r->{uri} =~ /retagged/;
    return [304, [@cache, ETag => '"e"'], ''] if $r->{uri} =~ /etag/ && ($r->{headers}{'if-none-match'} // '') eq '"e"';
    return [200, [@cache, $r->{uri} =~ /etag/ ? (ETag => '"e"') : (),
        $r->{uri} =~ /vary/ ? (Vary => 'Accept-Language') : ()], "version $n", delay => $r->{uri} =~ /slow/ ? 0.3 : 0];
});

sub cached ($uri, @headers)
{
    my $r = $t->get($uri, @headers);
    return $r->header('X-Cache') . ' ' . $r->body =~ s/version //r;
}

sub purge (%body)
{
    return $t->request(POST => '/cdn/purge', body => JSON::PP->new->encode(\%body))->status;
}

for my $mode ('hard', 'soft') {
    my $uri = "/slow/$mode";
    cached($uri);
    is(cached($uri), 'HIT 1', "a $mode purge:");
    $t->origin_reset;
    is(purge(urls => [$uri], mode => $mode), 200, 'accepted');
    my @answers = $t->many(200, $uri);
    is(scalar(grep { $_->status == 200 } @answers), 200, 'a crowd of 200 is served');
    is(scalar $t->origin_requests(qr{^\Q$uri\E$}), 1, 'by one fetch');
    is(scalar(grep { $_->body eq 'version 1' } @answers), 0, 'nobody gets what was purged') if $mode eq 'hard';
    ok(eventually(sub { cached($uri) eq 'HIT 2' }), 'and it is cached again');
}

cached('/vary', 'Accept-Language' => $_), cached('/vary', 'Accept-Language' => $_) for 'de', 'en';
purge(urls => ['/vary'], mode => 'hard');
is(cached('/vary', 'Accept-Language' => 'de'), 'MISS 2', 'every variant');
is(cached('/vary', 'Accept-Language' => 'en'), 'MISS 2', 'is purged');
is(cached('/vary', 'Accept-Language' => 'de'), 'HIT 2', 'and cached anew');

cached('/range');
purge(urls => ['/range'], mode => 'hard');
my $r = $t->get('/range', Range => 'bytes=0-6');
is($r->status, 206, 'a range of what was purged');
is($r->header('X-Cache'), 'MISS', 'is fetched');
purge(urls => ['/range'], mode => 'hard');
is($t->head('/range')->header('X-Cache'), 'MISS', 'HEAD too');
is($t->get('/range')->header('X-Reason'), 'hit', 'and cached');
purge(urls => ['/range'], mode => 'hard');
is($t->get('/range')->header('X-Reason'), 'purged', 'the reason can be logged');

cached('/etag');
purge(urls => ['/etag']);
cached('/etag');
ok(eventually(sub { cached('/etag') eq 'HIT 1' }), 'soft-purged content may be confirmed by a 304');
purge(urls => ['/etag'], mode => 'hard');
like(cached('/etag'), qr/^MISS/, 'hard-purged content may not');

cached($_) for '/etag/retagged', '/etag/same';
purge(tags => ['t']);
cached($_) for '/etag/retagged', '/etag/same';
ok(eventually(sub { cached('/etag/same') eq 'HIT 1' }), 'a 304 with the same tags confirms');
ok(eventually(sub { cached('/etag/retagged') =~ /^HIT [23]/ }), 'with others it is the last of what it confirms');

cached('/if/a?x=1');
is(cached('/if/a?x=1'), 'HIT 1', 'within "if"');
purge(prefixes => ['/if/'], mode => 'hard');
is(cached('/if/a?x=1'), 'MISS 2', 'purges hold too');

# an entry that has expired, and is purged as well
cached('/brief/1');
select undef, undef, undef, 2.1;
purge(urls => ['/brief/1'], mode => 'hard');
is(cached('/brief/1'), 'MISS 2', 'what has expired and is purged is not served stale');

# a tier behind this one that hears of the purge later, or never
cached('/tier/1');
is(cached('/tier/1'), 'HIT 1', 'what a tier gave is cached');
select undef, undef, undef, 1.1;
purge(urls => ['/tier/1'], mode => 'hard');
like(cached('/tier/1'), qr/^MISS/, 'what is as old as a purge of it is fetched again');
cached('/tier/1') for 1 .. 40;
ok(eventually(sub { cached('/tier/1') =~ /^HIT/ }), 'but not for ever, if a tier gives nothing newer');
my $newer;
ok(eventually(sub { ($newer) = cached('/tier/1', 'X-Tier' => 'purged') =~ /^MISS (\d+)/ }), 'it is asked again later, as it may only have been late');
ok(eventually(sub { cached('/tier/1') eq "HIT $newer" }), 'and what is newer stays');

# the origin gone
cached('/down/soft');
cached('/down/hard');
purge(urls => ['/down/soft']);
purge(urls => ['/down/hard'], mode => 'hard');
$t->origin_stop;
is(cached('/down/soft'), 'STALE 1', 'soft-purged content stands in for a dead origin');
is(cached('/down/soft'), 'STALE 1', 'as long as that is so');
is($t->get('/down/hard')->status, 502, 'hard-purged content does not');
$t->origin_start;

# killed
cached('/kill');
purge(urls => ['/kill'], mode => 'hard');
$t->kill;
$t->start;
is(cached('/kill'), 'MISS 2', 'an acknowledged purge outlives kill -9');

# who may
my $guarded = nginx(<<'CONF', http => 'cdn_zone 1m; cdn_purge_rate 1 burst=5;');
    location ^~ /cdn/purge { cdn_purge_api; cdn_purge_token s3cret; }
CONF
is($guarded->request(PURGE => '/x')->status, 401, 'without the token nobody purges');
is($guarded->request(PURGE => '/x', headers => [Authorization => 'Bearer wrong'])->status, 401, 'nor with a wrong one');
is($guarded->request(PURGE => '/x', headers => [Authorization => 'Bearer s3cret'])->status, 200, 'with it one does');
is($guarded->request(PURGE => '/x', headers => [Authorization => 'Basic ' . 'dTpzM2NyZXQ='])->status, 200, 'as a password');
is($guarded->request(PURGE => '/x', headers => [Authorization => 'Basic ' . 'czNjcmV0Og=='])->status, 200, "as KeyCDN's user without one");
is($guarded->request(PURGE => '/x', headers => [Authorization => 'Basic ' . 'czNjcmV0Ondyb25n'])->status, 401, 'not as one with another');
is($guarded->request(PURGE => '/x', headers => ['X-Auth-Email' => 'a@b.c', 'X-Auth-Key' => 's3cret'])->status, 200, "as Cloudflare's key");
is($guarded->request(PURGE => '/x', headers => ['Fastly-Key' => 's3cret'])->status, 200, "as Fastly's key");
is($guarded->request(PURGE => '/x', headers => [AccessKey => 's3cret'])->status, 429, 'not more often than allowed');

like(refuses('cdn_purge on;'), qr/"cdn_purge" needs shared memory: add "cdn_zone 32m;"/, 'purging needs a zone');
for my $name ('n' x 256, '"edge 1"', "edge\e1", "\xFC") {
    like(refuses('', http => "cdn_zone 1m; cdn_node $name;"), qr/"cdn_node": a name is one word of up to 255 bytes/, 'a node has a name that a purge can hold');
}
like(accepts('', http => 'cdn_zone 1m; cdn_node ' . 'n' x 255 . ' region=' . 'r' x 64 . ';'), qr/successful/, 'which may be long');
like(refuses('', http => 'cdn_zone 1m; cdn_node a "region=us east";'), qr/"cdn_node": a region has 1 to 64 of/, 'a region is one that a purge can name');
like(refuses('', http => "cdn_zone 1m; cdn_redis redis://127.0.0.1 $_;"), qr/"cdn_redis": \w+= is one word without braces/, 'keys in Redis are words')
    for '"namespace=a b"', '"namespace={a}"', "namespace=\x01", '"sentinel=a b"', 'sentinel=';
like(refuses('', http => 'cdn_zone 1m; cdn_redis unix:/' . 's' x 107 . ';'), qr/"cdn_redis": the path of a socket has at most 107 bytes/, 'and a socket has a path');
like(refuses('', http => 'cdn_zone 1m; cdn_ttl_profile p { tag ' . 't' x 1025 . '; }'), qr/up to 1024 bytes/, 'a tag that no purge could name is none');
like(refuses('', http => 'cdn_zone 1m; cdn_purge_retention 0;'), qr/"cdn_purge_retention": is a time over 0, like 400d/, 'a retention under which all is purged is none');
like(refuses('', http => 'cdn_zone 1m; cdn_redis rediss://127.0.0.1;'), qr/"cdn_redis": .*needs TLS/, 'TLS is refused plainly');
like(refuses('location / { cdn_purge_api; } location /b { cdn_purge_api; }', http => 'cdn_zone 1m;'),
    qr/"cdn_purge_api": a server has one purge endpoint/, 'one endpoint a server');
like(refuses('location ~ x { cdn_purge_api; }', http => 'cdn_zone 1m;'), qr/without a regular expression/, 'one with a path');

$t->allow_log(qr/connect\(\) failed/);
done();
