# Files of hard-purged responses that nobody asks for again: deleted, nothing else is.

use lib 't/lib';
use NginxTest;
use File::Find;

my $t = nginx(<<'CONF', http => <<'HTTP', workers => 2, origin => sub ($r) {
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status always;
    }
    location /shared/a/ {
        proxy_cache  shared;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
    }
    location /shared/b/ {
        proxy_cache  shared;
        cdn_purge    off;
        proxy_pass   http://%ORIGIN%;
    }
    location ^~ /cdn/purge { cdn_purge_api; }
    location = /cdn/status { cdn_status; }
CONF
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m levels=1:2 use_temp_path=off;
    proxy_cache_path  %DIR%/cache/shared keys_zone=shared:1m;
    proxy_cache_key   $scheme$host$request_uri;
HTTP
    return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => $r->{uri} =~ m{/(\w+)/\d+} ? "kind-$1" : 'none'],
        'x' x 10_000];
});

sub files ($cache = 'c')
{
    my $count = 0;
    find(sub { $count++ if /^[0-9a-f]{32}$/ }, $t->dir . "/cache/$cache");
    return $count;
}

sub purge (%body)
{
    return $t->request(POST => '/cdn/purge', body => JSON::PP->new->encode(\%body))->status;
}

sub status ()
{
    return $t->get('/cdn/status?format=json')->json;
}

sub fill (@uris)
{
    for my $uri (@uris) {
        $t->get($uri)->status == 200 or die "not filled: $uri";
    }
}

fill(map { ("/one/$_", "/two/$_", "/three/$_") } 1 .. 50);
fill('/shared/a/1', '/shared/b/1');
is(files(), 150, 'what is cached is on disk');
my $size = status()->{cache}{c}{size};

is(purge(tags => ['kind-one'], mode => 'hard'), 200, 'a third is purged by its tag');
ok(eventually(sub { files() == 100 }, 30), 'its files are deleted without being asked for');
ok(eventually(sub { $t->error_log =~ /cdn purge: looked at \d+ cached files, deleted 50 that were purged, \d+ bytes/ }), 'the log says so');
my $now = status();
is($now->{purges}{swept}{files}, 50, 'they are counted');
cmp_ok($now->{purges}{swept}{bytes}, '>=', 50 * 10_000, 'with their size');
cmp_ok($now->{cache}{c}{size}, '<=', $size * 0.7, "and nginx's cache knows of the room");
is($t->get('/two/1')->header('X-Cache'), 'HIT', 'what was not purged is still there');
is($t->get('/one/1')->header('X-Cache'), 'MISS', 'what was is fetched again');
fill('/one/1');
is($t->get('/one/1')->header('X-Cache'), 'HIT', 'and kept again');

purge(tags => ['kind-two'], mode => 'soft');
purge(prefixes => ['/three/'], mode => 'hard');
purge(tags => ['kind-a', 'kind-b', 'a', 'b', 'none'], mode => 'hard');
$t->reload;
ok(eventually(sub { files() == 51 }, 40), 'by a prefix, after a reload');
is($t->get('/two/2')->header('X-Cache'), 'STALE', 'what was purged softly is stale and kept')
    || diag($t->get('/two/2')->header('X-Cache'));
is(files('shared'), 2, 'a cache that a location without purges uses too is left alone');

# while the sweep is at work, what comes anew stays
fill(map { "/one/$_" } 1 .. 300);
purge(everything => JSON::PP::true, mode => 'hard');
my $fresh = 0;
for my $round (1 .. 40) {
    fill(map { "/one/$_" } 1 .. 20);
    select undef, undef, undef, 0.1;
}
ok(eventually(sub { files() == 20 }, 40), 'all is gone but what was fetched since') or diag(files());
is(scalar(grep { $t->get("/one/$_")->header('X-Cache') eq 'HIT' } 1 .. 20), 20, 'which is served from the cache');

done;
