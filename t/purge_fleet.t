# Purges on two edges through a real Redis: seen by both, kept while it is gone,
# caught up with after a stop.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw(purging_edge cached is_connected redis_cli redis_server);

my $redis_port = free_port();
my $redis;

sub redis_start () { $redis = redis_server($redis_port) }

sub redis_stop ()
{
    kill KILL => $redis;
    waitpid $redis, 0;
    return;
}

sub redis (@command) { return redis_cli($redis_port, @command) }

sub edge ($name, $region)
{
    return purging_edge("cdn_node $name region=$region; cdn_redis redis://127.0.0.1:$redis_port/0 namespace=test;");
}

sub fill ($uri, @edges)
{
    for my $t (@edges) {
        $t->get($uri);
        like(cached($t, $uri), qr/^HIT/, "$uri is cached");
    }
}

sub purge ($t, $query, %body)
{
    return $t->request(POST => "/cdn/purge$query", body => JSON::PP->new->encode({ mode => 'hard', %body }));
}

redis_start();
my $a = edge('a', 'us_east');
my $b = edge('b', 'ap');
ok(is_connected($a) && is_connected($b), 'both edges find Redis');
ok(eventually(sub { redis('HLEN', '{test}:nodes') == 2 }, 10), 'and one another');

fill('/one', $a, $b);
my $r = purge($a, '?wait=5s', tags => ['one']);
is($r->status, 200, 'a purge on one edge');
is($r->json->{status}, 'applied', 'is applied');
is_deeply([sort map { $_->{node} } @{ $r->json->{edges} }], ['a', 'b'], 'on both, when the answer waited');
is(cached($b, '/one'), 'MISS 2', 'and holds on the other one');
is(cached($a, '/one'), 'MISS 2', 'as on this one');
is(cached($b, '/one'), 'HIT 2', 'once');
is(scalar @{ $b->get('/cdn/purge/' . $r->json->{id})->json->{edges} }, 2, 'receipts can be read anywhere');

fill('/slow', $a, $b);
$r = purge($a, '?wait=10s', tags => ['slow'], strategy => 'gradual', batch => 1, delay => 1);
my %at = map { $_->{node} => $_->{applied_at} } @{ $r->json->{edges} };
cmp_ok($at{b} - $at{a}, '>=', 0.9, 'a gradual purge reaches the second edge later');
is(cached($b, '/slow'), 'MISS 2', 'but reaches it');

fill('/later', $a, $b);
my $id = purge($b, '', tags => ['later'], at => time + 2)->json->{id};
ok(eventually(sub { $a->get("/cdn/purge/$id")->status == 200 }, 15), 'a purge to come fires once for all');
ok(eventually(sub { cached($a, '/later') =~ /2/ }, 10), 'on one');
ok(eventually(sub { cached($b, '/later') =~ /2/ }, 10), 'and the other');

# ---- Redis gone

fill('/gone', $a, $b);
redis_stop();
$r = purge($a, '', tags => ['gone']);
is($r->status, 202, 'without Redis a purge is pending');
is($r->json->{status}, 'pending', 'and says so');
is(cached($a, '/gone'), 'MISS 2', 'but holds here');
is(cached($b, '/gone'), 'HIT 1', 'and nobody waits there');

redis_start();                                         # with nothing in it
ok(eventually(sub { cached($b, '/gone') =~ /2/ }, 20), 'Redis back, it is sent');
fill('/after', $a, $b);
is(purge($b, '?wait=5s', tags => ['after'])->status, 200, 'and purges travel again');
is(cached($a, '/after'), 'MISS 2', 'both ways');

# ---- Redis frozen

fill('/frozen', $a, $b);
kill STOP => $redis;
is(purge($a, '', tags => ['frozen'])->json->{status}, 'pending', 'from a frozen Redis nobody waits long for a word');
is(cached($b, '/frozen'), 'HIT 1', 'and requests not at all');
kill CONT => $redis;
ok(eventually(sub { cached($b, '/frozen') =~ /2/ }, 20), 'what it missed reaches it later');
ok(eventually(sub { purge($a, '?wait=5s', tags => ['frozen'])->status == 200 }, 10), 'all is as before');

# ---- an edge that was down

fill('/down', $a, $b);
$b->stop;
purge($a, '', tags => ['down']);
$b->start;
is(cached($b, '/down'), 'MISS 2', 'an edge that was down serves nothing purged, its first request included');

fill('/unsure', $b);
$b->stop;
redis_stop();
$b->start;
is(cached($b, '/unsure'), 'EXPIRED 2', 'if it cannot catch up, what it has is fetched anew');
redis_start();
fill('/unsure2', $b);
$b->stop;
redis_stop();
$b->start;
$b->origin_stop;
is(cached($b, "/unsure2"), 'STALE 1', 'and served if that fails');

redis_stop();
done();
