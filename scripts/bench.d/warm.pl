# how long a cached file takes while a warm-up has pictures made
#
# One worker.  "idle": nothing else.  "warm": cdn_warm, with its default pace,
# fetches pictures that are not there yet.  "rush": four clients ask for such
# pictures as fast as they are made.

use Bench;

my $t = server(<<'CONF', clock => '2026-11-10 00:30:00', files => { '1k' => 'x' x 1024, 'list.txt' => '' }, servers => <<'SERVERS', http => <<'HTTP');
    proxy_cache      c;
    proxy_cache_key  $request_uri;
    location ^~ /cdn-cgi/image/ {
        cdn_image   cloudflare;
        cdn_ttl     media_resource;
        proxy_pass  http://127.0.0.1:%PORT_tier%$cdn_image_uri;
    }
    location / {
        cdn_ttl     media_resource;
        proxy_pass  http://127.0.0.1:%PORT_tier%;
    }
    location = /cdn/status { cdn_status; proxy_cache off; }
CONF
    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; root %DIR%/html; }
    }
SERVERS
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:10m;
    cdn_warm bench {
        schedule  us_east;
        every     1h;
        urls      html/list.txt;
        via       http://127.0.0.1:%PORT%;
    }
HTTP
put($t, 'w1.jpg', photo('w1.jpg'));

my $turn = 0;
sub pictures ($count) { $turn++; map { "/cdn-cgi/image/width=720,quality=80/w1.jpg?$turn.$_" } 1 .. $count }
sub state_of ()       { $t->get('/cdn/status?format=json')->json->{warm}{bench} }

# Through the hour's stroke, until the run is at work.
sub warm_up ()
{
    state $hour = 0;
    $t->write('list.txt', join "\n", pictures(int(60 * (seconds() + 1))));
    $t->clock(sprintf '2026-11-%02d %02d:00:00', 10 + int(++$hour / 24), $hour % 24);
    for (my $run = state_of(); $run->{state} ne 'running' || !$run->{done}; $run = state_of()) {
        select undef, undef, undef, 0.05;
    }
    return;
}

sub probe () { return client($t, '/1k', pause => 2) }

client($t, '/1k', seconds => 0.1);
headline('a cached 1 KiB file while a warm-up is at work');
my $results = turns(
    idle => \&probe,
    warm => sub {
        warm_up();
        my $before = state_of()->{done};
        my $probe = probe();
        my $after = state_of();
        $after->{state} eq 'running' or die "bench: the warm-up was over before the measurement\n";
        $probe->{work} = ($after->{done} - $before) / seconds();
        select undef, undef, undef, 0.1 until state_of()->{state} eq 'idle';
        return $probe;
    },
    rush => sub {
        my $rush = client_start($t, [pictures(int(200 * (seconds() + 1)))], clients => 4, seconds => seconds() + 0.6);
        select undef, undef, undef, 0.3;
        my $probe = probe();
        $probe->{work} = finish($rush)->{rate};
        return $probe;
    },
);

my $row = table(['beside it', 38], 'p50 ms', 'p99 ms', ['(rounds)', 14], 'max ms', 'work /s');
my %name = (idle => 'nothing', warm => 'cdn_warm, 4 at once, 50 a second', rush => 'four clients for as many as they get');
for my $who (qw(idle warm rush)) {
    my @p99 = sort { $a <=> $b } every($results, $who, 'p99');
    my @max = sort { $a <=> $b } every($results, $who, 'max');
    $row->($name{$who}, sprintf('%.2f', number($results, $who, 'p50')), sprintf('%.2f', median(@p99)),
        sprintf('%.2f-%.2f', @p99[0, -1]), sprintf('%.2f', $max[-1]),
        $who eq 'idle' ? '' : sprintf '%.1f', number($results, $who, 'work'));
}
