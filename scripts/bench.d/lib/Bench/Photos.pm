package Bench::Photos;

# Photographs to measure with: those of a directory that has them, else made
# from Debian's package of photographs, which is fetched and not installed.

use v5.36;
use Cwd 'abs_path';
use File::Basename qw(basename dirname);
use File::Path 'make_path';
use File::Temp ();
use NginxTest::Process ();

my $root = abs_path(dirname(__FILE__) . '/../../../..');
my $given = $ENV{BENCH_PHOTOS} // "$root/../shared/images";
my $made = "$root/build/photos";
my $package = 'lomiri-wallpapers-16.04';
my $backgrounds = "$made/$package";

# What a picture is made of when it is not given.
my %recipe = (
    'w1.jpg' => sub ($to) { cut(seeding(), 2725, 2225, "$to\[Q=88]") },
    'w5-14mp.jpg' => sub ($to) { cut(seeding(), 4608, 3072, "$to\[Q=90]") },
    'w4-alpha.png' => \&with_alpha,
    'w6-anim.gif' => \&animation,
);

sub photo ($name)
{
    return "$given/$name" if -e "$given/$name";

    my $path = "$made/bench-$name";
    if (!-e $path) {
        my $recipe = $recipe{$name} or die "bench: no picture is called $name\n";
        my ($suffix) = $name =~ /(\.\w+)$/;
        $recipe->("$path.new$suffix");
        rename "$path.new$suffix", $path or die "$path: $!\n";
    }
    return $path;
}

# Those of the given directory that are there.
sub given (@names) { grep { -e } map { "$given/$_" } @names }

# At least three that differ, larger than 1200x600.
sub photographs ()
{
    fetch();
    return (photo('w1.jpg'), photo('w5-14mp.jpg'),
        map { glob "$backgrounds/${_}_by_*.jpg" } qw(seeding sunset umang));
}

sub seeding ()
{
    fetch();
    return (glob "$backgrounds/seeding_by_*.jpg")[0];
}

sub fetch ()
{
    return if -d $backgrounds;

    make_path($made);
    my $dir = File::Temp->newdir(DIR => $made);
    NginxTest::Process::run('sh', '-ec', <<'SH', $dir, $package);
        cd "$0"
        apt-get -q download "$1" || { apt-get -q update && apt-get -q download "$1"; }
        dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x ./usr/share/backgrounds
SH
    rename "$dir/usr/share/backgrounds", $backgrounds or die "$backgrounds: $!\n";
    return;
}

sub vips (@args) { NginxTest::Process::run('vips', @args) }

sub cut ($from, $width, $height, $to)
{
    vips('thumbnail', $from, $to, $width, '--height', $height, '--crop', 'centre');
    return;
}

# A photograph seen through a soft ellipse.
sub with_alpha ($to)
{
    my $dir = File::Temp->newdir;
    cut(seeding(), 2048, 1536, "$dir/rgb.v");
    vips('mask_butterworth', "$dir/mask.v", 2048, 1536, 4, 0.5, 0.5, '--uchar', '--optical', '--nodc');
    vips('invert', "$dir/mask.v", "$dir/inverse.v");
    vips('bandjoin', "$dir/rgb.v $dir/inverse.v", $to);
    return;
}

# A camera that moves over a photograph: 24 frames of 320x240.
sub animation ($to)
{
    my $dir = File::Temp->newdir;
    cut(seeding(), 800, 480, "$dir/scene.v");
    my @frames = map { "$dir/frame$_.png" } 0 .. 23;
    vips('extract_area', "$dir/scene.v", $frames[$_], 20 * $_, 5 * $_, 320, 240) for 0 .. 23;
    vips('arrayjoin', "@frames", "$dir/all.v", '--across', 1);
    vips('gifsave', "$dir/all.v", $to, '--page-height', 240);
    return;
}

1;
