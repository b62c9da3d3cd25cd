# Pictures that wait for long: in a cheaper format where the client leaves a
# choice, and what the queue took is no fault of the picture.

use lib 't/lib';
use NginxTest;
use File::Temp ();
use List::Util 'min';
use POSIX ();
use Time::HiRes 'time';

my $noise = do {
    my $dir = File::Temp->newdir;
    vips('gaussnoise', "$dir/noise.v", 2000, 1500, '--mean', 128, '--sigma', 60);
    vips('cast', "$dir/noise.v", "$dir/noise.jpg[Q=50]", 'uchar');
    NginxTest::Client::slurp("$dir/noise.jpg");
};

# timeouts in milliseconds
sub conf (%timeout)
{
    return join '', "location = /status { cdn_status json; }\n", map { <<"CONF" } sort keys %timeout;
    location ^~ /$_/ {
        rewrite ^/$_(/.*) \$1 break;
        cdn_image cloudflare; cdn_image_transform on; cdn_image_timeout $timeout{$_}ms;
    }
CONF
}

my $t = nginx(conf(calm => 300_000), files => { 'noise.jpg' => $noise }, main => 'thread_pool cdn_image threads=1 max_queue=64;');

sub url ($place, $options) { "/$place/cdn-cgi/image/$options/noise.jpg" }
sub ask ($place, $options) { $t->begin(url($place, $options), timeout => 120, headers => [Accept => 'image/avif,image/webp,*/*']) }
my $small = 'width=700,format=avif,quality=4';

is(ask('calm', "${small}0")->finish->status, 200, 'a picture is made');
my $ms = 1e9;
for my $quality (40 .. 42) {
    my $start = time;
    is(ask('calm', "width=700,format=auto,quality=$quality")->finish->header('Content-Type'), 'image/avif', 'in AVIF where there is no queue');
    $ms = min($ms, int(1000 * (time - $start)) + 1);
}

SKIP: {
    my ($kernel, $machine) = (POSIX::uname())[2, 4];
    skip('the number of sched_getattr(2) is that of x86_64', 3) if $machine ne 'x86_64';
    my ($worker) = $t->workers;
    my %thread = map {
        my $attributes = pack 'L12', 48;
        syscall 315, $_, $attributes, 48, 0;
        $_ => { nice => (unpack 'L L Q l', $attributes)[3], slice => (unpack 'L L Q l L Q', $attributes)[5] };
    } map { m{(\d+)$} ? int $1 : () } glob "/proc/$worker/task/*";
    ok((grep { $_->{nice} == 15 } values %thread), 'who makes pictures steps back');

    skip('Linux before 6.12 knows no slices', 2) if sprintf('%d%03d', $kernel =~ /^(\d+)\.(\d+)/) < 6012;
    is($thread{$worker}{slice}, 100_000, 'and the event loop asks for short turns');
    is((grep { $_->{slice} == 100_000 } values %thread), 1, 'it alone');
}

# behind three that take as long each, with a choice of formats or without one
$t->conf(conf(calm => 300_000, patient => 8 * $ms, hasty => 4 * $ms));
$t->reload;
my @before = map { ask('calm', "$small$_") } 1 .. 3;
ok(eventually(sub { $t->get('/status')->json->{images}{memory} > 0 }, 10), 'behind others');
my $open = ask('patient', 'width=700,format=auto,quality=50');
my $fixed = ask('hasty', 'width=2000,format=avif,quality=50');
is(join(' ', map { $_->finish->status } @before), '200 200 200', 'which are made');

my $r = $open->finish;
is($r->status, 200, 'one that waited for a quarter of its timeout is made');
like($r->header('Content-Type'), qr{^image/(webp|jpeg)$}, 'in a cheaper format');
is($r->header('Vary'), 'Accept', 'which was negotiated');
$r = $fixed->finish;
is($r->status, 503, 'one that waited for half of it and cannot be made in the rest: 503');
like($r->header('Retry-After'), qr/^\d+$/, 'for now');
like($r->body, qr/^too many images.*\n\z/, 'and it is not said to be slow');
ok(eventually(sub { !$t->get('/status')->json->{images}{memory} }, 60), 'then all is quiet');
is($t->get(url('calm', 'width=700,format=auto,quality=51'), Accept => 'image/avif')->header('Content-Type'), 'image/avif', 'and AVIF is made again');

done();
