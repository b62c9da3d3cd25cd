# how long a 1 KiB file takes while the pool is saturated with transforms
#
# One worker.  "idle": nothing else.  "loop": bare libvips works on two threads
# beside nginx, as nice as our pool: what the machine's scheduler alone does.
# "busy": eight clients ask the same worker for transforms.  The bar: a p99 of
# 2 ms when busy, and the worker's peak within 60 MiB of the loop's.

use Bench;

my $t = server(<<'CONF', files => { '1k' => 'x' x 1024 });
    location /cdn-cgi/image/ {
        cdn_image            cloudflare;
        cdn_image_transform  on;
    }
CONF

my $file = photo('w1.jpg');
put($t, 'w1.jpg', $file);
my $transform = '/cdn-cgi/image/width=720,height=588,quality=80,format=jpeg/w1.jpg';
my %task = (width => 720, height => 588, format => 'jpeg');

client($t, $transform, seconds => 0.2, clients => 2);  # now the pool's threads exist
my $nice = niceness($t);

# Asks for the small file while $other runs, from shortly after its begin.
sub probe ($other = undef)
{
    select undef, undef, undef, 0.3 if $other;
    my $probe = client($t, '/1k', pause => 2);
    if ($other) {
        my $work = finish($other);
        @$probe{qw(work peak)} = ($work->{rate}, $work->{peak});
    }
    return $probe;
}

headline('a 1 KiB file while transforms saturate the pool (bar: p99 of 2 ms)');
my $results = turns(
    idle => sub { probe() },
    loop => sub { probe(loop_start($file, %task, nice => $nice, seconds => seconds() + 0.6)) },
    busy => sub { probe(client_start($t, $transform, clients => 8, seconds => seconds() + 0.6)) },
);

my $row = table(['beside it', 38], 'p50 ms', 'p99 ms', ['(rounds)', 14], 'max ms', 'work /s');
my %name = (
    idle => 'nothing',
    loop => "bare libvips, two threads, nice $nice",
    busy => 'eight clients for transforms',
);
for my $who (qw(idle loop busy)) {
    my @p99 = sort { $a <=> $b } every($results, $who, 'p99');
    my @max = sort { $a <=> $b } every($results, $who, 'max');
    $row->($name{$who}, sprintf('%.2f', number($results, $who, 'p50')), sprintf('%.2f', median(@p99)),
        sprintf('%.2f-%.2f', @p99[0, -1]), sprintf('%.2f', $max[-1]),
        $who eq 'idle' ? '' : sprintf '%.1f', number($results, $who, 'work'));
}
note(sprintf 'peak memory: the worker %.0f MiB, the loop %.0f MiB (bar: +60)', peak_mib($t),
    number($results, 'loop', 'peak') / 1024);
