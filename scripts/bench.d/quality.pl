# AVIF and WebP by effort and quality at 720 and 1440 pixels, to choose defaults by
#
# The bar for AVIF's effort: 2.5 times the rate of effort 4, at its PSNR - 1 dB
# or better, and no more bytes.  Each effort is compared with 4, the libraries'
# default, at the same quality; rates are of CPU time, the median of --rounds.

use Bench;
use List::Util 'sum';

Bench::defaults(seconds => 0, rounds => 3);
my @photographs = Bench::Photos::given(qw(w1.jpg w5-14mp.jpg nexus4-portrait-8mp.jpg gain-map-4k.jpg));
@photographs = photographs() if @photographs < 3;

my @formats = (
    { name => 'AVIF', suffix => 'avif', qualities => [50, 63, 75], efforts => [4, 3, 2, 1, 0] },
    { name => 'WebP', suffix => 'webp', qualities => [75, 80, 85],     efforts => [4, 0, 2, 3, 5, 6] },
);

sub mean (@values)      { sum(@values) / @values }
sub geometric (@values) { exp mean(map { log } @values) }

headline('AVIF and WebP: effort and quality, against effort 4 at the same quality');
note(scalar(@photographs) . ' photographs; means over them, geometric of rates and bytes');

for my $format (@formats) {
    my @qualities = quick() ? $format->{qualities}[1] : @{ $format->{qualities} };
    for my $width (720, 1440) {
        note("\n$format->{name}, $width pixels wide");
        my $row = table('quality', 'effort', 'CPU ms', 'rate x', 'KB', 'bytes x', 'PSNR', 'PSNR +', 'SSIM', ['SSIM +', 9]);

        for my $quality (@qualities) {
            my @efforts = @{ $format->{efforts} };
            my @results = map {
                [encode($_, $width, 0, rounds(), map { ".$format->{suffix}\[Q=$quality,effort=$_,strip]" } @efforts)]
            } @photographs;

            for my $i (0 .. $#efforts) {
                my $mean = sub ($what) { mean(map { $_->[$i]{$what} } @results) };
                my $gain = sub ($what) { geometric(map { $_->[$i]{$what} / $_->[0]{$what} } @results) };
                my $more = sub ($what) { mean(map { $_->[$i]{$what} - $_->[0]{$what} } @results) };
                $row->($quality, $efforts[$i], sprintf('%.0f', $mean->('cpu_ms')),
                    sprintf('%.2f', 1 / $gain->('cpu_ms')), sprintf('%.1f', $mean->('bytes') / 1000),
                    sprintf('%.3f', $gain->('bytes')), sprintf('%.2f', $mean->('psnr')),
                    sprintf('%+.2f', $more->('psnr')), sprintf('%.4f', $mean->('ssim')),
                    sprintf('%+.4f', $more->('ssim')));
            }
        }
    }
}
