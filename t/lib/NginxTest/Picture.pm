package NginxTest::Picture;

# Pictures to test with, and what came of them, by the vips command line.

use v5.36;
use Exporter 'import';
use File::Temp ();
use NginxTest::Process;

our @EXPORT = qw(vips picture photo with_exif image_info image_format pixel image_diff);

# Runs "vips @args" and gives what it prints.
sub vips (@args) { NginxTest::Process::run('vips', @args) }

sub in_file ($bytes, $suffix = '')
{
    my $file = File::Temp->new(SUFFIX => $suffix);
    binmode $file;
    print $file $bytes;
    close $file;
    return $file;
}

sub bytes_of ($path)
{
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    return scalar <$file>;
}

# A picture whose colours tell the place: red grows from 0 to 255 along x,
# green along y, blue is 128 (in an animation 0, 40, 80, ... by frame).
#
#     width, height       default 300 x 200
#     format              jpg (default), png, webp, gif, avif, tif, heic
#     save                more of vips's save options: 'Q=90,interlace'
#     color => [R,G,B]    one colour instead
#     noise => 1          random colours instead: hard to compress
#     alpha => 1          left half transparent; or a value, 0 .. 254, everywhere
#     grey => 1           one band, growing along x
#     frames => N, delay => MS (gif)
#     orientation, copyright, gps: see with_exif (jpg)
sub picture (%opt)
{
    my ($width, $height, $frames) = ($opt{width} // 300, $opt{height} // 200, $opt{frames} // 1);
    my $format = $opt{format} // 'jpg';

    my ($bands, $pixels) = $opt{grey} ? (1, grey_pixels($width, $height))
        : color_pixels($width, $height, $frames, %opt);

    my $raw = in_file($pixels, '.raw');
    my $out = File::Temp->new(SUFFIX => ".$format");
    my $save = join ',', $opt{save} // (), $frames > 1 ? "page_height=$height" : ();
    vips('rawload', $raw, $out . ($save ? "[$save]" : ''), $width, $height * $frames, $bands,
        '--interpretation', $bands == 1 ? 'b-w' : 'srgb');

    my $bytes = bytes_of($out);
    if (defined $opt{delay}) {
        my $delay = pack 'v', $opt{delay} / 10;
        $bytes =~ s/(\x21\xf9\x04.)..(?=.\x00[\x21\x2c])/$1$delay/gs;
    }

    my %exif = map { exists $opt{$_} ? ($_ => $opt{$_}) : () } qw(orientation copyright gps);
    return %exif ? with_exif($bytes, %exif) : $bytes;
}

sub grey_pixels ($width, $height)
{
    return join('', map { chr scaled($_, $width) } 0 .. $width - 1) x $height;
}

# Rows are made by string operations: a pixel at a time would take seconds.
sub color_pixels ($width, $height, $frames, %opt)
{
    my $bands = defined $opt{alpha} ? 4 : 3;
    my $alpha = !defined $opt{alpha} ? sub ($x) { '' }
        : $opt{alpha} eq '1' ? sub ($x) { $x < $width / 2 ? "\0" : "\xff" }
        : sub ($x) { chr $opt{alpha} };

    if ($opt{noise}) {
        my $seed = 1;
        my $row = sub { pack 'C*', map { ($seed = ($seed * 1103515245 + 12345) & 0x7fffffff) >> 16 & 255 } 1 .. $bands * $width };
        return ($bands, join '', map { $row->() } 1 .. $height * $frames);
    }

    my $pixels = '';
    for my $frame (0 .. $frames - 1) {
        my $blue = $frames > 1 ? $frame * 40 % 256 : 128;

        my @color = $opt{color} ? @{ $opt{color} } : ();
        my $row = join '', map {
            pack('C3', @color ? @color : (scaled($_, $width), 0, $blue)) . $alpha->($_)
        } 0 .. $width - 1;

        for my $y (0 .. $height - 1) {
            my $green = @color ? "\0" : chr scaled($y, $height);
            $pixels .= $row |. ("\0$green\0" . "\0" x ($bands - 3)) x $width;
        }
    }

    return ($bands, $pixels);
}

sub scaled ($position, $size) { $size > 1 ? int(255 * $position / ($size - 1) + 0.5) : 0 }

# A JPEG with an Exif block: orientation => 1 .. 8, copyright => TEXT, gps => 1.
sub with_exif ($jpeg, %opt)
{
    my @entries;                                    # [tag, type, count, value], values of 5+ bytes as text
    push @entries, [0x0112, 3, 1, pack 'vv', $opt{orientation}, 0] if $opt{orientation};
    push @entries, [0x8298, 2, length($opt{copyright}) + 1, "$opt{copyright}\0"] if defined $opt{copyright};
    push @entries, [0x8825, 4, 1, undef] if $opt{gps};

    my $after = 8 + 2 + 12 * @entries + 4;
    my ($directory, $data) = ('', '');
    for my $entry (@entries) {
        my ($tag, $type, $count, $value) = @$entry;
        my $here = pack 'V', $after + length $data;
        $value //= do {
            my $latitude = pack 'V6', 48, 1, 8, 1, 30, 1;
            $data .= pack('v vvVa4 vvVV V', 2, 1, 2, 2, "N\0", 2, 5, 3, $after + length($data) + 30, 0) . $latitude;
            $here;
        };
        if (length $value > 4) {
            $data .= $value . "\0" x (length($value) % 2);
            $value = $here;
        }
        $directory .= pack 'vvVa4', $tag, $type, $count, $value;
    }

    my $exif = "Exif\0\0II*\0" . pack('Vv', 8, scalar @entries) . "$directory\0\0\0\0$data";
    substr $jpeg, 2, 0, "\xff\xe1" . pack('n', 2 + length $exif) . $exif;
    return $jpeg;
}

# A real photograph, see scripts/photos.
#
#     daisy@2x 1504x1000   daisy 752x500   marylou 800x543   ohoopee1 700x443
#     ohoopee2 800x511     ohoopee3 750x499
sub photo ($name = 'daisy@2x')
{
    state $dir = NginxTest::Process::run("$NginxTest::root/scripts/photos") =~ s/\n//r;
    return bytes_of("$dir/$name.jpg");
}

# By the first bytes, as a client would tell.
sub image_format ($bytes)
{
    return $bytes =~ /^\xff\xd8\xff/ ? 'jpeg'
        : $bytes =~ /^\x89PNG\r\n\x1a\n/ ? 'png'
        : $bytes =~ /^RIFF....WEBP/s ? 'webp'
        : $bytes =~ /^GIF8[79]a/ ? 'gif'
        : $bytes =~ /^....ftypavi[fs]/s ? 'avif'
        : $bytes =~ /^....ftyp(?:hei|mif|hev)/s ? 'heif'
        : $bytes =~ /^(?:II\*\0|MM\0\*)/ ? 'tiff'
        : $bytes =~ /^%PDF/ ? 'pdf'
        : $bytes =~ /<svg\b/ ? 'svg'
        : '';
}

# format, width, height (of one frame), bands, pages, orientation, and all that
# vipsheader tells under its own names.
sub image_info ($bytes)
{
    my $file = in_file($bytes);
    my %info = NginxTest::Process::run('vipsheader', '-a', $file) =~ /^([\w-]+): (.*?) *$/mg;
    $info{format} = image_format($bytes);
    $info{pages} = $info{'n-pages'} // 1;
    return \%info;
}

# The values of a pixel's bands; page => N in an animation.
sub pixel ($bytes, $x, $y, %opt)
{
    my $file = in_file($bytes);
    my $page = $opt{page} ? "[page=$opt{page}]" : '';
    return split ' ', vips('getpoint', "$file$page", $x, $y);
}

# The mean absolute difference, 0 .. 255, of two pictures in sRGB.
sub image_diff ($one, $other)
{
    my $dir = File::Temp->newdir;
    my ($size, $other_size) = map {
        my ($name, $bytes) = @$_;
        my $info = image_info($bytes);
        my $file = in_file($bytes);
        vips('colourspace', $file, "$dir/srgb.v", 'srgb');
        vips($info->{bands} =~ /^[24]$/ ? 'flatten' : 'copy', "$dir/srgb.v", "$dir/$name.v");
        "$info->{width}x$info->{height}";
    } [one => $one], [other => $other];

    die "sizes differ: $size and $other_size\n" if $size ne $other_size;
    vips('subtract', "$dir/one.v", "$dir/other.v", "$dir/difference.v");
    vips('abs', "$dir/difference.v", "$dir/absolute.v");
    return 0 + vips('avg', "$dir/absolute.v");
}

1;
