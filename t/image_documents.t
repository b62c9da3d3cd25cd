# SVG and PDF pages as sources, where cdn_image_inputs lists them.

use lib 't/lib';
use NginxTest;

sub pdf (@pages)
{
    my @objects = ('<</Type/Catalog/Pages 2 0 R>>', '');
    my @kids;
    for my $page (@pages) {
        my ($box, $drawing) = @$page;
        push @kids, @objects + 1 . ' 0 R';
        push @objects, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 $box]/Contents " . (@objects + 2) . ' 0 R>>',
            '<</Length ' . length($drawing) . ">>stream\n$drawing\nendstream";
    }
    $objects[1] = '<</Type/Pages/Count ' . @pages . "/Kids[@kids]>>";

    my ($file, $table, $n) = ("%PDF-1.4\n", '', 0);
    for my $object (@objects) {
        $table .= sprintf "%010d 00000 n \n", length $file;
        $file .= ++$n . " 0 obj${object}endobj\n";
    }
    return "${file}xref\n0 " . ($n + 1) . "\n0000000000 65535 f \n${table}trailer<</Root 1 0 R/Size "
        . ($n + 1) . ">>\nstartxref\n" . length($file) . "\n%%EOF\n";
}

# thirty masks, each of which shows the next one twice
my $endless = join '', map {
    my $next = sprintf '<rect width="400" height="400" fill="white" mask="url(#m%d)"/>', $_ + 1;
    "<mask id='m$_'>$next$next</mask>"
} 0 .. 29;

my %files = (
    'endless.svg' => '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">' . $endless
        . '<rect width="400" height="400" mask="url(#m0)"/></svg>',
    'logo.svg' => '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
        . '<rect width="20" height="20" fill="red"/></svg>',
    'huge.svg' => '<svg xmlns="http://www.w3.org/2000/svg" width="1000000" height="1000000"/>',
    'paper.pdf' => pdf(['612 792', '1 0 0 rg 0 396 306 396 re f'], ['200 100', '0 0 1 rg 0 0 200 100 re f']),
    'damaged.pdf' => "%PDF-1.4\nnothing",
);

my $t = nginx(<<'CONF', files => \%files, http => 'cdn_image_preset second page=2 width=100 format=png;');
    cdn_image_transform on;

    location ^~ /cdn-cgi/image/ { cdn_image cloudflare;  cdn_image_inputs svg pdf; }
    location /custom/ { cdn_image custom;  cdn_image_inputs svg pdf jpeg; }
    location /fastly/ { cdn_image fastly;  cdn_image_inputs pdf; }
    location /unlisted/ { cdn_image custom; }
    location /hurried/ { cdn_image custom;  cdn_image_inputs svg;  cdn_image_timeout 500ms; }
CONF
$t->write("$_/paper.pdf", $files{'paper.pdf'}) for qw(fastly unlisted custom);
$t->write('unlisted/logo.svg', $files{'logo.svg'});
$t->write('hurried/endless.svg', $files{'endless.svg'});

sub size ($r)
{
    my $info = image_info($r->body);
    return "$info->{format} $info->{width}x$info->{height}";
}

my $r = $t->get('/cdn-cgi/image/width=400/logo.svg');
is($r->status, 200, 'an SVG is drawn') or diag $r->body;
is($r->header('Content-Type'), 'image/png', 'as PNG');
is(size($r), 'png 400x200', 'in the size asked for');
is(join(',', pixel($r->body, 198, 100)), '255,0,0,255', 'its edges are sharp');
is((pixel($r->body, 201, 100))[3], 0, 'on both sides');

$r = $t->get('/cdn-cgi/image/preset=document_preview/paper.pdf');
is(size($r), 'jpeg 400x518', 'document_preview of a letter page');
is($r->header('Content-Type'), 'image/jpeg', 'is a JPEG');
cmp_ok((pixel($r->body, 300, 100))[1], '>', 250, 'on white');

is(size($t->get('/custom/paper.pdf?page=2&width=100&format=png')), 'png 100x50', 'custom: page=2');
is(size($t->get('/cdn-cgi/image/preset=second/paper.pdf')), 'png 100x50', 'a preset names a page');
is(size($t->get('/fastly/paper.pdf?page=2&width=100&format=png')), 'png 100x50', 'fastly: page=2');

$r = $t->get('/custom/paper.pdf?page=3&width=100');
is($r->status, 400, 'a page after the last');
is($r->body, "the source has 2 pages\n", 'is told in a line');
is($t->status('/cdn-cgi/image/width=100/damaged.pdf'), 415, 'a damaged document');
is($t->status('/cdn-cgi/image/format=auto/huge.svg'), 413, 'one that would be drawn too large');
is($t->status('/unlisted/paper.pdf?width=100'), 415, 'a PDF that is not listed');
is($t->status('/unlisted/logo.svg?width=100'), 415, 'an SVG that is not listed');

# a process of its own draws

my $group = $t->master;
sub helpers ($wanted = 'cdn helpers')
{
    my @found;
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $stat, '<', $file or next;
        my ($pid, $name, $its_group) = (<$stat> // '') =~ /^(\d+) \((.*)\) \S+ \d+ (\d+)/ or next;
        push @found, $pid if $name eq $wanted && $its_group == $group;
    }
    return @found;
}

is($t->status('/hurried/endless.svg?width=300'), 504, 'one that would take for ever is too late');
ok(eventually(sub { !helpers('cdn helper') }), 'and nobody works on it any more');

is(scalar helpers(), 1, 'a worker has one parent of helpers');
my ($worker) = $t->workers;
kill KILL => $worker;
ok(eventually(sub { my ($other) = $t->workers; ($other // $worker) != $worker && helpers() == 1 }),
    'which goes with its worker');
$t->allow_log(qr/exited on signal 9/);
is(size($t->get('/cdn-cgi/image/width=100/logo.svg')), 'png 100x50', 'and comes with the next');

$t->stop;
ok(eventually(sub { !helpers() }), 'none outlives nginx');

done();
