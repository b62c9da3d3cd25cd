# encoders' settings, bare libvips: time, bytes and PSNR, to choose defaults by
#
# The bar for AVIF: 2.5 times the rate of effort 4, at its PSNR - 1 dB or
# better, and no more bytes.

use Bench;
use List::Util qw(max min sum);

Bench::defaults(seconds => 0, rounds => 1);
my $repeats = rounds();
my @qualities = quick() ? 63 : (50, 63, 75);

sub mean (@values) { sum(@values) / @values }

# The mean over pictures: geometric of times and bytes against the first
# setting, plain of PSNR.
sub compare ($title, $files, $width, $height, @saves)
{
    my @by_file = map { [encode($_, $width, $height, $repeats, @saves)] } @$files;

    note("\n$title");
    my $row = table(['settings', 44], 'CPU ms', 'wall ms', 'rate x', 'bytes', 'bytes x', 'PSNR', 'PSNR +');
    my $gain = sub ($i, $what) { exp mean(map { log($_->[$i]{$what} / $_->[0]{$what}) } @by_file) };

    for my $i (0 .. $#saves) {
        my $mean = sub ($what) { mean(map { $_->[$i]{$what} } @by_file) };
        my $exact = $by_file[0][0]{psnr} eq 'inf';
        $row->($saves[$i], (map { sprintf '%.1f', $mean->($_) } qw(cpu_ms wall_ms)),
            sprintf('%.2f', 1 / $gain->($i, 'cpu_ms')), sprintf('%.0f', $mean->('bytes')),
            sprintf('%.3f', $gain->($i, 'bytes')),
            $exact ? ('exact', '') : (sprintf('%.2f', $mean->('psnr')),
                sprintf '%+.2f', mean(map { $_->[$i]{psnr} - $_->[0]{psnr} } @by_file)));
    }
    return;
}

# The Q sought for each effort: its PSNR where it has just the bytes of effort 4
# at $q, between the two nearest measured, by log(bytes).
sub at_bytes ($files, $q)
{
    note("\nAVIF with the bytes of effort 4 at Q $q");
    my $row = table('effort', 'Q about', 'rate x', 'PSNR +', ['(least-most)', 16]);
    my @steps = map { $q + $_ } -9, -6, -3, 0, 3;

    my @reference = map { encode($_, 1200, 600, $repeats, ".avif[Q=$q,effort=4,strip]") } @$files;
    for my $effort (3, 2, 1, 0) {
        my (@qs, @psnrs, @rates);
        for my $i (0 .. $#$files) {
            my $wanted = $reference[$i];
            my @got = encode($files->[$i], 1200, 600, $repeats,
                map { ".avif[Q=$_,effort=$effort,strip]" } @steps);
            my ($upper) = grep { $got[$_]{bytes} >= $wanted->{bytes} } 1 .. $#got;
            $upper //= $#got;
            my ($low, $high) = @got[$upper - 1, $upper];
            my $part = log($wanted->{bytes} / $low->{bytes}) / log($high->{bytes} / $low->{bytes});

            push @qs, $steps[$upper - 1] + 3 * $part;
            push @psnrs, $low->{psnr} + $part * ($high->{psnr} - $low->{psnr}) - $wanted->{psnr};
            push @rates, $wanted->{cpu_ms} / $high->{cpu_ms};
        }
        $row->($effort, sprintf('%.1f', mean(@qs)), sprintf('%.1f', mean(@rates)),
            sprintf('%+.2f', mean(@psnrs)), sprintf('(%+.2f to %+.2f)', min(@psnrs), max(@psnrs)));
    }
    return;
}

my @photographs = photographs();
headline('encoders: against the first setting of each table ("rate x" by CPU time)');
note(scalar(@photographs) . ' photographs at 1200x600');

for my $q (@qualities) {
    compare("AVIF, Q $q", \@photographs, 1200, 600,
        map { ".avif[Q=$q,effort=$_,strip]" } 4, 3, 2, 1, 0);
}
at_bytes(\@photographs, $_) for @qualities;
compare('WebP, Q 80', \@photographs, 1200, 600,
    map { ".webp[Q=80,effort=$_,strip]" } 4, 0, 1, 2, 3, 5, 6);
compare('JPEG, Q 80', \@photographs, 1200, 600,
    map { ".jpg[Q=80,strip$_]" } '', ',optimize_coding', ',interlace', ',optimize_coding,interlace');
compare('PNG with alpha at 300', [photo('w4-alpha.png')], 300, 0,
    map { ".png[strip,$_]" } 'compression=6', (map { "compression=$_" } 1, 2, 3, 4, 5, 9),
    map { ("compression=6,filter=$_", "compression=3,filter=$_") } qw(sub up paeth all));
compare('GIF of 24 frames at 200', [photo('w6-anim.gif') . '[n=-1]'], 200, 0,
    map { ".gif[strip$_]" } '', map { ",effort=$_" } 1, 3, 5, 10);
