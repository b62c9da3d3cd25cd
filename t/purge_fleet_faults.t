# What befalls a fleet: nothing purged is served, requests do not wait, the log says it once.

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

my $fleet = 0;

# Edges of a fleet of their own.
sub fleet (@nodes)
{
    $fleet++;
    my @edges = map { purging_edge("cdn_node $_; cdn_redis redis://127.0.0.1:$redis_port/0 namespace=f$fleet;") } @nodes;
    is_connected($_) or die 'no fleet' for @edges;
    eventually(sub { redis('HLEN', "{f$fleet}:nodes") == @nodes }, 15) or die 'no nodes';
    return @edges;
}

sub purge ($t, $query, %body)
{
    return $t->request(POST => "/cdn/purge$query", body => JSON::PP->new->encode({ mode => 'hard', %body }));
}

sub fill ($uri, @edges)
{
    for my $t (@edges) {
        $t->get($uri);
        like(cached($t, $uri), qr/^HIT/, "$uri is cached");
    }
}

sub state_of ($t, $id)
{
    my $r = $t->get("/cdn/purge/$id");
    return $r->status == 200 ? $r->json->{status} : $r->status;
}

sub said ($t, $what) { return scalar(() = $t->error_log =~ /$what/gm) }

redis_start();

# ---- a purge that died with the old primary, while another edge went on with the new one

{
    my ($a, $b) = fleet('a', 'b');
    fill('/lost', $a, $b);
    is(purge($b, '?wait=5s', tags => ['before'])->status, 200, 'the fleet works');

    my $last = redis('GET', "{f$fleet}:last");
    chomp $last;
    kill STOP => $b->workers;
    my $r = purge($a, '', tags => ['lost']);
    is($r->json->{status}, 'applied', 'Redis takes a purge');
    my ($entry) = redis('XREVRANGE', "{f$fleet}:purges", '+', '-', 'COUNT', 1) =~ /^(\S+)/;
    select undef, undef, undef, 0.5;                   # its own edge has read it by then

    # the replica that takes over has not got it
    redis('XDEL', "{f$fleet}:purges", $entry);
    redis('SET', "{f$fleet}:last", $last);
    redis('ZREM', "{f$fleet}:ids", $r->json->{id});
    kill CONT => $b->workers;
    is(purge($b, '', tags => ['after'])->status, 200, 'the next one comes from elsewhere');
    ok(eventually(sub { cached($b, '/lost') =~ /2/ }, 15), 'what is lost is offered again by who knows it');
    is(said($a, 'lost its end'), 1, 'the log says so once');
}

# ---- cancelled elsewhere

{
    my ($a, $b) = fleet('a', 'b');
    fill('/kept', $a, $b);
    my $id = purge($a, '', tags => ['kept'], at => time + 3)->json->{id};
    is(state_of($b, $id), 'scheduled', 'any edge shows a purge to come');
    my $r = $b->request(DELETE => "/cdn/purge/$id");
    is($r->status, 200, 'any edge cancels it');
    is($r->json->{status}, 'cancelled', 'and says so');
    ok(eventually(sub { state_of($a, $id) eq 'cancelled' }, 5), 'the one that took it learns of it');
    is($a->request(DELETE => "/cdn/purge/$id")->status, 409, 'and cancels it no more');
    is($b->request(DELETE => "/cdn/purge/$id")->status, 404, 'nor the other one');
    is($b->get('/cdn/purge/none')->status, 404, 'what nobody knows is not found');

    my $lost = purge($a, '', tags => ['kept2'], at => time + 2)->json->{id};
    fill('/kept2', $a, $b);
    redis('DEL', "{f$fleet}:scheduled", "{f$fleet}:to-come");
    ok(eventually(sub { cached($b, '/kept2') =~ /2/ }, 15), 'a purge to come that Redis has lost comes nevertheless');
    is(cached($a, '/kept2'), 'MISS 2', 'on both');
    is(cached($a, '/kept'), 'HIT 1', 'the cancelled one never comes');
    is(cached($b, '/kept'), 'HIT 1', 'on neither');

    $id = purge($a, '', tags => ['kept'], at => time + 600)->json->{id};
    is($a->request(DELETE => "/cdn/purge/$id")->status, 200, 'the one that took it cancels it, too');
    is(state_of($a, $id), 'cancelled', 'at once');

    $id = purge($a, '', tags => ['kept'], at => time + 600)->json->{id};
    ok(eventually(sub { redis('HLEN', "{f$fleet}:to-come") == 1 }, 5), 'Redis has it');
    redis_stop();
    ok(eventually(sub { $a->request(DELETE => "/cdn/purge/$id")->status == 503 }, 5), 'without Redis a purge of the fleet is not cancelled');
    redis_start();

    ok(eventually(sub { purge($a, '?wait=1s', tags => ['x'])->status == 200 && redis('HLEN', "{f$fleet}:nodes") == 2 }, 15), 'Redis is back');
    my $rolling = purge($a, '', tags => ['kept'], strategy => 'gradual', batch => 1, delay => 3)->json->{id};
    ok(eventually(sub { state_of($b, $rolling) eq 'scheduled' }, 10), 'a rollout is on its way');
    is($b->request(DELETE => "/cdn/purge/$rolling")->status, 409, 'and is not cancelled halfway');
    ok(eventually(sub { cached($b, '/kept') =~ /2/ }, 15), 'it arrives');
}

# ---- by region, and a cascade that bites its tail

{
    my $cascades = 'cdn_purge_cascade ring1 ring2;  cdn_purge_cascade ring2 ring3 prefix:/ring/;  cdn_purge_cascade ring3 ring1;'
        . ' cdn_purge_event lesson "tag:lesson-{id}" "url:/lesson/{id}";';
    my %edge;
    $fleet++;
    for my $region ('us_east', 'ap_south', 'africa') {
        $edge{$region} = purging_edge("cdn_node $region region=$region; cdn_redis redis://127.0.0.1:$redis_port/0 namespace=f$fleet; $cascades");
    }
    is_connected($_) for values %edge;
    ok(eventually(sub { redis('HLEN', "{f$fleet}:nodes") == 3 }, 15), 'three edges of three regions');

    my $applied = sub ($t, %body) {
        my $r = purge($t, '?wait=20s', tags => ['rolled'], %body)->json;
        my %at = map { $_->{node} => $_->{applied_at} } @{ $r->{edges} };
        return map { sprintf '%.0f', $at{$_} - $at{us_east} } 'us_east', 'ap_south', 'africa';
    };
    is_deeply([$applied->($edge{us_east}, strategy => 'smart', delay => 2)], [0, 2, 4], 'smart: us at once, then asia, then the others');
    is_deeply([$applied->($edge{us_east}, strategy => 'smart', delay => 2, regions => ['africa'])], [0, 2, 0], 'or the regions named at once');
    is_deeply([$applied->($edge{us_east}, strategy => 'gradual', delay => 2, batch => 2)], [0, 0, 0], 'gradual: in the order of names, but at once where it is asked for');

    fill('/ring/1', values %edge);
    fill('/lesson/7', values %edge);
    is(purge($edge{africa}, '?wait=5s', tags => ['ring2'])->status, 200, 'a ring of cascades ends');
    is(purge($edge{africa}, '?wait=5s', event => 'lesson', data => { id => 7 })->status, 200, 'an event');
    for my $region (sort keys %edge) {
        is(cached($edge{$region}, '/ring/1'), 'MISS 2', "both reach $region");
        is(cached($edge{$region}, '/lesson/7'), 'MISS 2', 'as they were expanded where they were asked for');
    }
}

# ---- an edge that is frozen, and two of one name

{
    my ($a, $b) = fleet('a', 'b');
    fill('/frozen', $a, $b);
    kill STOP => $b->workers;
    my $r = purge($a, '?wait=1s', tags => ['frozen']);
    is_deeply($r->json->{missing}, ['b'], 'a frozen edge is waited for in vain, and named');
    is(cached($a, '/frozen'), 'MISS 2', 'while it holds here');
    kill CONT => $b->workers;
    ok(eventually(sub { cached($b, '/frozen') =~ /2/ }, 10), 'it catches up');

    my ($c, $d) = fleet('twin', 'twin');
    fill('/twin', $c, $d);
    ok(eventually(sub { said($c, 'called "twin", too') == 1 && said($d, 'called "twin", too') == 1 }, 15), 'two edges of one name are told, once');
    kill STOP => $d->workers;
    is_deeply(purge($c, '?wait=1s', tags => ['twin'])->json->{missing}, ['twin'], 'and not taken for one another');
    kill CONT => $d->workers;
    ok(eventually(sub { cached($d, '/twin') =~ /2/ }, 10), 'both purge');
    ok(eventually(sub { @{ purge($d, '?wait=5s', tags => ['twin'])->json->{edges} // [] } == 2 }, 15), 'and give receipts');
}

# ---- a full disk under cdn_state

sub fill_disk ($t)
{
    my ($journal) = glob "$t->{dir}/state/journal.*";
    rename $journal, "$t->{dir}/kept" or die $!;
    symlink '/dev/full', $journal or die $!;
    return sub { unlink $journal; rename "$t->{dir}/kept", $journal or die $! };
}

{
    my ($a, $b) = fleet('a', 'b');
    fill("/full$_", $a, $b) for 1 .. 3;
    fill('/other', $b);
    my $make_room = fill_disk($b);

    is(purge($b, '', tags => ['full1'])->status, 500, 'a purge that cannot be written down is not accepted');
    is(cached($b, '/full1'), 'HIT 1', 'and not done');
    my $r = purge($a, '?wait=1500ms', tags => ['full1']);
    is_deeply($r->json->{missing}, ['b'], 'one of another edge is not acknowledged either');
    is(cached($b, '/full1'), 'MISS 2', 'but holds');
    purge($a, '', tags => ['full2']);
    ok(eventually(sub { cached($b, '/full2') =~ /2/ }, 5), 'and so does the next one');
    sleep 3;
    is(cached($b, '/full1'), 'HIT 2', 'once');
    is(cached($b, '/full2'), 'HIT 2', 'each');
    is(cached($b, '/other'), 'HIT 1', 'nothing else is touched');
    is(said($b, 'could not be written down, .*: No space left on device, client: '), 1, 'the log says who was refused, and why');
    is(said($b, 'could not be written down, .*: No space left on device$'), 1, 'and of those of others once') or diag($b->error_log);

    $make_room->();
    ok(eventually(sub { grep { $_->{node} eq 'b' } @{ $a->get('/cdn/purge/' . $r->json->{id})->json->{edges} } }, 10), 'once there is room it is acknowledged');
    is(purge($a, '?wait=5s', tags => ['full3'])->status, 200, 'and all is as before');
    is(cached($b, '/full3'), 'MISS 2', 'for what is purged');
    is(cached($b, '/full1'), 'HIT 2', 'and for what was');
    is(said($b, 'written down again'), 1, 'which the log tells');
    fill('/full1', $b);
    $b->stop;
    $b->start;
    is(cached($b, '/full1'), 'HIT 2', 'it is written down by then');
}

# ---- a stream that was trimmed while an edge was down, and one with something else in it

{
    my ($a, $b) = fleet('a', 'b');
    fill('/trimmed', $a, $b);
    is(purge($a, '?wait=5s', tags => ['x'])->status, 200, 'the fleet works');
    $b->stop;
    purge($a, '', tags => ['trimmed']);
    purge($a, '', tags => ['x']);
    redis('XTRIM', "{f$fleet}:purges", 'MAXLEN', 1);
    $b->start;
    is($b->get('/trimmed')->body, 'version 2', 'what was purged and trimmed meanwhile is not served, not even once');
    is(said($b, 'which is not known here'), 1, 'the log says why');

    fill('/foreign', $b);
    redis('XADD', "{f$fleet}:purges", '*', 'who', 'knows');
    ok(eventually(sub { said($b, 'is malformed') == 1 }, 10), 'an entry of another kind is told, once');
    is($b->get('/foreign')->body, 'version 2', 'and may have meant anything');
    is(purge($a, '?wait=5s', tags => ['foreign'])->status, 200, 'the next one is read');
    is(cached($b, '/foreign'), 'MISS 3', 'as ever');
}

# ---- a Redis that takes nothing more

{
    my ($a, $b) = fleet('a', 'b');
    fill('/oom', $a, $b);
    redis('CONFIG', 'SET', 'maxmemory', '1');
    is(purge($a, '', tags => ['oom'])->status, 202, 'with a Redis that is full a purge is pending');
    sleep 2;
    is(cached($a, '/oom'), 'MISS 2', 'holds here');
    cmp_ok(said($a, 'OOM command'), '<=', 2, 'the log is not filled');
    redis('CONFIG', 'SET', 'maxmemory', '0');
    ok(eventually(sub { cached($b, '/oom') =~ /2/ }, 10), 'and goes to the others once there is room');

    fill('/type', $a, $b);
    redis('RENAME', "{f$fleet}:purges", "{f$fleet}:moved");
    redis('SET', "{f$fleet}:purges", 'x');
    $_->reload for $a, $b;
    ok(eventually(sub { said($b, 'WRONGTYPE') }, 10), 'a key that is something else is told');
    sleep 2;
    cmp_ok(said($b, 'WRONGTYPE'), '<=', 2, 'not again and again');
    is(purge($a, '', tags => ['type'])->status, 202, 'purges are pending');
    redis('RENAME', "{f$fleet}:moved", "{f$fleet}:purges");
    ok(eventually(sub { cached($b, '/type') =~ /2/ }, 20), 'until it is put right');
}

redis_stop();
done();
