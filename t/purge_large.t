# Purge calls of thousands of targets, on two edges: whole or not at all, beside visitors, and a
# journal that grows over its segment.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw(is_connected redis_server);

my $redis_port = free_port();
redis_server($redis_port);

sub edge ($name)
{
    my %version;
    return nginx(<<'CONF', workers => 2, http => <<"HTTP", origin => sub ($r) {
        location / {
            proxy_cache  c;
            cdn_purge    on;
            proxy_pass   http://%ORIGIN%;
            add_header   X-Cache $upstream_cache_status always;
        }
        location ^~ /cdn/purge  { cdn_purge_api; client_max_body_size 2m; }
        location = /cdn/status  { cdn_status json; }
CONF
        cdn_zone          32m;
        cdn_node          $name;
        cdn_redis         redis://127.0.0.1:$redis_port/0;
        proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
HTTP
        return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => $r->{uri} =~ s/\W//gr],
            'version ' . ++$version{ $r->{uri} }];
    });
}

my ($a, $b) = map { edge($_) } 'a', 'b';
ok(is_connected($_), 'an edge is connected') for $a, $b;

sub fill (@uris)
{
    for my $t ($a, $b) {
        for my $uri (@uris) {
            $t->get($uri);
            is($t->get($uri)->header('X-Cache'), 'HIT', "$uri is cached");
        }
    }
}

my $length = 90;
sub many ($last, $count = 10_000)
{
    return [(map { sprintf '%s-%s', $_, 'x' x ($length - 6) } 1 .. $count - 1), $last];
}

sub purge ($t, $query, %body)
{
    return $t->request(POST => "/cdn/purge$query", body => JSON::PP->new->encode({ mode => 'hard', %body }));
}

# ---- whole or not at all

fill('/one', '/two', '/three');
my $r = purge($a, '?wait=20s', tags => many('one'));
is($r->status, 200, 'ten thousand tags in one call');
is(scalar @{ $r->json->{edges} }, 2, 'are applied on both edges') or diag $r->body;
is($_->get('/one')->header('X-Cache'), 'MISS', 'what has the last of them is fetched again') for $a, $b;
is($_->get('/two')->header('X-Cache'), 'HIT', 'and nothing else') for $a, $b;
is($a->get('/cdn/purge/' . $r->json->{id})->json->{target_count}, 10_000, 'the purge can be looked at');

is(purge($a, '', tags => many('one', 10_001))->status, 400, 'one more is refused');
is(purge($a, '', tags => ['two', @{ many('a b') }[1 .. 9999]])->status, 400, 'so is a malformed one at the end');
is($a->get('/two')->header('X-Cache'), 'HIT', 'and what stood before it is not purged');

my $urls = purge($a, '?wait=20s', urls => ['/two', map { '/' . 'y/' x 30 . $_ } 1 .. 9999]);
is($urls->status, 200, 'ten thousand URLs');
is($_->get('/two')->header('X-Cache'), 'MISS', 'are purged') for $a, $b;

# ---- beside visitors, and for callers that are gone

my $body = JSON::PP->new->encode({ tags => many('three') });
my $post = "POST /cdn/purge HTTP/1.1\r\nHost: a\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
my @callers = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $a->port('')) } 1 .. 6;
for my $caller (@callers) {
    $caller->autoflush;
    print {$caller} $post;
}
is($a->get('/one')->header('X-Cache'), 'HIT', 'visitors are served beside several large calls') for 1 .. 5;
close $callers[5];
for my $caller (@callers[0 .. 4]) {
    sysread $caller, my $answer, 4096;
    like($answer, qr{^HTTP/1.1 200 }, 'each of which is answered');
}
ok(eventually(sub { $a->get('/three')->header('X-Cache') ne 'HIT' }, 10), 'and holds');

# ---- to come, and a journal over its segment

my $journal = $a->dir . '/state';
my $later = purge($a, '', tags => ['never'], at => time + 86400)->json;
my $soon = purge($a, '', tags => many('soon'), at => time + 4 * ($ENV{NGX_CDN_SLOW} || 1))->json;
is($soon->{status}, 'scheduled', 'a large purge may come later');
for my $n (1 .. 9) {
    fill("/kept$n") if $n % 4 == 1;
    is(purge($a, '', tags => many("kept$n"))->status, 200, "a large purge, number $n");
}
ok(eventually(sub { -e "$journal/snapshot" }, 20), 'a snapshot is made of a long journal');
ok(eventually(sub { !glob "$journal/snapshot.*" }, 20), 'and nothing else is left of it');
is($a->get("/cdn/purge/$later->{id}")->json->{status}, 'scheduled', 'what is to come stays');
ok(eventually(sub { $a->get("/cdn/purge/$soon->{id}")->json->{status} eq 'applied' }, 30), 'and comes');

$a->stop;
$a->start;
is($a->get('/kept1')->header('X-Cache'), 'MISS', 'a purge before the snapshot holds after a restart');
is($a->get('/kept9')->header('X-Cache'), 'MISS', 'and one behind it');
is($a->request(DELETE => "/cdn/purge/$later->{id}")->status, 200, 'what was to come can still be cancelled');

fill('/killed');
is(purge($a, '', tags => many('killed'))->status, 200, 'a large purge');
$a->kill;
$a->start;
is($a->get('/killed')->header('X-Cache'), 'MISS', 'holds after kill -9');
ok(eventually(sub { $b->get('/killed')->header('X-Cache') ne 'HIT' }, 20), 'on the other edge too');

done();
