# The status page says what nginx's own access log says, whatever clients and origins do.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', workers => 4, files => { 'cat.txt' => 'meow' x 100, 'page.html' => '<!--# include virtual="/file/cat.txt" -->', 'picture/cat.jpg' => picture(), 'picture/cat.txt' => 'meow', 'large.bin' => 'x' x 4e6 }, http => <<'HTTP', origin => sub ($request) {

    access_log        %DIR%/logs/counted.log counted;
    proxy_cache       edge;
    proxy_cache_key   $request_uri;
    add_header        X-Reason $cdn_cache_reason always;
    limit_req_status  429;
    location /cached/    { cdn_region eu; proxy_pass http://%ORIGIN%; proxy_cache_bypass $arg_bypass; }
    location /profile/   { cdn_ttl api_responses; proxy_pass http://%ORIGIN%; proxy_read_timeout 1s; }
    location /by-name/   { cdn_ttl $arg_profile;  proxy_pass http://%ORIGIN%; }
    location /file/      { cdn_region us; alias %DIR%/html/; ssi on; }
    location /errors/    { cdn_ttl static_assets; proxy_pass http://%ORIGIN%; proxy_intercept_errors on; error_page 404 500 502 /elsewhere/cat.txt; }
    location /named/     { cdn_ttl static_assets; proxy_pass http://%ORIGIN%; proxy_intercept_errors on; error_page 500 =200 @named; }
    location /elsewhere/ { alias %DIR%/html/; }
    location @named      { return 200 "sorry\n"; }
    location /dead/      { cdn_ttl image; proxy_pass http://127.0.0.1:%PORT_dead%; }
    location /limited/   { cdn_ttl image; limit_req zone=one; alias %DIR%/html/; }
    location /silent/    { cdn_ttl image; return 444; }
    location /auth/      { cdn_ttl image; auth_basic x; auth_basic_user_file %DIR%/html/users; alias %DIR%/html/; }
    location /picture/   { cdn_image custom; cdn_image_transform on; root %DIR%/html; }
    location = /status   { cdn_status; access_log off; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    limit_req_zone $server_name zone=one:32k rate=1r/m;
    log_format counted '$status|$bytes_sent|$upstream_cache_status|$cdn_cache_reason|$cdn_ttl_profile|$cdn_region|$request_uri|$upstream_bytes_received';
    server {
        listen 127.0.0.1:%PORT_h2% ssl http2; %TLS%
        access_log %DIR%/logs/counted.log counted;
        proxy_cache edge;
        proxy_cache_key $request_uri;
        location / { cdn_region h2; root %DIR%/html; }
        location /cached/ { cdn_region h2; proxy_pass http://%ORIGIN%; }
    }

HTTP
    my $uri = $request->{uri};
    sleep 3 if $uri =~ /slow/;
    return [404, [], 'none'] if $uri =~ /none/;
    return [500, [], 'broken'] if $uri =~ /broken/;
    return [200, [], 'x'] if $uri =~ /unsaid/;
    return [200, ['Cache-Control' => 'no-store'], 'x'] if $uri =~ /private/;
    return [200, ['Cache-Control' => 'max-age=100'], 'x' x ($uri =~ /large/ ? 3e6 : 500)];
});
$t->write('users', "a:{PLAIN}b\n");

sub lines () { return split /\n/, $t->slurp('logs/counted.log') }
sub tally ($place, $name = sub ($x) { $x })
{
    my %sums;
    $sums{ $name->((split /\|/)[$place]) }++ for lines();
    return \%sums;
}

my $asked = 0;
sub asks (@paths) { $asked += @paths; return map { $t->get($_) } @paths }

asks(('/cached/a') x 2, '/cached/none', '/cached/broken', ('/cached/private') x 2, ('/cached/unsaid') x 2, '/cached/a?bypass=1');
asks(('/profile/a') x 2, '/profile/none', '/profile/broken', '/profile/private', '/profile/slow');
asks('/by-name/a?profile=avatar', '/by-name/b?profile=nonsense', '/by-name/c');
asks('/file/cat.txt', '/file/none', '/file/', '/file/page.html', '/file/../file/cat.txt');
asks('/errors/none', '/errors/broken', '/errors/a', '/named/broken', '/named/none');
asks('/dead/a', '/limited/cat.txt', '/limited/cat.txt', '/auth/cat.txt');
asks('/picture/cat.jpg?width=20', '/picture/cat.jpg?width=0', '/picture/cat.txt?width=9', '/picture/none.jpg?width=9');
for my $method (qw(HEAD POST PUT DELETE OPTIONS)) {
    $t->request($method, $_, body => $method =~ /^P/ ? 'x' x 1000 : undef) for '/cached/a', '/file/cat.txt';
    $asked += 2;
}
is($t->raw("GET /silent/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), '', 'no answer at all');
$asked++;

# ranges, conditions, one connection for many, a pipeline, HTTP/1.0, HTTP/2
asks('/file/large.bin');
$t->get('/file/large.bin', Range => 'bytes=5-10');
my $modified = $t->get('/file/cat.txt')->header('Last-Modified');
is($t->get('/file/cat.txt', 'If-Modified-Since' => $modified)->status, 304, 'a 304');
$asked += 3;
my $connection = $t->connect;
$connection->request('GET', '/cached/a', keepalive => 1)->finish for 1 .. 3;
$asked += 3;
is(scalar(() = $t->raw("GET /cached/a HTTP/1.1\r\nHost: localhost\r\n\r\n" x 4 . "GET /cached/a HTTP/1.0\r\n\r\n") =~ m{HTTP/1.1 200}g), 5, 'a pipeline');
$asked += 5;
$t->h2($t->port('h2'), [('/cached/h2') x 5, ['HEAD', '/cat.txt'], '/large.bin', '/none']);
$asked += 8;

# clients that leave: before the answer, within it, within their own request
$t->begin('/profile/slow-1')->abort;
$asked++;
my $leaving = $t->begin('/file/large.bin', receive_buffer => 4096);
select undef, undef, undef, 0.2;
$leaving->abort;
$asked++;
qx(curl -sk --http2 --max-time 2 https://127.0.0.1:@{[$t->port('h2')]}/cached/slow-h2);
$asked++;
my $uploading = $t->connect;
$uploading->send("POST /profile/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc");
select undef, undef, undef, 0.2;
$uploading->abort;
$asked++;

$t->many(100, sub ($n) { '/cached/' . $n % 7 });
$asked += 100;

my $json;
ok(eventually(sub { $json = $t->get('/status')->json; $json->{requests}{total} >= $asked && lines() >= $asked }, 20), 'all are counted');
is($json->{requests}{total}, $asked, 'once each');
is(scalar(lines()), $asked, 'and logged');

is_deeply($json->{requests}{by_class}, tally(0, sub ($status) { int($status / 100) . 'xx' }), 'classes');
is_deeply($json->{requests}{by_status}, tally(2, sub ($status) { $status eq '-' ? 'none' : lc $status }), 'cache statuses');
my $reasons = tally(3);
delete @$reasons{'-', ''};
is_deeply($json->{requests}{by_reason}, $reasons, 'reasons');
is_deeply({ map { ($_ => $json->{requests}{by_region}{$_}{requests}) } keys %{ $json->{requests}{by_region} } }, tally(5, sub ($region) { $region =~ /^-?$/ ? 'none' : $region }), 'regions');
my %profiles = map { ($_ => $json->{requests}{by_profile}{$_}{requests}) } keys %{ $json->{requests}{by_profile} };
my %expected;                                          # an error_page elsewhere takes nothing from a profile
for (lines()) {
    my ($profile, $uri) = (split /\|/)[4, 6];
    $expected{ $uri =~ m{^/(?:errors|named)/} ? 'static_assets' : $profile =~ /^-?$/ ? 'none' : $profile }++;
}
is_deeply(\%profiles, \%expected, 'profiles') or diag explain \%profiles;
my ($sent, $received) = (0, 0);
for (lines()) {
    my ($to_client, $from_origins) = (split /\|/)[1, 7];
    $sent += $to_client;
    $received += $_ for $from_origins =~ /\d+/g;
}
is($json->{bytes}{sent}, $sent, 'bytes sent');
is($json->{bytes}{upstream}, $received, 'and received');
like($t->slurp('logs/counted.log'), $_, 'as it should say') for
    qr{^404\|\d+\|MISS\|uncacheable\|.*/cached/none\|}m, qr{^200\|\d+\|MISS\|uncacheable\|.*/cached/unsaid\|}m,
    qr{^200\|\d+\|MISS\|error\|.*/named/broken\|}m, qr{^404\|\d+\|MISS\|uncacheable\|.*/errors/none\|}m,
    qr{^499\|0\|MISS\|cold\|api_responses\|.*/profile/slow-1\|}m;
is($t->get('/cached/none')->header('X-Reason'), 'uncacheable', 'what is not going to be stored is told from the first');

done();
