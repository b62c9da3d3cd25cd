# cdn_image_memory: a picture that needs too much waits, gets cheaper, is refused.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', files => { 'cat.jpg' => photo() }, http => <<'HTTP');
    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
    location = /status { cdn_status json; }
CONF
    cdn_image_memory 26m;
HTTP

my $large = '/cdn-cgi/image/width=1200';
my %both = (Accept => 'image/avif,image/webp');

is($t->get("$large,format=webp/cat.jpg")->status, 200, 'what fits is made');

my $cheaper = $t->get("$large,format=auto/cat.jpg", %both);
is($cheaper->header('Content-Type'), 'image/webp', 'what does not is made in the next negotiated format');

is_deeply($t->get('/status')->json->{images}{degraded}, { memory => 1 }, 'which is counted');

my $refused = $t->get("$large,format=avif/cat.jpg");
is($refused->status, 503, 'where there is none it is refused');
like($refused->header('Retry-After'), qr/^\d+$/, 'for now');
like($refused->body, qr/^too little memory.*\n\z/, 'in one line');

is($t->get('/cdn-cgi/image/width=100,format=avif/cat.jpg')->status, 200, 'a smaller one passes');
is($t->get('/status')->json->{images}{memory}, 0, 'all is given back');

my @busy = map { $t->begin("$large,quality=$_,format=webp/cat.jpg", timeout => 30) } 60 .. 65;
is(join(' ', map { $_->finish->status } @busy), '200 200 200 200 200 200', 'what waits is made after the others');
is($t->get('/status')->json->{images}{memory}, 0, 'and all is given back');

@busy = map { $t->begin("/cdn-cgi/image/width=1200,quality=$_,format=webp/cat.jpg") } 70 .. 75;
eventually(sub { $t->get('/status')->json->{images}{memory} > 0 }, 5);
$t->kill_worker;
$_->abort for @busy;
ok(eventually(sub { $t->status("$large,quality=50,format=webp/cat.jpg") == 200 }, 10), 'after a worker died');
ok(eventually(sub { $t->get('/status')->json->{images}{memory} == 0 }, 10), 'its share is back');

done();
