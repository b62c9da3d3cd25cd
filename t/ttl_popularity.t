# popularity: the more an object is asked for, the longer it lives.

use lib 't/lib';
use NginxTest;

my ($minute, $hour, $day) = (60, 3600, 86400);

my $t = nginx(<<'CONF', workers => 2, clock => '2026-11-09 02:00:00', files => { 'a' => 'a file' }, http => <<'HTTP', origin => sub ($r) {

    proxy_cache       edge;
    proxy_cache_key   $uri$is_args$args;
    proxy_cache_valid 404 1m;
    add_header X-TTL $cdn_ttl always;

    location /          { cdn_ttl popular;  proxy_pass http://%ORIGIN%; }
    location /bounded/  { cdn_ttl bounded;  proxy_pass http://%ORIGIN%; }
    location /role/     { cdn_ttl popular role=student;  proxy_pass http://%ORIGIN%; }
    location /school/   { cdn_ttl school schedule=us_east;  proxy_pass http://%ORIGIN%; }
    location /other/    { cdn_ttl document;  proxy_pass http://%ORIGIN%; }
    location /files/    { cdn_ttl popular;  alias %DIR%/html/; }
    location = /status  { cdn_status; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m inactive=30d;
    proxy_cache_revalidate on;

    cdn_ttl_profile popular { ttl 10m;  popularity on;  role student ttl=5m; }
    cdn_ttl_profile bounded { ttl 10m;  popularity on;  min_ttl 2h;  max_ttl 5d; }
    cdn_ttl_profile school  { ttl 10m;  popularity on;  during school_hours hold;  during off_hours factor=2; }
    cdn_ttl_profile document { ttl 2d; }

HTTP
    return [404, [], 'no'] if $r->{uri} =~ /none/;
    return [304, [ETag => '"a"'], ''] if $r->{headers}{'if-none-match'};
    return [200, [ETag => '"a"'], 'yes'];
});

sub ttl ($url) { $t->get($url)->header('X-TTL') }

sub tiers ()
{
    my $text = $t->get('/status?format=prometheus')->body;
    my %tiers = $text =~ /^nginx_cdn_popularity_tiers_total\{profile="popular",tier="(\w+)"\} (\d+)$/mg;
    return \%tiers;
}

# ---- while little is known

$t->get("/many-of-none/$_") for 1 .. 150;
is(ttl("/$_"), 10 * $minute, "object $_: the ttl holds") for 1, 99;
$t->get("/$_") for 2 .. 98;
is_deeply(tiers(), {}, 'and no tier is counted');
is(ttl('/100'), $hour, 'the hundredth known one is ranked, errors not among them');
$t->get("/$_") for 101 .. 200;

# ---- 200 objects: 20 asked for 12 times, 40 six times, 40 three times, 100 once

for my $times (2 .. 12) {
    $t->get("/$_") for 1 .. ($times <= 3 ? 100 : $times <= 6 ? 60 : 20);
}
my $fetched = () = $t->origin_requests(qr{^/\d});
is($fetched, 200, 'meanwhile all are hits');
is_deeply(tiers(), { cold => 101 }, 'and nothing is stored');

$t->clock('2026-11-09 06:00:00');
my %seen;
$seen{$_->[0]}{ ttl("/$_->[1]") }++ for map { [$_ <= 20 ? 'hot' : $_ <= 60 ? 'warm' : $_ <= 100 ? 'mild' : 'cold', $_] } 1 .. 200;
is_deeply($seen{hot}, { 7 * $day => 20 }, 'the hottest tenth live a week');
is_deeply($seen{warm}, { 3 * $day => 40 }, 'the next fifth three days');
is_deeply($seen{mild}, { $day => 40 }, 'the next fifth a day');
is_deeply($seen{cold}, { $hour => 100 }, 'the rest an hour');
is_deeply(tiers(), { hot => 20, warm => 40, mild => 40, cold => 201 }, 'which is counted');

my $r = $t->get('/1');
is($r->header('X-TTL'), 7 * $day, 'a hit says what was decided');
like($r->header('Cache-Status'), qr/hit; ttl=60\d{4}/, 'and has a week');
like($t->get('/200')->header('Cache-Status'), qr/hit; ttl=3\d{3}$/, 'or an hour');

# ---- with all else

is(ttl('/bounded/new'), 2 * $hour, 'min_ttl is the least');
$t->get('/bounded/hot') for 1 .. 20;
$t->clock('2026-11-09 09:00:00');
is(ttl('/bounded/hot'), 5 * $day, 'max_ttl the most');
is(ttl('/role/new'), 5 * $minute, 'a role with a ttl of its own keeps it');
is(ttl('/other/new'), 2 * $day, 'other profiles know nothing of it');
is(ttl('/files/a'), 10 * $minute, 'of files there is none, either');

is(ttl('/school/a'), 2 * $hour, 'in New York it is four: off hours double the hour');
$t->clock('2026-11-09 12:30:00');
my $held = ttl('/school/new');
ok($held >= 10.5 * $hour && $held < 11.5 * $hour + 1, 'at half past seven an hour would end in school: it is held') or diag($held);

# ---- what stays

$t->reload;
is(ttl('/1'), 7 * $day, 'a reload keeps what is cached');
is(ttl('/new'), $hour, 'and who is known');
$t->upgrade;
is(ttl('/newer'), $hour, 'a binary upgrade does, too');
$t->clock('2026-11-16 14:00:00');
my $n = 0;
ok(eventually(sub { ttl('/again/' . ++$n) == 10 * $minute }), 'after a week of nothing all are forgotten');

# ---- configurations

like(refuses('', http => 'cdn_ttl_profile p { popularity on; }'),
    qr/"cdn_ttl_profile p": "popularity" needs a "ttl"/, 'there has to be a ttl');
like(refuses('', http => 'cdn_ttl_profile p { ttl 1h; popularity yes; }'),
    qr/"popularity" is on or off: "yes"/, 'on or off');
my $weeks = 'cdn_zone 1m; cdn_purge_retention 8d; cdn_ttl_profile p { ttl 1h; popularity on; stale_if_error 2d; %s }';
like(refuses('cdn_ttl p;', http => $weeks =~ s/%s//r),
    qr/keeps responses for 777600 seconds with its stale windows, over the 691200 of "cdn_purge_retention"/,
    'the week counts against the retention');
accepts('cdn_ttl p;', http => $weeks =~ s/%s/max_ttl 6d;/r);

done();
