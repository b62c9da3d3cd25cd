# The right pixels: what each option does to a picture whose colours tell the place.

use lib 't/lib';
use NginxTest;
use NginxTest::Pixels qw(maps size near);

my %files = (
    maps(),
    'gps.jpg'   => with_exif(picture(width => 60, height => 40), copyright => 'A. Teacher', gps => 1),
    map { ("turned$_.jpg" => picture(width => 300, height => 200, orientation => $_, save => 'Q=95')) } 1 .. 8,
);

my $t = nginx(<<'CONF', files => \%files);
    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
CONF

sub made ($options, $file = 'map.png')
{
    my $r = $t->get("/cdn-cgi/image/$options/$file");
    is($r->status, 200, "$options/$file") or diag $r->body;
    return $r->body;
}

# geometry

my $r = made('width=150,format=png');
is(size($r), '150x100', 'half as wide, half as high');
near($r, 0, 0, [0, 0, 128], 'the left top corner stays');
near($r, 149, 99, [255, 255, 128], 'and the right bottom one');

my %sizes = (
    'width=600'                             => '300x200',
    'width=600,fit=contain'                 => '600x400',
    'width=100,height=100'                  => '100x67',
    'width=100,height=100,fit=cover'        => '100x100',
    'width=1000,height=1000,fit=cover'      => '1000x1000',
    'width=1000,height=1000,fit=crop'       => '300x200',
    'width=250,height=1000,fit=crop'        => '250x200',
    'width=100,height=100,fit=pad'          => '100x100',
    'width=100,height=100,fit=squeeze'      => '100x100',
    'rotate=90,width=100'                   => '100x150',
    'trim=10;20;30;40'                      => '240x160',
    'trim.width=50,trim.height=40,trim.left=10,trim.top=20' => '50x40',
    'width=100,dpr=1.5'                     => '150x100',
);
is(size(made("$_,format=png")), $sizes{$_}, "is $sizes{$_}") for sort keys %sizes;

$r = made('width=100,height=100,fit=cover,gravity=left,format=png');
near($r, 0, 50, [0, 128, 128], 'gravity=left keeps the left');
$r = made('width=100,height=100,fit=cover,gravity=1x0.5,format=png');
near($r, 99, 50, [255, 128, 128], 'gravity=1x0.5 the right');
$r = made('width=100,height=100,fit=cover,format=png');
near($r, 50, 50, [128, 128, 128], 'the centre otherwise');

$r = made('width=100,height=100,fit=pad,background=red,format=png');
near($r, 50, 2, [255, 0, 0], 'pad fills with the background');
near($r, 50, 50, [128, 128, 128], 'around the picture');

$r = made('flip=h,format=png');
near($r, 0, 0, [255, 0, 128], 'flip=h: right to left');
$r = made('flip=v,format=png');
near($r, 0, 0, [0, 255, 128], 'flip=v: bottom to top');
$r = made('rotate=90,format=png');
near($r, 199, 0, [0, 0, 128], 'rotate=90: clockwise');
$r = made('flip=h,rotate=90,format=png');
near($r, 199, 0, [255, 0, 128], 'a flip comes before');
$r = made('trim=0;0;0;150,format=png');
near($r, 0, 0, [128, 0, 128], 'trim cuts the left off');

is(size(made('trim=10;20;30;40,dpr=1.5,format=png')), '210x140', 'trims are times dpr');
is(size(made('trim=0.1;0.5;0;0,dpr=2,format=png')), '150x180', 'but for shares');

$t->write('framed.png', made('trim=10;10;10;10,width=280,height=200,fit=pad,background=blue,format=png'));
is(size(made('trim=border,format=png', 'framed.png')), '280x180', 'trim=border: as far as it goes');
is(size(made('trim.border.color=blue,trim.border.keep=3,dpr=2,format=png', 'framed.png')), '280x192', 'but for what is kept');
is(size(made('trim=border,trim.border.color=white,format=png', 'framed.png')), '280x200', 'and not of another colour');
near(made('trim=border,rotate=90,format=png', 'framed.png'), 179, 0, [9, 13, 128], 'before it is turned');

# orientation: each of the eight shows map.png

for my $o (1 .. 8) {
    my $upright = $o >= 5 ? '200x300' : '300x200';
    $r = made('quality=95,format=png', "turned$o.jpg");
    is(size($r), $upright, "orientation $o: upright");
    is(image_info($r)->{orientation} // 1, 1, 'and says nothing more of it');
    my $cut = made('trim=0;100;0;0,width=50,format=png', "turned$o.jpg");
    near($cut, 0, 0, [pixel($r, 1, 1)], 'cut out of the upright picture');
}

# colour

near(made('saturation=0,format=png', 'red.png'), 20, 20, [96, 96, 96], 'saturation=0 is grey');
near(made('brightness=0.5,format=png', 'red.png'), 20, 20, [100, 20, 20], 'brightness=0.5 halves');
near(made('contrast=2,format=png', 'red.png'), 20, 20, [255, 0, 0], 'contrast=2 spreads');
near(made('gamma=2,format=png', 'red.png'), 20, 20, [226, 101, 101], 'gamma=2 lightens');
near(made('blur=20,format=png', 'red.png'), 20, 20, [200, 40, 40], 'a blur leaves an even colour');
near(made('sharpen=2,format=png', 'red.png'), 20, 20, [200, 40, 40], 'as does sharpening');
near(made('blur=20,width=150,format=png', 'map.png'), 75, 50, [128, 128, 128], 'and the middle of an even slope');
is(image_info(made('width=100', 'grey.png'))->{bands}, 1, 'grey stays grey');

# transparency

$r = made('width=150,format=png', 'alpha.png');
is((pixel($r, 10, 50))[3], 0, 'transparent stays transparent');
near($r, 140, 50, [240, 128, 128, 255], 'opaque stays opaque');
near(made('width=150,format=jpeg', 'alpha.png'), 10, 50, [255, 255, 255], 'white where the format has none');
near(made('width=150,format=jpeg,background=00ff00', 'alpha.png'), 10, 50, [0, 255, 0], 'or the background');
near(made('width=150,format=png,background=00f', 'alpha.png'), 10, 50, [0, 0, 255], 'a background lies under transparency');

# animation

$r = made('width=30,format=webp', 'anim.gif');
is(image_info($r)->{pages}, 3, 'an animation stays one');
is(image_info($r)->{height}, 20, 'each frame resized');
is(image_info($r)->{delay}, '70 70 70', 'its times stay');
$r = made('width=20,height=20,fit=cover', 'anim.gif');
is(image_info($r)->{format} . ' ' . image_info($r)->{pages}, 'gif 3', 'GIF in, GIF out');
near($r, 10, 10, [132, 134, 40], 'each frame cut', page => 1);    # the pixel's centre
is(image_info(made('rotate=90,format=webp', 'anim.gif'))->{height}, 60, 'each frame turned');
is(image_info(made('width=30,anim=false,format=webp', 'anim.gif'))->{pages}, 1, 'anim=false: the first frame');
is(image_info(made('width=30,format=png', 'anim.gif'))->{pages}, 1, 'as for a format without frames');

# metadata

unlike(made('width=30', 'gps.jpg'), qr/Teacher|GPS/, 'metadata goes');
my $kept = image_info(made('width=30,metadata=copyright', 'gps.jpg'));
like($kept->{'exif-ifd0-Copyright'}, qr/A\. Teacher/, 'metadata=copyright keeps the owner');
is(scalar(grep { /GPS/ } keys %$kept), 0, 'not the place');
$kept = image_info(made('width=30,metadata=keep', 'gps.jpg'));
like($kept->{'exif-ifd0-Copyright'}, qr/A\. Teacher/, 'metadata=keep keeps it too');
is(scalar(grep { /GPS/ } keys %$kept), 0, 'and still not the place');

done();
