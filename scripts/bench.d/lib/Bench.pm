package Bench;

# What benchmarks share: programs, turns, statistics, tables.
#
#     use Bench;
#
#     my $t = server('location / { }', http => '...');
#     my %result = turns(
#         ours => sub { client($t, '/1k', clients => 8) },
#         loop => sub { loop(photo('w1.jpg'), width => 300, format => 'webp') },
#     );
#     my $row = table('case', 'ratio');
#     $row->('1k', ratio(\%result, 'ours', 'loop', 'rate'));
#
# Loading it turns on strict, warnings and signatures.

use v5.36;
use Bench::Photos ();
use Cwd 'abs_path';
use Exporter ();
use feature ();
use File::Basename 'dirname';
use File::Path 'make_path';
use List::Util qw(max min sum);
use NginxTest ();

our @EXPORT = qw(
    server put worker peak_mib niceness
    client client_start loop loop_start finish encode replay
    turns seconds rounds quick median every ratio number
    headline note table photo photographs
);

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $tools = "$root/build/bench";

$| = 1;

sub import ($class, @names)
{
    strict->import;
    warnings->import;
    feature->import(':5.36');
    local $Exporter::ExportLevel = 1;
    return Exporter::import($class, @names);
}

sub photo ($name)    { Bench::Photos::photo($name) }
sub photographs ()   { Bench::Photos::photographs() }

# ---- how long, how often

my $quick = $ENV{BENCH_QUICK};
my %default = (seconds => 3, rounds => 5);

sub defaults (%given) { %default = (%default, %given) }
sub seconds ()        { $ENV{BENCH_SECONDS} // ($quick ? min(1, $default{seconds}) : $default{seconds}) }
sub rounds ()         { $ENV{BENCH_ROUNDS} // ($quick ? min(2, $default{rounds}) : $default{rounds}) }
sub quick ()          { $quick }

# ---- nginx

# As NginxTest's nginx(), with what a benchmark wants: one worker that never
# closes a connection, and logs problems only.
sub server ($conf, %opt)
{
    my $http = join "\n", 'sendfile on;', 'keepalive_requests 1000000000;', $opt{http} // '';
    return NginxTest::nginx($conf, log_level => 'error', %opt, http => $http);
}

# A file below the root of the server, by link.
sub put ($t, $name, $path)
{
    symlink $path, $t->dir . "/html/$name" or die "$name: $!\n";
    return;
}

sub worker ($t) { ($t->workers)[0] }

# The most that the worker ever held.
sub peak_mib ($t)
{
    my ($kib) = $t->slurp('/proc/' . worker($t) . '/status') =~ /^VmHWM:\s+(\d+) kB/m
        or die "the worker is gone\n" . $t->log_tail;
    return $kib / 1024;
}

# Of the worker's most patient thread.
sub niceness ($t)
{
    return max(map { (split ' ', $t->slurp($_) =~ s/.*\)//sr)[16] }
        glob '/proc/' . worker($t) . '/task/*/stat');
}

# ---- our programs, built when they are older than their source

# Those that use the module's own decisions are linked with its library.
sub tool ($name)
{
    my $source = "$root/scripts/bench.d/tools/$name.cpp";
    my $program = "$tools/$name";
    my $library = "$root/build/libcdn_core.a";
    my $with_library = NginxTest::Client::slurp($source) =~ m{^#include "\w+/}m;

    if (!-e $program || grep { -M $program > -M $_ } $source, $with_library ? $library : ()) {
        make_path($tools);
        my $libraries = `pkg-config --cflags --libs vips` or die "bench: libvips-dev is missing\n";
        my @build = ('g++', '-std=c++20', '-O2', '-Wall', '-Wextra', '-Wno-missing-field-initializers',
            $source, '-o', "$program.new", split(' ', $libraries),
            $with_library ? ("-I$root/src", $library, '-ldate-tz') : ());
        system(@build) == 0 && rename "$program.new", $program or die "bench: cannot build $name\n";
    }
    return $program;
}

# A program begun; finish() waits for what it measured.
sub begin ($program, $names, @args)
{
    my $pid = open my $output, '-|', @$program, @args or die "@$program: $!\n";
    return { output => $output, names => $names, pid => $pid };
}

sub finish ($run)
{
    my $line = readline $run->{output};
    close $run->{output} or die "\n";                  # it has said why
    my %result;
    @result{ @{ $run->{names} } } = split ' ', $line;
    $result{rate} = $result{count} / $result{seconds};
    $result{cpu_ms} = $result{cpu} / $result{count} * 1000;
    return \%result;
}

# HTTP clients: rate, cpu_ms (the worker's, per request), own_cpu, bytes, p50, p99, max.
#
#     clients => N, pause => MS, headers => [LINE], seconds => N
sub client_start ($t, $paths, %opt)
{
    return begin([tool('client')], [qw(count seconds cpu own_cpu bytes p50 p99 max)],
        "--pause=" . ($opt{pause} // 0), '--watch=' . worker($t),
        (map { "--header=$_" } @{ $opt{headers} // [] }),
        $opt{seconds} // seconds, $opt{clients} // 1, $t->port(''), ref $paths ? @$paths : $paths);
}

sub client ($t, $paths, %opt) { finish(client_start($t, $paths, %opt)) }

# A school day replayed through a model of the cache, see tools/replay.cpp: a hash for each way.
sub replay (@args)
{
    open my $output, '-|', tool('replay'), @args or die "replay: $!\n";
    my @ways;
    while (defined(my $line = <$output>)) {
        chomp $line;
        my %way;
        @way{qw(name requests hits busiest worst school bytes week_requests week_age week_outdated)} = split /\t/, $line;
        push @ways, \%way;
    }
    close $output or die "\n";
    return @ways;
}

# The bare libvips loop: rate, cpu_ms, peak_mib, bytes, p50, p99.
#
#     width, height, fit => inside | cover, format, quality
#     threads => N (2), nice => N (0), seconds => N
sub loop_start ($file, %opt)
{
    return begin(['nice', '-n', $opt{nice} // 0, tool('loop')], [qw(count seconds cpu peak bytes p50 p99)],
        $opt{seconds} // seconds, $opt{threads} // 2, $opt{width}, $opt{height} // 0,
        $opt{fit} // 'inside', $opt{format}, $opt{quality} // 80, $file);
}

sub loop ($file, %opt)
{
    my $result = finish(loop_start($file, %opt));
    $result->{peak_mib} = $result->{peak} / 1024;
    return $result;
}

# Encoders' settings: for each of @saves, like '.avif[Q=50]', a hash of cpu_ms,
# wall_ms, bytes, psnr, ssim.
sub encode ($file, $width, $height, $repeats, @saves)
{
    open my $output, '-|', tool('encode'), $repeats, $width, $height, $file, @saves
        or die "encode: $!\n";
    my @results;
    while (defined(my $line = <$output>)) {
        my %result;
        @result{qw(save cpu_ms wall_ms bytes psnr ssim)} = split q( ), $line;
        push @results, \%result;
    }
    close $output or die "\n";
    return @results;
}

# ---- turns and statistics

# Of all CPU time so far, in ticks, and what of it the host of this virtual machine gave to others.
sub cpu_ticks ()
{
    my ($first) = NginxTest::Client::slurp('/proc/stat') =~ /^cpu +(.*)/m;
    my @ticks = split ' ', $first;
    return (sum(@ticks[0 .. 7]), $ticks[7]);
}

# What $code measures; once more, twice at most, where over a hundredth of the CPUs was
# stolen meanwhile: of these the least disturbed.
sub undisturbed ($code)
{
    my ($best, $least);
    for my $try (1 .. 3) {
        my ($all, $stolen) = cpu_ticks();
        my $result = $code->();
        my ($all_now, $stolen_now) = cpu_ticks();
        my $share = ($stolen_now - $stolen) / max(1, $all_now - $all);
        ($best, $least) = ($result, $share) if !defined $least || $share < $least;
        last if $least <= 0.01;
    }
    return $best;
}

# Every contestant once a round, in an order that changes: NAME => [result ...].
sub turns (@contestants)
{
    my %code = @contestants;
    my @names = grep { !ref } @contestants;
    my %results;

    for my $round (1 .. rounds) {
        push @{ $results{$_} }, undisturbed($code{$_}) for $round % 2 ? @names : reverse @names;
    }

    return \%results;
}

sub median (@values)
{
    my @sorted = sort { $a <=> $b } @values;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

sub every ($results, $name, $what) { map { $_->{$what} } @{ $results->{$name} } }

sub number ($results, $name, $what) { median(every($results, $name, $what)) }

# Of two contestants, round by round: "0.98 (0.95-1.02)".
sub ratio ($results, $one, $other, $what)
{
    my @one = every($results, $one, $what);
    my @other = every($results, $other, $what);
    my @ratios = map { $one[$_] / $other[$_] } 0 .. $#one;
    return sprintf '%.2f (%.2f-%.2f)', median(@ratios), min(@ratios), max(@ratios);
}

# ---- what is printed

sub headline ($text)
{
    say "== $text";
    my ($load) = NginxTest::Client::slurp(q{/proc/loadavg}) =~ /^(\S+)/;
    say sprintf("   %srounds: %d, load average: %s",
        seconds ? sprintf("a measurement: %g s, ", seconds) : "", rounds, $load);
    return;
}

sub note ($text)
{
    say $text =~ s/^/   /gmr;
    return;
}

# A row as soon as it is known: first the head, then each row with the same widths.
sub table (@head)
{
    my @width = map { max(8, length $_->[0], $_->[1] // 0) } map { ref ? $_ : [$_] } @head;
    my $row = sub (@cells) {
        my @texts = map { sprintf $_ == 0 ? '%-*s' : '%*s', $width[$_], $cells[$_] } 0 .. $#cells;
        say join('  ', @texts) =~ s/\s+$//r;
    };

    $row->(map { ref ? $_->[0] : $_ } @head);
    return $row;
}

1;
