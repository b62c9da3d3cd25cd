package NginxTest::Pixels;

# Pictures whose colours tell the place, and where those colours are in what is made of them.

use v5.36;
use Exporter 'import';
use NginxTest::Picture;
use Test::More;

our @EXPORT_OK = qw(maps size near);

# Files by name.  In map.png red grows along x, green along y.
sub maps ()
{
    return (
        'map.png'   => picture(width => 300, height => 200, format => 'png'),
        'alpha.png' => picture(width => 300, height => 200, format => 'png', alpha => 1),
        'red.png'   => picture(width => 40, height => 40, format => 'png', color => [200, 40, 40]),
        'grey.png'  => picture(width => 300, height => 200, format => 'png', grey => 1),
        'anim.gif'  => picture(width => 60, height => 40, format => 'gif', frames => 3, delay => 70),
    );
}

sub size ($bytes)
{
    my $info = image_info($bytes);
    return "$info->{width}x$info->{height}";
}

# The pixel at that place has nearly these colours; options are those of pixel().
sub near ($bytes, $x, $y, $expected, $name, %opt)
{
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @got = pixel($bytes, $x, $y, %opt);
    my $off = 0;
    for my $i (0 .. $#$expected) {
        my $difference = abs(($got[$i] // -999) - $expected->[$i]);
        $off = $difference if $difference > $off;
    }
    return cmp_ok($off, '<=', 12, $name) || diag "got @got, expected @$expected";
}

1;
