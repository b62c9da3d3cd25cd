# JPEG XL, in and out, where the installed libvips has it.

use lib 't/lib';
use NginxTest;

my $refused = refuses('cdn_image_formats jxl; cdn_image_inputs tga;');
plan(skip_all => 'libvips without JPEG XL') if $refused =~ /without jxl/;

my $t = nginx(<<'CONF', files => { 'a.jpg' => picture(width => 60, height => 40), 'a.jxl' => picture(width => 60, height => 40, format => 'jxl') });
    cdn_image_transform on;
    cdn_image_formats jxl avif;

    location ^~ /cdn-cgi/image/ { cdn_image cloudflare;  cdn_image_inputs jpeg jxl; }
    location /fastly/ { cdn_image fastly; }
    location /custom/ { cdn_image custom; }
CONF
$t->write("$_/a.jpg", $t->slurp('html/a.jpg')) for qw(fastly custom);
$t->write('custom/a.jxl', $t->slurp('html/a.jxl'));

sub is_jxl ($r, $name)
{
    is($r->header('Content-Type'), 'image/jxl', $name);
    like($r->body, qr/^(?:\xff\x0a|\0\0\0\x0cJXL )/, 'and so are its bytes');
    my $info = image_info($r->body);
    return "$info->{width}x$info->{height}";
}

my $r = $t->get('/cdn-cgi/image/width=30,format=auto/a.jpg', Accept => 'image/avif,image/jxl,*/*');
is(is_jxl($r, 'format=auto chooses JPEG XL for a client that names it'), '30x20', 'of the size asked for');
is($r->header('Vary'), 'Accept', 'by Accept');
$r = $t->get('/cdn-cgi/image/width=30,format=auto/a.jpg', Accept => 'image/avif,*/*');
is($r->header('Content-Type'), 'image/avif', 'another client gets the next format');

is(is_jxl($t->get("/fastly/a.jpg?width=30&format=$_"), "fastly: format=$_"), '30x20', 'of the size asked for')
    for qw(jxl jpegxl pjxl);
is(is_jxl($t->get('/custom/a.jpg?width=30&format=jxl'), 'custom: format=jxl'), '30x20', 'of the size asked for');

$r = $t->get('/cdn-cgi/image/width=30,format=jpeg/a.jxl');
is($r->status, 200, 'a listed JPEG XL source is read');
my @pixel = pixel($r->body, 15, 10);
ok(!(grep { abs($pixel[$_] - (130, 131, 128)[$_]) > 12 } 0 .. 2), 'in its colours') or diag "@pixel";
is($t->status('/custom/a.jxl?width=30'), 415, 'one that is not listed is refused');

done();
