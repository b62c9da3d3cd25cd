# Purges at fixed times of a school's day: cdn_nightly, with a clock that is
# moved through nights, clock changes and absences.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw($purging_locations redis_cli redis_server);

my $http = <<'HTTP';
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m inactive=2y;
    proxy_cache_valid 200 600d;
    cdn_purge_cascade us_east us_east_too;
HTTP

my @regions = qw(eu_central us_east us_west asia_pacific);
my $nights = join '', map { "    cdn_nightly $_ { schedule $_; at 02:00; purge $_; mode hard; }\n" } @regions;
$nights .= "    cdn_nightly { schedule us_east; every 4h; purge tag:sync; mode hard; }\n";
$nights .= "    cdn_nightly weekly { schedule us_east; at 03:00 sun; purge url:/week; mode hard; }\n";

sub origin ($r) { return [200, ['Cache-Tag' => $r->{uri} =~ s/\W//gr], "$r->{n}"] }

my $t = nginx($purging_locations, workers => 2, clock => '2026-10-24 12:00:00', http => "$http$nights", origin => \&origin);

sub fill (@names) { $t->get("/$_") for @names; return }
sub cached ($name) { $t->get("/$name")->header('X-Cache') }
sub purged ($name) { eventually(sub { cached($name) eq 'MISS' }, 10) }
sub nightly ($edge = $t) { grep { $_->{source} eq 'nightly' } @{ $edge->get('/cdn/purge')->json->{purges} } }

# nginx looks at the clock each fifth of a second, and at what is due when a second has passed.
sub fires ($from, $to, $name, $what)
{
    $t->clock($from);
    sleep 1.5;
    fill($name);
    is(cached($name), 'HIT', "$name is cached at $from");
    $t->clock($to);
    ok(purged($name), $what);
    return;
}

# ---- clock changes

fires('2026-10-24 23:59:50', '2026-10-25 00:00:01', 'eu_central', 'two o\'clock comes twice in Berlin: the first time');
fill('eu_central');
$t->clock('2026-10-25 00:59:50');
sleep 1.5;
$t->clock('2026-10-25 01:00:01');
sleep 1.5;
is(cached('eu_central'), 'HIT', 'and not the second');

# ---- two o'clock, everywhere

my %winter = (us_east => '07:00', us_west => '10:00', eu_central => '01:00', asia_pacific => '17:00');
for my $region (@regions) {
    my ($hour) = split /:/, $winter{$region};
    my $before = sprintf '2026-12-08 %02d:59:50', ($hour + 23) % 24;
    fires($before, "2026-12-08 $winter{$region}:00", $region, "$region is purged at its 02:00");
    my ($last) = grep { $_->{id} =~ /^nightly-$region-2026120[89]T0200$/ } nightly();
    is($last->{who}, "nightly $region", 'and the list of purges says by whom, with the local date and time');
}

# ---- the like

fires('2026-12-09 08:59:50', '2026-12-09 09:00:00', 'sync', 'every four hours');
fires('2026-12-09 12:59:50', '2026-12-09 13:00:00', 'sync', 'and four hours later');
fires('2026-12-13 07:59:50', '2026-12-13 08:00:00', 'week', 'Sundays at three, a URL');
fires('2026-12-15 06:59:50', '2026-12-15 07:00:00', 'us_east_too', 'and what depends on it');
like($t->get('/cdn/status?format=prometheus')->body,
    qr/^nginx_cdn_purges_total\{type="tag",mode="hard",source="nightly"\} \d+$/m, 'they are counted');

# ---- once

sub count ($id) { scalar grep { $_->{id} eq $id } nightly() }
$t->clock('2026-12-16 06:59:50');
sleep 1.5;
$t->clock('2026-12-16 07:00:00');
my $id = 'nightly-us_east-20261216T0200';
ok(eventually(sub { count($id) }, 10), 'a purge of two workers');
fill('us_east');
$t->reload;
$t->clock('2026-12-16 07:00:20');
sleep 1.5;
$t->stop;
$t->start;
sleep 1.5;
$t->kill_worker;
$t->upgrade;
sleep 1.5;
is(cached('us_east'), 'HIT', 'it happens once, whatever becomes of workers and masters');
is(count($id), 1, 'and is listed once');

# ---- away at the time

$t->clock('2026-12-17 06:59:50');
sleep 1.5;
fill('us_east');
$t->stop;
$t->clock('2026-12-17 07:59:00');
$t->start;
ok(purged('us_east'), 'who was down for less than an hour makes up for it');
fill('us_east');
$t->clock('2026-12-18 06:59:50');
sleep 1.5;
$t->stop;
$t->clock('2026-12-18 08:10:00');
$t->start;
ok(eventually(sub { $t->error_log =~ /cdn nightly: "us_east" was due at 2026-12-18 02:00 in us_east, over an hour ago: skipped/ }, 10),
    'who comes later does not, and says so');
is(cached('us_east'), 'HIT', 'so the night is left out');

# a rule that is new does not make up for its past
$t->clock('2026-12-19 12:30:00');
sleep 1.5;
fill('new');
$t->conf($purging_locations, http => "$http    cdn_nightly { schedule us_east; at 07:00; purge new; }\n");
$t->reload;
sleep 1.5;
is(cached('new'), 'HIT', 'what was due before there was a rule is not done');
is(count('nightly-new'), 0, 'at all');

# ---- the other clock change

$t->conf($purging_locations, http => "$http$nights    cdn_nightly { schedule us_east; at 07:00; purge new; }\n");
$t->reload;
fires('2027-03-14 06:59:50', '2027-03-14 07:00:00', 'us_east', 'an hour that is skipped in New York: right after the gap');
fill('us_east');
$t->clock('2027-03-14 08:00:00');
sleep 1.5;
is(cached('us_east'), 'HIT', 'and not again');
# ---- soft, as it goes without saying

$t->clock('2027-03-20 10:59:50');
sleep 1.5;
fill('new');
$t->clock('2027-03-20 11:00:00');
ok(eventually(sub { cached('new') =~ /EXPIRED|STALE|UPDATING/ }, 10), 'the mode is soft by itself');

# ---- once in the fleet

my $redis_port = free_port();
my $redis = redis_server($redis_port);

sub edge ($name)
{
    return nginx($purging_locations, workers => 2, clock => '2026-12-08 06:59:00', origin => \&origin,
        http => "$http$nights cdn_node $name; cdn_redis redis://127.0.0.1:$redis_port/0 namespace=test;");
}
sub taken ($id) { scalar(() = redis('XRANGE', '{test}:purges', '-', '+') =~ /$id/g) }
sub redis (@command) { return redis_cli($redis_port, @command) }

my @edges = map { edge($_) } qw(a b);
ok(eventually(sub { redis('HLEN', '{test}:nodes') == 2 }, 15), 'two edges');
for my $edge (@edges) {
    $edge->get('/us_east');
    is($edge->get('/us_east')->header('X-Cache'), 'HIT', 'with the same in their caches');
}
$edges[0]->clock('2026-12-08 07:00:00');
ok(eventually(sub { $edges[0]->get('/us_east')->header('X-Cache') eq 'MISS' }, 10), 'the first clock to strike two purges');
ok(eventually(sub { $edges[1]->get('/us_east')->header('X-Cache') eq 'MISS' }, 10), 'on all');
$edges[1]->clock('2026-12-08 07:00:00');
sleep 2;
is($edges[1]->get('/us_east')->header('X-Cache'), 'HIT', 'and the second does it no more');
is(taken('nightly-us_east-20261208T0200'), 1, 'Redis has taken one');
is(scalar(grep { $_->{id} eq 'nightly-us_east-20261208T0200' } nightly($_)), 1, 'each edge lists one') for @edges;
ok(eventually(sub { redis('HLEN', '{test}:receipts:nightly-us_east-20261208T0200') == 2 }, 10), 'both have a receipt of it');

# struck at the same time, and without Redis
$_->clock('2026-12-08 09:59:50') for @edges;
sleep 1.5;
$_->get('/us_west') for @edges;
$_->clock('2026-12-08 10:00:00') for @edges;
for my $edge (@edges) {
    ok(eventually(sub { $edge->get('/us_west')->header('X-Cache') eq 'MISS' }, 10), 'clocks that agree');
}
ok(eventually(sub { taken('nightly-us_west-20261208T0200') == 1 }, 10), 'make one purge');
sleep 1;
is($_->get('/us_west')->header('X-Cache'), 'HIT', 'applied once') for @edges;
is(taken('nightly-us_west-20261208T0200'), 1, 'and taken once');

kill KILL => $redis;
waitpid $redis, 0;
$_->clock('2026-12-09 06:59:50') for @edges;
sleep 1.5;
$_->get('/us_east') for @edges;
$_->clock('2026-12-09 07:00:00') for @edges;
for my $edge (@edges) {
    ok(eventually(sub { $edge->get('/us_east')->header('X-Cache') eq 'MISS' }, 10), 'without Redis each does its own');
}

# ---- refused

my %mistakes = (
    'schedule us_east; purge temp;' => qr/needs a time: "at 02:00" or "every 4h"/,
    'at 02:00; purge temp;' => qr/needs a "schedule", like us_east/,
    'schedule us_east; at 02:00;' => qr/needs something to purge: "purge TARGET"/,
    'schedule mars; at 02:00; purge temp;' => qr/unknown schedule "mars"/,
    'schedule us_east; schedule us_west; at 02:00; purge temp;' => qr/"schedule" is duplicate/,
    'schedule us_east; at recess; purge temp;' => qr/schedule "us_east" has no phase "recess"/,
    'schedule us_east; at 25:00; purge temp;' => qr/a time is like 02:00, to 23:59: "25:00"/,
    'schedule us_east; at 02:00 someday; purge temp;' => qr/days are like mon-fri, or sat,sun, or daily: "someday"/,
    'schedule us_east; every 5h; purge temp;' => qr/an interval divides a day and is a minute or more, like 4h or 30m: "5h"/,
    'schedule us_east; at 02:00; purge temp; mode medium;' => qr/the mode is soft or hard, not "medium"/,
    'schedule us_east; at 02:00; purge url:nowhere;' => qr/"cdn_nightly n": .*nowhere/,
    'schedule us_east; at 02:00; purge;' => qr/"purge" is not a line of it, or has too few or too many words/,
    'schedule us_east; at 02:00; drop temp;' => qr/"drop" is not a line of it/,
);
like(refuses('', http => "cdn_zone 1m; cdn_nightly n { $_ }"), qr/\[emerg\].*"cdn_nightly n": .*$mistakes{$_}|\[emerg\].*$mistakes{$_}/, "refused: $_")
    for sort keys %mistakes;
like(refuses('', http => 'cdn_nightly n { schedule us_east; at 02:00; purge temp; }'), qr/"cdn_nightly n": needs shared memory: add "cdn_zone 32m;"/, 'it needs a zone');
like(refuses('', http => 'cdn_zone 1m; cdn_nightly a/b { schedule us_east; at 02:00; purge temp; }'), qr/a name has 1 to 40 of/, 'and a plain name');
like(refuses('', http => 'cdn_zone 1m;' . ' cdn_nightly n { schedule us_east; at 02:00; purge temp; }' x 2), qr/"cdn_nightly n": is duplicate/, 'of its own');

done();
