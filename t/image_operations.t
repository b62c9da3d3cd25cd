# What KeyCDN, Fastly and Bunny can do to a picture beyond Cloudflare's options.

use lib 't/lib';
use NginxTest;
use NginxTest::Pixels qw(maps size near);

my %files = (
    maps(),
    'turned.jpg' => picture(width => 300, height => 200, orientation => 6, save => 'Q=95'),
    'photo.jpg' => photo(),
);

my $t = nginx('', files => \%files, http => join '', map { <<"SERVER" } qw(keycdn fastly bunnycdn));
    server { listen 127.0.0.1:%PORT_$_%; cdn_image $_; cdn_image_transform on; root %DIR%/html; }
SERVER

sub made ($dialect, $path, %headers)
{
    my $r = $t->at($dialect)->get("/$path", %headers);
    is($r->status, 200, "$dialect: $path") or diag $r->body;
    return $r->body;
}

# plain edges: cut off as far as they go

my $framed = made('keycdn', 'map.png?extend=10,20,30,40&bg=00f&format=png');
is(size($framed), '360x240', 'extend: a frame');
$t->write('framed.png', $framed);
$t->write('framed.jpg', made('keycdn', 'map.png?extend=10,20,30,40&bg=00f&format=jpg&quality=95'));

my $r = made('keycdn', 'framed.png?trim=10');
is(size($r), '300x200', 'trim: gone');
near($r, 0, 0, [0, 0, 128], 'and nothing of the picture with it');
near(made('keycdn', 'framed.png?trim=10&crop=50,50,100,100'), 0, 0, [85, 128, 128], 'before the crop');
is(size(made('keycdn', 'framed.png?trim=10&width=150')), '150x100', 'and before the resize');
is(size(made('keycdn', 'framed.png?trim=100')), '300x200', 'a threshold that 127 is over');
is(size(made('keycdn', 'red.png?trim=10')), '40x40', 'a plain picture stays');
is(size(made('keycdn', 'alpha.png?trim=10')) =~ s/x.*//r, image_info(made('keycdn', 'alpha.png'))->{width} / 2,
    'transparency is an edge');
is(size(made('fastly', 'framed.png?trim-color=00f')), '300x200', 'trim-color: edges of that colour');
is(size(made('fastly', 'framed.png?trim-color=fff')), '360x240', 'not of another');
is(size(made('fastly', 'framed.png?trim-color=auto,t0.1')), '300x200', 'auto: of the corner\'s');
my ($w, $h) = size(made('keycdn', 'framed.jpg?trim=30')) =~ /(\d+)x(\d+)/;
cmp_ok(abs($w - 300) + abs($h - 200), '<=', 8, 'a JPEG, to a few pixels');
$t->write('framed.gif', made('keycdn', 'anim.gif?extend=5&bg=0f0'));
is(size(made('keycdn', 'framed.gif?trim=10')), '60x40', 'an animation, of all its frames');
is(image_info(made('keycdn', 'framed.gif?trim=10'))->{pages}, 3, 'which stay');

# crops

near(made('keycdn', 'map.png?crop=100,80,50,40'), 0, 0, [43, 51, 128], 'a crop from a corner');
$r = made('keycdn', 'map.png?crop=fp,0.5,0.5,2&width=100&height=100&enlarge=0');
is(size($r), '100x100', 'a focal point, twice as near');
near($r, 0, 0, [85, 64, 128], 'shows half as much of each side');
near(made('keycdn', 'map.png?crop=fp,250,100&width=50&height=50'), 49, 25, [255, 128, 128], 'one in pixels');
near(made('bunnycdn', 'map.png?focus_crop=100,100,290,100'), 99, 50, [255, 128, 128], 'stays within the picture');
is(size(made('bunnycdn', 'map.png?face_crop=120,80')), '120x80', 'face_crop: a size without faces');

is($t->at('fastly')->status('/map.png?crop=301,100'), 400, 'crop: sticks out');
is($t->at('fastly')->status('/map.png?crop=100,100,x250'), 400, 'as by a corner');
is(size(made('fastly', 'map.png?crop=301,100,safe')), '300x100', 'safe: what there is');
is(size(made('fastly', 'map.png?crop=100,100,x250,safe')), '50x100', 'of a corner too');
near(made('fastly', 'map.png?crop=1:1,offset-x10'), 0, 0, [9, 0, 128], 'a tenth of the rest before it');
near(made('fastly', 'map.png?crop=100,100,x25p,offset-y100'), 0, 0, [64, 128, 128], 'one kind per axis');
$r = made('fastly', 'map.png?precrop=200,200,x0,y0&trim=0,50,0,0&crop=50,50,x0,y150');
is(size($r), '50x50', 'precrop, trim, crop in this order');
near($r, 0, 0, [0, 191, 128], 'each of what the one before left');

$t->write('aside.png', made('fastly', 'red.png?pad=0,0,0,260&bg-color=808080'));
near(made('fastly', 'aside.png?crop=1:1,smart'), 20, 20, [200, 40, 40], 'smart: where the eye goes');

# fits and canvases

is(size(made('keycdn', 'map.png?width=100&height=100&fit=outside')), '150x100', 'outside: covers, uncut');
is(size(made('fastly', 'map.png?width=100&height=100&fit=cover')), '150x100', 'in Fastly\'s word');
is(size(made('fastly', 'map.png?width=900&height=900&fit=cover')), '300x200', 'never larger');
$r = made('keycdn', 'map.png?width=200&height=200&fit=contain&position=top&bg=f00');
near($r, 1, 1, [0, 0, 128], 'position=top of a letterbox');
near($r, 100, 190, [255, 0, 0], 'all the rest below');

$r = made('fastly', 'map.png?canvas=400,300&bg-color=f00');
is(size($r), '400x300', 'canvas');
near($r, 10, 10, [255, 0, 0], 'around the picture');
near($r, 50, 50, [0, 0, 128], 'in its middle');
near(made('fastly', 'map.png?canvas=400,300,x0,offset-y100&bg-color=f00'), 0, 100, [0, 0, 128], 'or at its place');
near(made('fastly', 'map.png?canvas=100,100'), 0, 0, [85, 64, 128], 'a smaller one cuts');
is(size(made('fastly', 'map.png?width=150&canvas=1:1&pad=50')), '150x150', 'one by ratio, which beats pad');
is((pixel(made('fastly', 'map.png?canvas=400,300'), 10, 10))[3], 0, 'transparent where the format has it');
near(made('fastly', 'map.png?canvas=400,300&format=jpg'), 10, 10, [255, 255, 255], 'else white');
is(size(made('fastly', 'map.png?pad=10p,0.5')), '600x240', 'pad in shares of each side');
is($t->at('fastly')->status('/map.png?pad=10000p'), 400, 'within the limit of a result');

# any angle

$r = made('keycdn', 'map.png?rotate=30&format=png');
is(size($r), '360x323', 'rotate: room for the corners');
near($r, 0, 0, [255, 255, 255], 'which are white');
near($r, 180, 161, [128, 128, 128], 'the middle stays');
near($r, 305, 234, [251, 128, 128], 'the right goes down: clockwise');
is(size(made('keycdn', 'map.png?rotate=-330')), '360x323', 'as the other way round');
near(made('keycdn', 'map.png?rotate=45&bg=0f0&width=150'), 0, 0, [0, 255, 0], 'on bg');
$r = made('keycdn', 'map.png?rotate=45&bg=0,0,0,0');
is((pixel($r, 0, 0))[3], 0, 'or on nothing');
is(size(made('keycdn', 'turned.jpg?rotate=90')), '300x200', 'a quarter adds to EXIF\'s');
is(size(made('keycdn', 'anim.gif?rotate=45')), '71x71', 'an animation');
is(image_info(made('keycdn', 'anim.gif?rotate=45'))->{pages}, 3, 'frame by frame');

# pixels

$r = made('fastly', 'map.png?width=600&enable=upscale&resize-filter=nearest');
is(join(' ', pixel($r, 300, 200)), join(' ', pixel($r, 301, 201)), 'nearest: pixels are copied');

my $edge = sub ($sharpen) { (pixel(made('fastly', "framed.png?$sharpen"), 40, 110))[2] };
is($edge->('sharpen=a0'), 128, 'no sharpening');
cmp_ok($edge->('sharpen=a2,r2,t0'), '<', 100, 'an unsharp mask makes an edge steeper');
is($edge->('sharpen=a2,r2,t255'), 128, 'but for what is under its threshold');

$r = made('fastly', 'grey.png?bw=atkinson&format=png');
my %seen = map { (pixel($r, 7 * $_, 5 * $_))[0] => 1 } 1 .. 39;
is(join(' ', sort keys %seen), '0 255', 'atkinson: black and white');
near(made('fastly', 'map.png?blur=10p'), 150, 100, [128, 128, 128], 'blur in percent');
is(made('fastly', 'map.png?blur=10p'), made('fastly', 'map.png?blur=30'), 'of the width');

my @tinted = pixel(made('keycdn', 'map.png?tint=00f'), 150, 100);
ok($tinted[2] > $tinted[0] && $tinted[2] > $tinted[1], 'tint: another hue') or diag "@tinted";
my @as_grey = pixel(made('keycdn', 'map.png?grayscale=1'), 150, 100);
my @back = pixel(made('fastly', 'map.png?saturation=-100'), 150, 100);
is("@as_grey", "@back", 'grey in both words');

# brightness before the blur: what was clipped stays so
my $order = made('fastly', 'map.png?brightness=60&blur=40');
my $other = made('bunnycdn', 'map.png?brightness=60&blur=40');
isnt($order, $other, 'each provider has its order of effects');

# encoders

cmp_ok(length made('keycdn', 'photo.jpg?format=png&width=200&compression=0'), '>',
    length made('keycdn', 'photo.jpg?format=png&width=200&compression=9'), 'compression');
isnt(made('keycdn', 'photo.jpg?format=png&width=200&adaptive=1'),
    made('keycdn', 'photo.jpg?format=png&width=200'), 'adaptive');
is(unpack('x28C', made('keycdn', 'map.png?width=200&progressive=1')), 1, 'progressive PNG');
is(unpack('x28C', made('keycdn', 'map.png?width=200')), 0, 'where it is asked for');
my $lossless = made('keycdn', 'photo.jpg?format=webp&width=200&lossless=1');
my $near = made('keycdn', 'photo.jpg?format=webp&width=200&nearlossless=1&quality=20');
like($lossless, qr/^RIFF....WEBP.*VP8L/s, 'lossless');
like($near, qr/^RIFF....WEBP.*VP8L/s, 'nearly so');
cmp_ok(length $near, '<', length $lossless, 'is smaller');
my $tiff = $t->at('keycdn')->get('/photo.jpg?format=tiff&width=200');
is($tiff->header('Content-Type'), 'image/tiff', 'TIFF');
like($tiff->header('x-ip-info'), qr/\bofmt=tiff\b/, 'and named so');
is(size($tiff->body), size($near), 'of the size asked for');
cmp_ok(length made('keycdn', 'photo.jpg?format=tiff&width=200&quality=20'), '<', length $tiff->body, 'in its quality');
cmp_ok(length made('keycdn', 'photo.jpg?format=tiff&width=200&lossless=1'), '>', length $tiff->body, 'or exact');
is(image_info(made('keycdn', 'alpha.png?format=tiff'))->{bands}, 4, 'with its transparency');
$t->write('exact.tif', $tiff->body);
is($t->at('keycdn')->get('/exact.tif?width=100')->header('Content-Type'), 'image/jpeg', 'a TIFF becomes something that browsers show');
is($t->at($_)->status('/photo.jpg?format=tiff'), 400, "$_ has none") for qw(fastly bunnycdn);
cmp_ok(length made('keycdn', 'alpha.png?format=webp&alphaquality=0'), '<=',
    length made('keycdn', 'alpha.png?format=webp'), 'alphaquality');

my @asked = ('photo.jpg?width=200&auto=webp&quality=80,20', Accept => 'image/webp');
is(made('fastly', @asked), made('fastly', 'photo.jpg?width=200&format=webp&quality=20'),
    'a quality of its own for a negotiated WebP');
sub type ($query) { return $t->at('fastly')->get("/photo.jpg?width=200&$query", Accept => 'image/avif,image/webp')->header('Content-Type') }
is(type('auto=webp'), 'image/webp', 'auto=webp is WebP for a client that shows AVIF, too');
is(type($_), 'image/avif', "$_ is AVIF for it") for 'auto=avif', 'auto=webp,avif', 'auto=webp&format=auto';
like(made('bunnycdn', 'photo.jpg?width=200&output=webp'), qr/^RIFF....WEBP/s, 'BunnyCDN: a format by its older name');

done();
