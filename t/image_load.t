# Many clients, leaving clients, full queues, and nginx coming and going.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(sleep);

my $slow = $ENV{NGX_CDN_SLOW} // 1;
my $photo = photo();
my $large = picture(width => 2200, height => 1500, noise => 1, format => 'png');

my $t = nginx(<<'CONF', files => { 'tiny' => 'x', 'cat.jpg' => $photo, 'large.png' => $large }, workers => 1, main => <<'MAIN', http => <<'HTTP' =~ s/%TIMEOUT%/10 * $slow/er);

    location ^~ /cdn-cgi/image/ {
        cdn_image         cloudflare;
        proxy_pass        http://127.0.0.1:%PORT_tier%$cdn_image_uri;
        proxy_cache       edge;
        proxy_cache_key   $request_uri;
        proxy_cache_valid 200 10m;
        proxy_cache_lock  on;
        proxy_cache_lock_timeout 65s;
        proxy_cache_lock_age 65s;
    }
    location = /status { cdn_status json; }

CONF

    thread_pool cdn_image threads=2 max_queue=4;

MAIN

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

    server {
        listen 127.0.0.1:%PORT_tier%;
        location / { cdn_image_transform on; proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_alone% backlog=1024;
        root %DIR%/html;
        cdn_image_timeout %TIMEOUT%s;
        location / { }
        location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; }
        location ^~ /quick/ {
            rewrite ^/quick(/.*) $1 break;
            cdn_image cloudflare; cdn_image_transform on; cdn_image_timeout 50ms;
        }
    }

HTTP

$t->write_origin('cat.jpg', $photo);
my $alone = $t->at('alone');

sub transforms ($outcome, $format = undef)
{
    my $all = $t->get('/status')->json->{images}{transforms};
    my $sum = 0;
    $sum += $all->{$_}{$outcome} // 0 for grep { !$format || $_ eq $format } keys %$all;
    return $sum;
}

# one variant, two hundred clients

my @answers = $t->many(200, '/cdn-cgi/image/width=400/cat.jpg', timeout => 30);
is(scalar(grep { $_->status == 200 } @answers), 200, 'two hundred clients are served one uncached variant');
is(scalar(grep { $_->body eq $answers[0]->body } @answers), 200, 'all the same');
is(transforms('ok'), 1, 'one transformation');
is(scalar $t->origin_requests, 1, 'one origin fetch');

# a full queue

my $heavy = '/cdn-cgi/image/width=2000,format=webp/large.png';
@answers = $alone->many(40, $heavy, timeout => 60);
my %by_status;
push $by_status{$_->status}->@*, $_ for @answers;
is(join(' ', sort keys %by_status), '200 503', 'more than the queue holds: some are made, some refused');
my ($refused) = $by_status{503}->@*;
like($refused->header('Retry-After'), qr/^\d+$/, 'refused with Retry-After');
like($refused->body, qr/^too many images.*\n\z/, 'and one line');
is($refused->header('Cache-Control'), 'no-store', 'not to be kept');
is($alone->get('/cdn-cgi/image/width=40/cat.jpg')->status, 200, 'and all is well afterwards');

# the event loop stays free

my @busy = map { $alone->begin($heavy) } 1 .. 4;
sleep 0.05;
my $made = transforms('ok');
is(scalar(grep { $alone->status('/tiny') == 200 } 1 .. 50), 50, 'small files are served');
cmp_ok(transforms('ok'), '<', $made + 4, 'before the pictures are made');
$_->finish for @busy;

# late

my $late;                                              # where the queue took the time, it is 503
ok(eventually(sub { ($late = $alone->get("/quick$heavy", timeout => 30))->status == 504 }, 30),
    'longer than cdn_image_timeout: 504');
like($late->body, qr/^the image took too long to make\n\z/, 'in one line');
is($alone->get('/cdn-cgi/image/width=41/cat.jpg')->status, 200, 'the worker goes on');

# clients that leave

my ($pid) = $t->workers;
for my $round (1 .. 5) {
    my @gone = map { $alone->begin($heavy) } 1 .. 6;
    sleep 0.02 * $round;
    $_->abort(reset => $round % 2) for @gone;
}
ok(eventually(sub { $alone->get('/cdn-cgi/image/width=42/cat.jpg')->status == 200 }, 20 * $slow),
    'after clients left mid-transform');
is(($t->workers)[0], $pid, 'the same worker serves');

# reload and upgrade with work in flight

for my $how (qw(reload upgrade)) {
    my @running = map { $alone->begin("/cdn-cgi/image/width=@{[1500 + $_]},format=webp/large.png", timeout => 60) } 1 .. 4;
    sleep 0.1;
    $how eq 'reload' ? $t->reload : $t->upgrade;
    is(join(' ', map { $_->finish->status } @running), '200 200 200 200', "$how: what was asked is answered");
}
$t->get('/cdn-cgi/image/width=43/cat.jpg');
my $before = transforms('ok', 'jpeg');
$t->reload;
ok($before, 'the new workers count');
is(transforms('ok', 'jpeg'), $before, 'and a reload keeps what was counted');

# termination

for my $path ($heavy, '/cdn-cgi/image/width=1700,format=avif/large.png') {
    my @running = map { $alone->begin($path) } 1 .. 4;
    sleep 0.1;
    my @workers = $t->workers;
    $t->signal('TERM');
    ok(eventually(sub { !grep { kill 0, $_ } @workers }, 3), 'SIGTERM ends the worker within three seconds');
    eventually(sub { !$t->running }, 5);
    $_->abort for @running;
    $t->start;
}
my @running = map { $alone->begin('/cdn-cgi/image/width=1000/large.png', timeout => 60) } 1 .. 3;
sleep 0.1;
$t->signal('QUIT');
is(join(' ', map { $_->finish->status } @running), '200 200 200', 'SIGQUIT: what was begun is finished');
ok(eventually(sub { !$t->running }, 10), 'then it ends');

done();
