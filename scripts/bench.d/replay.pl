# hit ratio, origin load and staleness on a school day, by how lifetimes are decided
#
# A million requests for 100,000 objects, replayed through a model of nginx's cache that
# asks the module's own functions; scripts/bench.d/tools/replay.cpp says what is in the
# day.  Then a small day through the same model and through a real nginx under faketime,
# which have to agree.  Environment: BENCH_SEED.

use Bench;
use POSIX 'strftime';
use Time::HiRes 'sleep';

my $seed = $ENV{BENCH_SEED} // 1;
my ($objects, $requests, $days) = quick ? (20_000, 200_000, 28) : (100_000, 1_000_000, 28);

sub thousands ($number) { scalar reverse join ',', unpack '(A3)*', reverse $number }

say '== a school day of ', thousands($requests), ' requests for ', thousands($objects), " objects (seed $seed)";
for (['a third', 20_000], ['all', 80_000]) {
    my ($share, $bytes_an_object) = @$_;
    my $bytes = $objects * $bytes_an_object;
    my @ways = replay($seed, $objects, $requests, $days, $bytes);
    note(sprintf 'a cache of %.1f GB, room for %s of it; the busiest minute has %d requests', $bytes / 1e9, $share, $ways[0]{busiest});
    my $row = table(['lifetimes', 22], 'hit ratio', 'fetches', 'in school', 'worst minute', 'GB fetched', 'mean age', 'outdated');
    for my $way (@ways) {
        $row->($way->{name}, sprintf('%.3f', $way->{hits} / $way->{requests}),
            thousands($way->{requests} - $way->{hits}), thousands($way->{school}), $way->{worst},
            sprintf('%.1f', $way->{bytes} / 1e9), sprintf('%.1f h', $way->{week_age} / $way->{week_requests} / 3600),
            sprintf('%.1f %%', 100 * $way->{week_outdated} / $way->{week_requests}));
    }
}

# ---- is the model honest?

my %place = ('proxy_cache_valid 1h' => 'hour', 'popularity' => 'popular', 'popularity, hold' => 'held');

my $t = server(<<'CONF', clock => '2026-11-09 04:59:00', http => <<'HTTP', servers => <<'ORIGIN');
    proxy_cache_key $uri;
    add_header      X-Cache $upstream_cache_status;
    location /hour/    { proxy_cache hour;    proxy_cache_valid 200 1h;  proxy_pass http://127.0.0.1:%PORT_origin%; }
    location /popular/ { proxy_cache popular; cdn_ttl popular;  proxy_pass http://127.0.0.1:%PORT_origin%; }
    location /held/    { proxy_cache held;    cdn_ttl held schedule=us_east;  proxy_pass http://127.0.0.1:%PORT_origin%; }
CONF
    proxy_cache_path %DIR%/cache/1 keys_zone=hour:4m    inactive=30d use_temp_path=off;
    proxy_cache_path %DIR%/cache/2 keys_zone=popular:4m inactive=30d use_temp_path=off;
    proxy_cache_path %DIR%/cache/3 keys_zone=held:4m    inactive=30d use_temp_path=off;
    cdn_ttl_profile popular { ttl 7d;  jitter 5%;  popularity on; }
    cdn_ttl_profile held    { ttl 7d;  jitter 5%;  popularity on;  during school_hours hold; }
HTTP
    server { listen 127.0.0.1:%PORT_origin%;  return 200 object; }
ORIGIN

my $trace = $t->dir . '/trace';
my @small = (2000, 10_000, 1);
my %model = map { $_->{name} => $_ } replay($seed, @small, 1e12, $trace);
note(sprintf 'the model and a real nginx: two days of %s requests for %s objects, the second measured',
    thousands($small[1]), thousands($small[0]));

my (%hits, %total);
my $connection = $t->connect;
my ($last_time, $last_day) = (0, 0);
open my $lines, '<', $trace or die "$trace: $!\n";
while (<$lines>) {
    my ($time, $object) = split;
    if ($time != $last_time) {
        $t->clock(strftime '%Y-%m-%d %H:%M:%S', gmtime $time);
        sleep 1.5 if int($time / 86400) != $last_day;          # the module's day ends on a timer
        ($last_time, $last_day) = ($time, int($time / 86400));
    }
    for my $place (values %place) {
        my $cache = $connection->get("/$place/$object")->header('X-Cache') // die "/$place/$object: no answer\n";
        next if $time < 1794286800;                            # Tuesday begins
        $total{$place}++;
        $hits{$place}++ if $cache eq 'HIT';
    }
}

my $row = table(['lifetimes', 22], 'model', 'nginx');
my @differ;
for my $name (sort keys %place) {
    my ($model, $nginx) = ($model{$name}{hits} / $model{$name}{requests}, $hits{ $place{$name} } / $total{ $place{$name} });
    $row->($name, map { sprintf '%.3f', $_ } $model, $nginx);
    push @differ, $name if abs($model - $nginx) > 0.01;
}
die 'replay: the model and nginx differ: ', join(', ', @differ), "\n" if @differ;
