# Fetches, purges, reloads and killed workers all at once: after a purge is
# acknowledged nobody gets a body whose fetch began before it, on one tier and
# through an edge and a shield.
#
# NGX_CDN_SEED repeats a run, NGX_CDN_CYCLES lengthens it.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(time sleep);

my $seed = $ENV{NGX_CDN_SEED} // (time * 1000) % 1_000_000;
my $cycles = $ENV{NGX_CDN_CYCLES} // 1000;
my $keys = 6;
srand $seed;
diag("seed $seed");

# a body is the moment at which its fetch reached the origin
my $t = nginx(<<'CONF', http => <<'HTTP', servers => <<'SHIELD', workers => 2, origin => sub ($r) {
    location / {
        proxy_cache                    c;
        proxy_cache_lock               on;
        proxy_cache_background_update  on;
        proxy_cache_revalidate         on;
        cdn_purge                      on;
        proxy_pass                     http://%ORIGIN%;

        location /shielded/ {
            cdn_purge_upstream  trusted;
            proxy_pass          http://127.0.0.1:%PORT_shield%;
        }
    }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone          1m;
    cdn_purge_rate    1000000;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
    proxy_cache_path  %DIR%/cache/s keys_zone=s:1m;
HTTP
    server {
        listen 127.0.0.1:%PORT_shield%;
        location / {
            proxy_cache       s;
            proxy_cache_lock  on;
            cdn_purge         on;
            proxy_pass        http://%ORIGIN%;
        }
    }
SHIELD
    my ($key) = $r->{uri} =~ m{(\d+)$};
    return [200, ['Cache-Control' => 'max-age=' . ($key % 2 ? 600 : 1), 'Cache-Tag' => "k$key"],
        sprintf('%.6f', Time::HiRes::time()), delay => ($key * 7 % 5) / 500];
});

# every other key's way is through the shield
sub path ($key) { return ($key % 4 < 2 ? '/shielded/' : '/') . $key }

# visitors, who keep fetches going on
my @visitors = map {
    my $n = $_;
    my $pid = fork // die $!;
    if (!$pid) {
        srand $seed + $n;
        $SIG{__WARN__} = sub { };
        while (getppid != 1) {
            eval { $t->get(path(int rand $keys)) };
        }
        POSIX::_exit(0);
    }
    $pid;
} 1 .. 3;

my (@stale, $failed);
my $target = sub ($key) {
    return (['tags', "k$key"], ['urls', path($key)], ['prefixes', path($key)], ['patterns', "*/$key"])[rand 4];
};

for my $cycle (1 .. $cycles) {
    my $key = int rand $keys;
    my ($kind, $value) = $target->($key)->@*;
    my $asked = time;
    my $r = eval { $t->request(POST => '/cdn/purge', body => qq({"$kind":["$value"],"mode":"hard"})) };
    if (!$r || $r->status != 200) {
        $failed++;
        next;
    }

    for (1 .. 2) {
        my $answer = eval { $t->get(path($key)) };
        if (!$answer || $answer->status != 200) {
            $failed++;
        } elsif ($answer->body < $asked) {
            push @stale, sprintf 'cycle %d, %s %s: fetched %.1f ms before the purge', $cycle, $kind, $value,
                1000 * ($asked - $answer->body);
        }
    }

    $t->reload if $cycle % 250 == 100;
    $t->kill_worker if $cycle % 250 == 200;
}

kill TERM => @visitors;
waitpid $_, 0 for @visitors;

is_deeply(\@stale, [], "$cycles purges, and nobody got what they purged");
cmp_ok($failed // 0, '<', $cycles / 20, 'hardly a request failed, with workers killed');

# the last two: the end cuts what a worker of before the last reload still had to do
$t->allow_log(qr/exited on signal 9|reload|shared memory zone .* was locked|open socket #\d+ left|aborting/);
done();
