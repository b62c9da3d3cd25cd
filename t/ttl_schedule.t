# A real nginx whose clock is moved through school days, weekends, holidays,
# terms and clock changes, in four regions.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', clock => '2026-11-02 00:00:00', http => <<'HTTP');

    proxy_cache       edge;
    proxy_cache_key   $uri;
    proxy_cache_valid 404 1m;
    add_header X-Phase "$cdn_schedule_phase/$cdn_schedule_term" always;

    location /short/ { cdn_ttl short schedule=$arg_in;  proxy_pass http://%ORIGIN%; }
    location /held/  { cdn_ttl held  schedule=$arg_in;  proxy_pass http://%ORIGIN%; }
    location /terms/ { cdn_ttl terms schedule=district; proxy_pass http://%ORIGIN%; }
    location /edu/   { cdn_ttl educational_content schedule=us_east;  proxy_pass http://%ORIGIN%; }
    location /burst/ { cdn_ttl jittery;  proxy_pass http://%ORIGIN%; }
    location = /status { cdn_status; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:4m inactive=2y;

    cdn_ttl_profile short   { ttl 1h;  during school_hours factor=0.5;  during maintenance ttl=1m; }
    cdn_ttl_profile held    { ttl 12h;  during school_hours hold; }
    cdn_ttl_profile terms   { ttl 1d;  during fall factor=1.3;  during summer factor=0.6; }
    cdn_ttl_profile jittery { ttl 1d;  jitter 5%; }

    cdn_schedule district {
        timezone America/Chicago;
        phase    school_hours mon-fri 08:00-15:00;
        phase    night daily 22:00-05:00;
        term     fall   2026-08-17 2026-12-18;
        term     spring 2027-01-04 2027-05-28 factor=1.5;
        term     summer 2027-05-29 2027-08-15;
        holiday  2026-11-26 2026-11-27;
    }

HTTP

$t->origin(sub ($request) { [200, ['Content-Type' => 'text/plain'], "n$request->{n}"] });

my $n = 0;
sub fresh ($place, $query = '') { $t->get("/$place/@{[$n++]}?$query") }
sub lifetime ($r) { ($r->header('Cache-Control') // '') =~ /max-age=(\d+)/ ? $1 - ($r->header('Age') // 0) : undef }
sub is_hit ($r) { $r->header('Cache-Status') =~ /; hit/ }

# the clock runs on while a test looks: some seconds may pass
sub about ($got, $expected, $what)
{
    ok(defined $got && abs($got - $expected) <= 20, $what) or diag('got ' . ($got // 'nothing') . ", expected $expected");
}

# at this moment, UTC: phase, and how long /short/ lives from now
sub at ($time, $region, $phase, $seconds)
{
    $t->clock($time);
    my $r = fresh('short', "in=$region");
    is($r->header('X-Phase'), "$phase/", "$region at $time: $phase");
    about(lifetime($r), $seconds, "an hour's file lives $seconds seconds");
}

# a Tuesday in winter, a Saturday, in each region's own time
my %offset = (us_east => -5, us_west => -8, eu_central => 1, asia_pacific => 9);
for my $region (sort keys %offset) {
    my $local = sub ($day, $hour, $minute = 0) {
        my $hours = $hour - $offset{$region};
        my $days = POSIX::floor($hours / 24);
        return sprintf '2026-12-%02d %02d:%02d:00', $day + $days, $hours - 24 * $days, $minute;
    };
    my $dawn = $region eq 'asia_pacific' ? 'pre_school' : 'off_hours';
    at($local->(8, 1, 30), $region, 'off_hours', 1800);           # maintenance ends it at two
    at($local->(8, 2, 30), $region, 'maintenance', 60);
    at($local->(8, 6, 30), $region, $dawn, 3600);
    at($local->(8, 7, 15), $region, 'pre_school', 2700);          # at the bell, 45 minutes old
    at($local->(8, 7, 45), $region, 'pre_school', 1800);
    at($local->(8, 8), $region, 'school_hours', 1800);
    at($local->(8, 17, 59), $region, 'school_hours', 1800);
    at($local->(8, 18), $region, 'off_hours', 3600);
    at($local->(8, 19), $region, 'after_school', 3600);
    at($local->(8, 22), $region, 'off_hours', 3600);
    at($local->(12, 9), $region, 'off_hours', 3600);              # Saturday
    at($local->(12, 2, 30), $region, 'maintenance', 60);
}

# clock changes: 02:00-03:00 in New York
at('2027-03-14 06:59:00', 'us_east', 'off_hours', 3600);          # 01:59 EST, then 03:00 EDT: no maintenance
at('2027-03-14 07:01:00', 'us_east', 'off_hours', 3600);
at('2027-03-15 11:59:00', 'us_east', 'pre_school', 1800);         # Monday 07:59 EDT
at('2027-03-15 12:00:00', 'us_east', 'school_hours', 1800);
at('2026-11-01 05:30:00', 'us_east', 'off_hours', 3600);          # 01:30 EDT, 01:30 EST comes
at('2026-11-01 06:30:00', 'us_east', 'off_hours', 1800);
at('2026-11-01 07:30:00', 'us_east', 'maintenance', 60);
at('2026-11-02 13:00:00', 'us_east', 'school_hours', 1800);       # Monday 08:00 EST
# in Berlin
at('2026-10-25 00:30:00', 'eu_central', 'maintenance', 60);       # 02:30 twice
at('2026-10-25 01:30:00', 'eu_central', 'maintenance', 60);
at('2026-10-25 02:00:00', 'eu_central', 'off_hours', 3600);
at('2027-03-28 00:59:00', 'eu_central', 'off_hours', 3600);       # 01:59, then 03:00
at('2027-03-28 01:30:00', 'eu_central', 'off_hours', 3600);
at('2027-03-29 06:00:00', 'eu_central', 'school_hours', 1800);

# what is told is what happens
$t->clock('2026-12-08 12:45:00');                                 # 07:45 EST
my $file = '/short/bell?in=us_east';
$t->get($file);
$t->clock('2026-12-08 13:14:00');
ok(is_hit($t->get($file)), 'half an hour from before the bell is kept');
about(lifetime($t->get($file)), 60, 'and a minute is left of it');
$t->clock('2026-12-08 13:16:00');
ok(!is_hit($t->get($file)), 'and no more');

# held: cached in the evening, due at 08:00
$t->clock('2026-12-08 01:00:00');                                 # 20:00 EST
my $photo = '/held/photo?in=us_east';
my $left = lifetime($t->get($photo));
ok($left >= 22 * 3600 - 20 && $left <= 23 * 3600, 'what would expire at 08:00 expires after 18:00');
$t->clock('2026-12-08 22:59:00');
ok(is_hit($t->get($photo)), 'it is there all day');
$t->clock('2026-12-09 00:01:00');
ok(!is_hit($t->get($photo)), 'and fetched anew in the evening');
$t->clock('2026-12-12 01:00:00');                                 # Friday evening
about(lifetime(fresh('held', 'in=us_east')), 12 * 3600, 'Saturdays hold nothing');
my ($low, $high) = (9e9, 0);
$t->clock('2026-12-08 01:00:00');
for (1 .. 200) {
    my $l = lifetime(fresh('held', 'in=us_east'));
    $low = $l if $l < $low;
    $high = $l if $l > $high;
}
ok($high - $low > 2400, 'they expire over the hour that follows') or diag("$low $high");

# terms, with their factors
my @terms = (
    ['2026-08-17 04:59:00', 'night/', 86400], ['2026-08-17 05:01:00', 'night/fall', 86400 * 1.3],
    ['2026-12-19 05:59:00', 'night/fall', 86400 * 1.3], ['2026-12-19 06:01:00', 'night/', 86400],
    ['2027-01-04 15:00:00', 'school_hours/spring', 86400 * 1.5], ['2027-07-01 15:00:00', 'school_hours/summer', 86400 * 0.6],
    ['2026-11-25 15:00:00', 'school_hours/fall', 86400 * 1.3], ['2026-11-26 15:00:00', 'off_hours/fall', 86400 * 1.3],
    ['2026-11-27 04:30:00', 'night/fall', 86400 * 1.3], ['2026-11-30 15:00:00', 'school_hours/fall', 86400 * 1.3],
);
for (@terms) {
    my ($time, $phase, $seconds) = @$_;
    $t->clock($time);
    my $r = fresh('terms');
    is($r->header('X-Phase'), $phase, "district at $time: $phase");
    about(lifetime($r), $seconds, "lives $seconds seconds");
}

# built in
$t->clock('2026-12-08 01:00:00');
my $edu = fresh('edu');
my ($ttl) = lifetime($edu);
ok($ttl > 6.6 * 86400 && $ttl <= 7 * 86400 + 3600, 'educational content of the built-in profile');

# jitter: 1,000 objects of one minute do not expire in one
$t->clock('2026-12-08 01:00:00');
my %minute;
$minute{int(lifetime($_) / 60)}++ for map { fresh('burst') } 1 .. 1000;
my ($most) = sort { $b <=> $a } values %minute;
ok(keys %minute > 60, 'they expire over more than an hour') or diag(scalar keys %minute);
ok($most < 100, 'no minute has a tenth of them') or diag($most);

# metrics
$t->clock('2026-11-02 14:00:00');                                 # Monday 08:00 in Chicago, 09:00 in New York
my $metrics = $t->get('/status', Accept => 'text/plain')->body;
like($metrics, qr/^nginx_cdn_schedule_phase\{schedule="district",phase="school_hours"\} 1$/m, 'the phase is a metric');
like($metrics, qr/^nginx_cdn_schedule_phase\{schedule="district",phase="night"\} 0$/m, 'the others too');
like($metrics, qr/^nginx_cdn_schedule_next_change_timestamp_seconds\{schedule="district"\} 1793653200$/m, 'and its end, 15:00');
like($metrics, qr/^nginx_cdn_schedule_phase\{schedule="us_east",phase="school_hours"\} 1$/m, 'of built-in ones');
like($metrics, qr/^nginx_cdn_phase_requests_total\{profile="short",phase="maintenance"\} \d+$/m, 'requests by profile and phase');
my $json = $t->get('/status?format=json')->json->{schedules}{district};
is("$json->{phase} $json->{term} $json->{next_change}", 'school_hours fall 1793653200', 'JSON says so too');

done();
