# What browsers may keep of a response to a signed URL ends with the URL.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %k = (secret => 'secret');
my %answer = (
    none => [],
    long => ['Cache-Control' => 'public, max-age=86400, stale-while-revalidate=3600'],
    short => ['Cache-Control' => 'max-age=5'],
    no_store => ['Cache-Control' => 'no-store'],
    two => ['Cache-Control' => 'public', 'Cache-Control' => 'max-age=86400'],
    expires => [Expires => 'Fri, 31 Dec 2100 23:59:59 GMT'],
    expired => [Expires => '0'],
    aged => ['Cache-Control' => 'max-age=86400', Age => 1000],
);

my $t = nginx(<<'CONF', files => { 'f.txt' => 'file', 'e/f.txt' => 'file', 'h/f.txt' => 'file' }, http => <<'HTTP', origin => sub ($request) { my ($name) = $request->{uri} =~ m{/(\w+)$}; $name eq 'missing' ? [404, [], 'no'] : [200, [@{ $answer{$name} }, ETag => '"1"'], $name] });

    cdn_sign_key k1 secret;
    cdn_sign required;

    location /         { }
    location /e/       { expires 30d; }
    location /h/       { add_header Cache-Control "public, max-age=86400"; }
    location /o/       { proxy_pass http://%ORIGIN%; }
    location /c/       { proxy_pass http://%ORIGIN%; proxy_cache edge; proxy_cache_valid 1m; add_header X-Cache $upstream_cache_status; }
    location /late/    { cdn_sign_scheme native expired=410; }
    location /open/    { cdn_sign optional; proxy_pass http://%ORIGIN%; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

HTTP

# max-age, to a second or two
sub max_age ($r) { ($r->header('Cache-Control') // '') =~ /max-age=(\d+)/ ? $1 : undef }
sub about ($r, $seconds, $text)
{
    my $max_age = max_age($r) // -1;
    ok($max_age <= $seconds && $max_age >= $seconds - 60, "$text: $seconds") or diag($max_age);
}
sub url ($path) { signed($path, %k, for => 600) }

about($t->get(url('/f.txt')), 600, 'a file that says nothing');
about($t->get(url('/e/f.txt')), 600, 'expires 30d');
is($t->get(url('/e/f.txt'))->header('Expires'), undef, 'Expires goes, it lies behind');
about($t->get(url('/h/f.txt')), 600, 'add_header');
my $etag = $t->get(url('/f.txt'))->header('ETag');
my $r = $t->get(url('/e/f.txt'), 'If-None-Match' => $etag);
is($r->status, 304, 'a 304');
about($r, 600, 'says so too');
about($t->head(url('/e/f.txt')), 600, 'HEAD too');

for my $where ('/o/', '/c/', '/c/') {
    about($t->get(url("${where}none")), 600, 'nothing said');
    $r = $t->get(url("${where}long"));
    about($r, 600, 'too long');
    like($r->header('Cache-Control'), qr/^public, max-age=\d+$/, 'nothing is left to be stale in');
    is($t->get(url("${where}short"))->header('Cache-Control'), 'max-age=5', 'short enough');
    is($t->get(url("${where}no_store"))->header('Cache-Control'), 'no-store', 'no-store') if $where eq '/o/';
    about($t->get(url("${where}two")), 600, 'two fields');
    about($t->get(url("${where}expires")), 600, 'Expires');
    is(max_age($t->get(url("${where}expired"))), 0, 'Expires: 0') if $where eq '/o/';
    about($t->get(url("${where}aged")), 1600, 'Age counts');
}
is($t->get(url('/c/long'))->header('X-Cache'), 'HIT', 'from the cache');
about($t->get(signed('/c/long', %k, for => 3000)), 3000, 'by the token of who asks, not of who asked first');

is(max_age($t->get(url('/o/missing'))), 0, 'an error is not to be kept');
$r = $t->get(signed('/late/f.txt', %k, for => -5));
is($r->status, 410, 'a late one is gone');
is(max_age($r), 0, 'which is not to be kept');
is($t->get('/open/none')->header('Cache-Control'), undef, 'an unsigned URL has no limit');
is($t->get('/open/long')->header('Cache-Control'), $answer{long}[1], 'at all');

done();
