# resident memory of a worker after many mixed transforms
#
# One worker, two pool threads, no cache: pictures of every kind at widths that
# hardly repeat, four clients.  The bar: after all of them, memory at rest is
# within 20 % of that after the first 500.  BENCH_TRANSFORMS says how many (10,000).

use Bench;
use Time::HiRes 'sleep';

Bench::defaults(seconds => 0, rounds => 1);
my $all = $ENV{BENCH_TRANSFORMS} // (quick() ? 1000 : 10_000);
my ($first, $step) = (500, 500);

my @sources = qw(w1.jpg w5-14mp.jpg w4-alpha.png w6-anim.gif);
my %formats = (
    'w1.jpg' => [qw(jpeg webp avif png)], 'w5-14mp.jpg' => [qw(webp jpeg)],
    'w4-alpha.png' => [qw(png webp avif)], 'w6-anim.gif' => [qw(webp gif)],
);

my $t = server(<<'CONF');
    location / {
        cdn_image            custom;
        cdn_image_transform  on;
    }
CONF
put($t, $_, photo($_)) for @sources;

# The same in every run, and no size twice before 237 of them.
sub path_of ($i)
{
    my $file = $sources[$i % @sources];
    my $turn = int($i / @sources);
    my $of = $formats{$file};
    my $width = 64 + $i * 89 % 237;
    return "/$file?width=$width&quality=" . (60 + $i % 30) . "&format=$of->[$turn % @$of]";
}

sub resident_mib ()
{
    my ($kib) = $t->slurp('/proc/' . worker($t) . '/status') =~ /^VmRSS:\s+(\d+) kB/m or die "the worker is gone\n";
    return $kib / 1024;
}

sub at_rest ()
{
    sleep 2;
    return resident_mib();
}

# Each path once, by four clients side by side.
sub transform ($from, $to)
{
    my @clients = map {
        my $client = $_;
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            my $failed = grep { $_ % 4 == $client && $t->status(path_of($_)) != 200 } $from .. $to - 1;
            POSIX::_exit($failed ? 1 : 0);
        }
        $pid;
    } 0 .. 3;
    for my $pid (@clients) {
        waitpid $pid, 0;
        die "a transform failed\n" . $t->log_tail if $?;
    }
    return;
}

headline("memory of a worker: $all mixed transforms (bar: 1.20 of that after $first)");
my $row = table('transforms', 'MiB', 'of first', ['peak MiB', 9]);
my $pid = worker($t);
my $reference;
$row->(0, sprintf('%.1f', resident_mib()), '', sprintf '%.1f', peak_mib($t));
for (my $done = 0; $done < $all; $done += $step) {
    transform($done, $done + $step);
    my $now = at_rest();
    $reference //= $now;
    $row->($done + $step, sprintf('%.1f', $now), sprintf('%.2f', $now / $reference), sprintf '%.1f', peak_mib($t));
}
worker($t) == $pid or die "the worker is another one\n" . $t->log_tail;
