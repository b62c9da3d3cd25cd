# The harness itself, on stock nginx.

use lib 't/lib';
use NginxTest;
use Time::HiRes qw(sleep time);

my $t = nginx(<<'CONF', module => 0, files => { 'cat.txt' => 'meow', 'deep/dog.txt' => 'woof' }, http => <<'HTTP', servers => <<'SERVERS', origin => \&origin);

    location / { }
    location /origin/ {
        proxy_pass http://origin/;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
    }
    location = /json { return 200 '{"cats":[1,2]}'; }
    location /pid { return 200 $pid; }
    location /echo { return 200 "$request_method $http_x_color $http_host"; }

CONF
    upstream origin { server %ORIGIN% max_fails=0; keepalive 8; }
HTTP
    server {
        listen 127.0.0.1:%PORT_h2% ssl http2;
        %TLS%
        root %DIR%/html;
        location /echo { return 200 "$request_uri $http_x_color"; }
        location /slow/ { proxy_pass http://%ORIGIN%; }
    }
SERVERS

sub origin ($request)
{
    my %answers = (
        '/count' => sub { [200, ['X-Seen' => 'a', 'X-Seen' => 'b'], $request->{n}] },
        '/echo' => sub { "$request->{method} $request->{body} $request->{headers}{'x-color'}" },
        '/connection' => sub { $request->{connection} },
        '/delay' => sub { [200, {}, 'late', delay => 0.5] },
        '/slow/' => sub { [200, {}, 'late', delay => 0.5] },
        '/pause' => sub { [200, {}, 'first second', pause => [6, 0.3]] },
        '/drip' => sub { [200, {}, 'abcdef', drip => [2, 0.05]] },
        '/chunked' => sub { [200, {}, 'x' x 20_000, chunked => 1] },
        '/chunked-cut' => sub { [200, {}, 'x' x 20_000, chunked => 1, truncate => 9000] },
        '/cut' => sub { [200, {}, 'whole', truncate => 3] },
        '/reset' => sub { [200, {}, 'whole', reset => 3] },
        '/gone' => sub { [200, {}, '', reset => 'head'] },
        '/silent' => sub { [200, {}, '', silent => 1] },
        '/noise' => sub { [200, {}, '', raw => "garbage\r\n\r\n"] },
        '/lie' => sub { [200, ['Content-Length' => 2], 'longer', close => 1] },
        '/twice' => sub { [200, ['Content-Length' => 4, 'Content-Length' => 4], 'body'] },
        '/204' => sub { [204] },
    );
    my $answer = $answers{ $request->{uri} } or return;
    return $answer->();
}

# requests and responses

is($t->get('/cat.txt')->body, 'meow', 'a file is served');
is($t->status('/none.txt'), 404, 'a missing file is 404');
is($t->get('/echo', 'X-Color' => 'red', Host => 'h')->body, 'GET red h', 'headers are sent');
is($t->head('/cat.txt')->header('content-length'), 4, 'HEAD has a length');
is($t->head('/cat.txt')->body, '', 'and no body');
is($t->request(POST => '/origin/echo', body => 'data', headers => ['X-Color' => 'red'])->body,
    'POST data red', 'a body travels to the origin');
is($t->request(POST => '/origin/echo', body => 'd' x 5000, chunked => 1, headers => ['X-Color' => ''])->body,
    'POST ' . 'd' x 5000 . ' ', 'a chunked one too');
is($t->request(GET => '/cat.txt', version => '1.0')->status, 200, 'HTTP/1.0 is spoken');

my $seen = $t->get('/origin/count');
is_deeply([$seen->headers('x-seen')], ['a', 'b'], 'a repeated header is a list');
is($seen->header('X-Seen'), 'a, b', 'or joined');
is($seen->header('X-None'), undef, 'an absent one is undef');
like($seen->raw, qr{^HTTP/1\.1 200 Scripted\r\n.*\r\n\r\n\d$}s, 'raw holds the response as it came');

my $connection = $t->connect;
$connection->ask('/cat.txt')->ask('/deep/dog.txt', method => 'HEAD')->ask('/none')->ask('/cat.txt');
is_deeply([map { $connection->response->status } 1 .. 4], [200, 200, 404, 200],
    'pipelined requests are answered in order');
is($connection->get('/deep/dog.txt')->body, 'woof', 'and the connection stays open');
ok(!$connection->closed, 'and knows it');
like($connection->request('GET', '/cat.txt')->finish->header('Connection'), qr/close/, 'until one closes it');

is_deeply($t->get('/json')->json, { cats => [1, 2] }, 'JSON is decoded');
like($t->raw("GET / HTTP/1.1\r\n\r\n"), qr{^HTTP/1\.1 400 }, 'raw bytes are sent, what comes is returned');

my $waiting = $t->begin('/origin/delay');
is($t->get('/cat.txt')->body, 'meow', 'a request begun holds nothing up');
is($waiting->finish->body, 'late', 'and is finished later');

my $reader = $t->at('origin')->begin('/pause');
ok(eventually(sub { $reader->peek =~ /first $/ }), 'its first bytes may be looked at');
is($reader->finish->body, 'first second', 'and are kept');

$t->write('big', 'x' x 5e6);
my $slow = $t->begin('/big', receive_buffer => 4096);
sleep 0.2;
is(length $slow->finish->body, 5e6, 'a client may be slow');

my $leaver = $t->begin('/origin/delay');
$leaver->abort(reset => 1);
is($t->get('/cat.txt')->body, 'meow', 'one aborted is forgotten');

my $began = time;
my @late = $t->many(200, '/origin/delay');
is(grep({ $_->body eq 'late' } @late), 200, '200 requests at once');
cmp_ok(time - $began, '<', 0.5 * 20 * ($ENV{NGX_CDN_SLOW} || 1), 'wait together');
cmp_ok($late[0]->time_taken, '>=', 0.45, 'each knows its time');
is_deeply([map { $_->body } $t->many(3, sub ($n) { "/echo?$n" }, headers => ['X-Color' => 'red'])],
    [('GET red localhost') x 3], 'many paths and headers');

my @streams = $t->h2($t->port('h2'), ['/cat.txt', '/echo?q="1"', '/none', ['HEAD', '/cat.txt']], 'X-Color' => 'a"b');
is_deeply([map { $_->status } @streams], [200, 200, 404, 200], 'HTTP/2 streams');
is($streams[1]->body, '/echo?q="1" a"b', 'with headers and any path');
is($streams[3]->header('Content-Length'), 4, 'and HEAD');
$began = time;
is(grep({ $_->body eq 'late' } $t->h2($t->port('h2'), [('/slow/') x 20])), 20, '20 of them at once');
cmp_ok(time - $began, '<', 5 * ($ENV{NGX_CDN_SLOW} || 1), 'in parallel');

# what is wrong with a response, straight from the origin

my $origin = $t->at('origin');
is($origin->get('/count')->problem, '', 'nothing is wrong with a good response');
is($origin->get('/chunked')->body, 'x' x 20_000, 'chunks are joined');
like($origin->get('/chunked-cut')->problem, qr/ended early, 8192 bytes into/, 'a missing chunk is noticed');
like($origin->get('/cut')->problem, qr/ended early, 3 bytes into/, 'a short body is noticed');
like($origin->get('/reset')->problem, qr/reset by peer/, 'a reset is noticed');
like($origin->get('/gone')->problem, qr/reset by peer/, 'a reset before the head is noticed');
like($origin->get('/lie')->problem, qr/4 bytes after the response/, 'bytes too many are noticed');
like($origin->get('/twice')->problem, qr/Content-Length 4 and 4/, 'two lengths are noticed');
like($origin->get('/noise')->problem, qr/status line 'garbage'/, 'noise is noticed');
like($origin->request(GET => '/silent', timeout => 0.2)->problem, qr/no answer within/, 'silence is noticed');
is($origin->get('/204')->problem, '', '204 has no body');
like($t->at('nobody')->get('/')->problem, qr/cannot connect/, 'an unserved port is noticed');
is($origin->get('/pause')->body, 'first second', 'a body may pause');
cmp_ok($origin->get('/drip')->time_taken, '>=', 0.1, 'a body may drip');

# faults of the origin, through nginx

like($t->get('/origin/cut')->problem, qr/ended early, 3/, 'nginx passes a short body on');
is($t->status('/origin/gone'), 502, 'nginx answers 502 for a reset');
like($t->get('/origin/noise')->problem, qr/status line 'garbage'/, 'nginx passes noise on as HTTP/0.9');
$t->origin_stop;
is($t->status('/origin/count'), 502, 'a stopped origin is 502');
$t->origin_start;
is($t->get('/origin/count')->body, 1, 'a started one counts from 1');

$t->origin_reset;
$t->get("/origin/echo?$_", 'X-Color' => "\xe9") for 1 .. 3;
is_deeply([map { $_->{uri} } $t->origin_requests(qr/[23]$/)], ['/echo?2', '/echo?3'],
    'the origin tells its requests');
my ($first) = $t->origin_requests;
is($first->{headers}{'x-color'}, "\xe9", 'with their headers as bytes');
$t->origin_reset;
is($t->origin_requests, 0, 'until told to forget');

$t->write_origin('cat.jpg', 'jpeg');
my $cat = $t->get('/origin/cat.jpg');
is($cat->body, 'jpeg', 'the origin serves files');
is($cat->header('Content-Type'), 'image/jpeg', 'with their type');
is($t->status('/origin/cat.jpg', 'If-None-Match' => $cat->header('ETag')), 304, 'and validators');
is($t->status('/origin/dog.jpg'), 404, 'and 404');

$t->origin(sub ($request) { state $n = 0; ++$n });
is(join(' ', map { $t->get('/origin/')->body } 1 .. 3), '1 2 3', 'a handler keeps its state');

# processes

my ($worker) = $t->workers;
cmp_ok($t->rss($worker), '>', 1 << 20, 'a worker has a size');
is($t->get('/pid')->body, $worker, 'and a pid');
is_deeply([$t->reload], [$worker], 'reload tells the old workers');
isnt($t->get('/pid')->body, $worker, 'and waits for new ones');

$t->conf('location / { return 200 "new"; } location /pid { return 200 $pid; }', workers => 2);
$t->reload;
is($t->get('/cat.txt')->body, 'new', 'a new configuration comes with a reload');
is($t->workers, 2, 'with its number of workers');

my $killed = $t->kill_worker;
ok(!(grep { $_ == $killed } $t->workers), 'a killed worker is replaced');

my $master = $t->master;
$t->upgrade;
isnt($t->master, $master, 'an upgrade brings a new master');
is($t->get('/cat.txt')->body, 'new', 'which serves');

for my $end (qw(stop quit kill)) {
    $t->$end;
    is($t->running, 0, "$end ends every process");
    is($t->start->get('/cat.txt')->body, 'new', 'start begins again on the same port');
}

# configurations that are refused, or not

like(refuses('cats on;', module => 0), qr/\[emerg\] unknown directive "cats"/, 'refuses() tells why');
like($t->refuses('proxy_pass http://nowhere;'), qr/\[emerg\]/, 'and keeps the texts of its nginx');
like(accepts('user nobody;' x 0 . 'location / { }', module => 0), qr/test is successful/, 'accepts() tells what is said');
like($t->accepts('location / { proxy_pass http://origin; }'), qr/successful/, 'accepts() keeps them too');

# what a test file of its own must not get away with

sub outcome ($script)
{
    my $path = $t->write("$t->{dir}/sub.t", "use NginxTest;\n$script");
    my $printed = qx($^X -It/lib $path 2>&1);
    my ($nginx) = $printed =~ /^(?:# )?master (\d+)/m;
    return ($printed, $nginx);
}

sub alive ($pid) { NginxTest::Process::alive($pid) }

my $simple = q{my $t = nginx('location / { }', module => 0); diag('master ' . $t->master); };
my ($printed, $nginx) = outcome("$simple done();");
like($printed, qr/^ok 1 - the error log is quiet\nok 2 .*^1\.\.2$/ms, 'a quiet file passes');
ok(!alive($nginx), 'and its nginx is gone');

($printed) = outcome($simple . q{
    kill KILL => ($t->workers)[0];
    eventually(sub { $t->error_log =~ /exited on signal 9/ });
    done();
});
like($printed, qr/^not ok 1 - the error log is quiet.*\[alert\].*exited on signal 9/ms, 'an [alert] fails it');

($printed) = outcome($simple . q{
    $t->write($t->dir . '/logs/error.log', "src/core/text.cpp:9:3: runtime error: overflow\n");
    $t->write($t->dir . '/logs/asan.77', "==77==ERROR: AddressSanitizer: heap-use-after-free\n");
    done();
});
like($printed, qr/^not ok 1.*runtime error: overflow.*heap-use-after-free/ms, 'so do sanitizer reports');

($printed) = outcome($simple . q{
    kill KILL => ($t->workers)[0];
    $t->allow_log(qr/exited on signal 9/);
    eventually(sub { $t->error_log =~ /exited on signal 9/ });
    done();
});
like($printed, qr/^ok 1/m, 'but for lines that the test allows');

($printed) = outcome(q{
    my $t = nginx('', module => 0, origin => sub { [200, {}, 'whole', truncate => 3] });
    $t->origin(sub { [200, {}, 'whole', truncate => 3] });
    $t->at('origin')->get('/cut');
    done();
});
like($printed, qr/^not ok 2 - every response is well-formed.*GET \/cut: ended early/ms,
    'a malformed response that nobody asked about fails it');

($printed) = outcome(q{
    my $t = nginx('location / { proxy_pass http://%ORIGIN%; }', module => 0, origin => sub { die "typo\n" });
    is($t->status('/'), 500);
    done();
});
like($printed, qr/^not ok 2.*typo/ms, 'an error in the handler fails it');

($printed, $nginx) = outcome("$simple die 'oops';");
like($printed, qr/oops/, 'a file may die');
ok(!alive($nginx), 'and its nginx is gone');

($printed, $nginx) = outcome("$simple kill INT => \$\$; sleep 5;");
ok(!alive($nginx), 'it may be interrupted');

my $gone_dir = q{diag('dir ' . $t->dir); };
($printed, $nginx) = outcome("$simple $gone_dir kill KILL => \$\$; sleep 5;");
ok(eventually(sub { !alive($nginx) }), 'it may be killed');
my ($dir) = $printed =~ /^# dir (.*)/m;
ok(eventually(sub { !-e $dir }), 'and its directory is gone');

($printed) = outcome("$simple; nginx('cats on;', module => 0);");
like($printed, qr/nginx does not start:.*unknown directive "cats"/s, 'an nginx that does not start says why');

# pictures

my $picture = picture(width => 200, height => 100, format => 'png');
my $info = image_info($picture);
is("$info->{format} $info->{width}x$info->{height} $info->{bands}", 'png 200x100 3', 'a picture has a size');
is_deeply([pixel($picture, 199, 0)], [255, 0, 128], 'its colours tell the place');
is_deeply([pixel($picture, 0, 99)], [0, 255, 128], 'in both directions');
is(image_diff($picture, $picture), 0, 'it does not differ from itself');
cmp_ok(image_diff($picture, picture(width => 200, height => 100)), '<', 3, 'nor much from its JPEG');
cmp_ok(image_diff($picture, picture(width => 200, height => 100, color => [255, 0, 0])), '>', 50,
    'but from another');
is(image_info(picture(format => $_))->{format}, $_, "it may be $_") for qw(webp gif avif);
is((pixel(picture(format => 'png', alpha => 1), 299, 0))[3], 255, 'it may be opaque on the right');
is((pixel(picture(format => 'png', alpha => 1), 0, 0))[3], 0, 'and transparent on the left');
is(image_info(picture(grey => 1))->{bands}, 1, 'it may be grey');

my $animation = image_info(picture(format => 'gif', frames => 3, delay => 50));
is("$animation->{pages} $animation->{height}", '3 200', 'it may move');
is($animation->{delay}, '50 50 50', 'with its delays');

my $exif = image_info(picture(orientation => 6, copyright => 'Ann', gps => 1));
is($exif->{orientation}, 6, 'a JPEG may lie on its side');
like(join(' ', %$exif), qr/exif-ifd0-Copyright Ann/, 'and tell its owner');
like(join(' ', %$exif), qr/exif-ifd3-GPSLatitude 48/, 'and its place');

SKIP: {
    my $photo = eval { photo() } or skip("no photograph: $@", 1);
    $info = image_info($photo);
    is("$info->{format} $info->{width}x$info->{height}", 'jpeg 1504x1000', 'a photograph');
}

done();
