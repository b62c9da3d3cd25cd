# conf.examples/regions.conf as it stands: regions are taken away one by one and
# brought back, and what visitors see of it is counted.

use lib 't/lib';
use NginxTest;
use NginxTest::Example qw(inside_http read_file with_keys);
use File::Temp 'tempdir';

my %chain = (
    us_east      => ['us_west', 'eu_central'],
    us_west      => ['us_east', 'asia_pacific'],
    eu_central   => ['us_east', 'asia_pacific'],
    asia_pacific => ['us_west', 'eu_central'],
);
my %origin_port = (us_east => 9001, us_west => 9002, eu_central => 9003, asia_pacific => 9004);

my $dir = NginxTest::Process::keep_dir(tempdir('ngx_cdn_regions_XXXXXX', TMPDIR => 1));
my $version = 1;
my %origin;
for my $region (keys %chain) {
    $origin{$region} = NginxTest::Origin->new(free_port(), $dir, "$dir/$region");
    live($region);
}

# ---- an origin lives, is dead, hangs, or says 503

sub live ($region)
{
    my $text = "$region version $version";
    $origin{$region}->start(sub ($r) { [200, [], $text] });
    return;
}

sub dead ($region)
{
    $origin{$region}->stop;
    return;
}

sub hanging ($region)
{
    $origin{$region}->start(sub ($r) { [200, [], '', silent => 1] });
    return;
}

sub failing ($region)
{
    $origin{$region}->start(sub ($r) { [503, [], 'later'] });
    return;
}

# ---- an edge of a region, and its visitors

my ($http, $keys) = with_keys(inside_http(read_file("$NginxTest::root/conf.examples/regions.conf"),
    map { $origin_port{$_} => "127.0.0.1:$origin{$_}{port}" } keys %origin));

sub edge ($region, $clock)
{
    my $own = $http =~ s/cdn_node +\S+ region=\w+;/cdn_node edge-1 region=$region;/r;
    return nginx('', http => $own, files => $keys, workers => 2, clock => $clock);
}

my $new = 0;
sub new_urls ($count)
{
    return map { '/new/' . ++$new } 1 .. $count;
}

# Visits at once: how many got an error, and from which region and version the others are.
sub visits ($t, @urls)
{
    my @open = map { $t->at('p8080')->begin($_, timeout => 60) } @urls;
    my ($errors, %from) = (0);
    for my $r (map { $_->finish } @open) {
        $r->status == 200 ? $from{ $r->body }++ : $errors++;
    }
    return ($errors, join ', ', sort keys %from);
}

sub no_errors ($t, $from, $name, @urls)
{
    my ($errors, $seen) = visits($t, @urls);
    is($errors, 0, "$name: no errors");
    is($seen, $from, 'from where it should be');
    return;
}

# ---- each region's chain

for my $region (sort keys %chain) {
    my $t = edge($region, '2026-11-10 15:00:00');
    my ($nearest, $farther) = @{ $chain{$region} };

    no_errors($t, "$region version 1", "$region asks its own", new_urls(10));
    dead($region);
    no_errors($t, "$nearest version 1", "then $nearest", new_urls(10));
    dead($nearest);
    no_errors($t, "$farther version 1", "then $farther", new_urls(10));
    dead($farther);
    my ($errors) = visits($t, new_urls(10));
    is($errors, 10, 'and no other');
    is($t->at('p8080')->status('/health'), 502, 'which /health tells');
    live($_) for $region, @{ $chain{$region} };
    $t->clock('2026-11-10 15:00:30');
    ok(eventually(sub { (visits($t, new_urls(1)))[1] eq "$region version 1" }, 30), 'once it is back it is asked again');
    is($t->at('p8080')->status('/health'), 200, 'and well');
    $t->allow_log(qr/\[crit\].*(?:Connection refused|upstream)/);
    $t->stop;
}

# ---- a long day in us_east: half of the cached objects are purged, softly, half expire

my @purged = map { "/purged/$_" } 1 .. 10;
my @expired = map { "/expired/$_" } 1 .. 10;
my @corrected = map { "/corrected/$_" } 1 .. 10;
my @fresh = map { "/fresh/$_" } 1 .. 10;

sub purge ($t, $prefix)
{
    my $r = $t->at('p8080')->request(POST => '/cdn/purge', body => qq({"prefixes":["$prefix"]}),
        headers => [Authorization => 'Bearer secret']);
    is($r->json->{status}, 'applied', "$prefix is purged");
    return;
}

sub publish ($next)
{
    $version = $next;
    live($_) for keys %chain;
    return;
}

my $t = edge('us_east', '2026-11-10 15:00:00');
no_errors($t, 'us_east version 1', 'a school day begins', @purged, @expired);
$t->clock('2026-11-18 15:00:00');                      # their lives are over, and the time that they may be refreshed in
no_errors($t, 'us_east version 1', 'a week later there is more', @fresh, @purged, @corrected);
publish(2);
purge($t, '/purged/');

dead('us_east');
purge($t, '/corrected/');
ok(eventually(sub {
    my ($failed, $seen) = visits($t, @corrected);
    is($failed, 0, 'no errors') if $failed;
    $seen eq 'us_west version 2';
}), 'us_east killed: what is purged comes from us_west, although its own shield had it');
no_errors($t, 'us_west version 2', 'us_east killed: what is new', new_urls(10));
no_errors($t, 'us_east version 1', 'what is cached', @fresh);
hanging('us_west');
no_errors($t, 'eu_central version 2', 'us_west hanging too: what is new', new_urls(10));
no_errors($t, 'us_east version 1', 'what is cached', @fresh);
no_errors($t, 'eu_central version 2', 'what has expired comes from there, once', $expired[0]);
no_errors($t, 'eu_central version 2', 'and is kept', $expired[0]);

failing('eu_central');
my ($errors) = visits($t, new_urls(10));
is($errors, 10, 'eu_central answering 503, all are gone: what nobody ever asked for is an error');
for my $times (1 .. 3) {
    no_errors($t, 'us_east version 1', 'what is cached', @fresh);
    no_errors($t, 'us_east version 1', 'what was purged softly is served stale', @purged);
    no_errors($t, 'us_east version 1', 'what has expired is served stale', @expired[1 .. 9]);
}
like($t->at('p8080')->get($expired[1])->header('Cache-Status'), qr/fwd=stale/, 'and says so');

live('eu_central');
$t->clock('2026-11-18 15:01:00');
ok(eventually(sub { (visits($t, new_urls(1)))[1] eq 'eu_central version 2' }, 60), 'eu_central back: what is new');
no_errors($t, 'us_east version 1', 'what is cached', @fresh);
for my $urls (\@purged, \@expired) {
    ok(eventually(sub {
        my ($failed, $seen) = visits($t, @$urls);
        is($failed, 0, 'nobody sees an error') if $failed;
        $seen !~ /version 1/;
    }, 60), 'what was stale is fetched there');
}
live('us_east');
$t->clock('2026-11-18 15:02:00');
ok(eventually(sub { (visits($t, new_urls(1)))[1] eq 'us_east version 2' }, 30), 'us_east back: it is asked again');

dead($_) for keys %chain;
done();
