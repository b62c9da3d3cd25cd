# Signed URLs from people who try: tokens of every wrong shape, paths that mean others.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %k = (secret => 'secret');

my $t = nginx(<<'CONF', files => { 'p/a' => 'public', 'p/b' => 'private', 'p/d/c' => 'deep' }, http => <<'HTTP', origin => sub ($request) { [200, [], $request->{uri}] });

    cdn_sign_key k1 secret;
    add_header X-Status $cdn_sign_status always;
    large_client_header_buffers 4 64k;

    location /p/       { cdn_sign required; }
    location /o/       { cdn_sign required; proxy_pass http://%ORIGIN%; }
    location /gone/    { cdn_sign required; cdn_sign_scheme native expired=410; alias %DIR%/html/p/; }
    location /akamai/  { cdn_sign required; cdn_sign_scheme akamai; proxy_pass http://%ORIGIN%; }

CONF

    server {
        listen 127.0.0.1:%PORT_slashes%;
        root %DIR%/html;
        merge_slashes off;
        cdn_sign required; cdn_sign_key k1 secret;
        location / { proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_h2% ssl http2;
        %TLS%
        root %DIR%/html;
        cdn_sign required; cdn_sign_key k1 secret;
        location / { proxy_pass http://%ORIGIN%; }
    }

HTTP

my $good = signed('/p/a', %k);
my ($signature, $expires) = $good =~ /signature=([^&]+)&expires=(\d+)/;
is($t->status($good), 200, 'a genuine URL');

# tokens
my %refusal;
for my $query (
    "signature=$signature", "expires=$expires", "signature=$signature&expires=", "signature=&expires=$expires", "signature&expires",
    "signature=$signature&signature=$signature&expires=$expires", "signature=$signature&expires=$expires&expires=$expires",
    "signature=$signature&expires=$expires&key=", "signature=$signature&expires=$expires&key=k1&key=k1",
    "Signature=$signature&expires=$expires", "signature=$signature&Expires=$expires", "signature=\U$signature\E&expires=$expires",
    "signature=$signature=&expires=$expires", "signature=${signature}A&expires=$expires", 'signature=' . substr($signature, 0, 42) . "&expires=$expires",
    'signature=' . join('', map { sprintf '%%%02x', ord } split //, $signature) . "&expires=$expires",
    "signature=$signature&expires=" . join('', map { "%3$_" } split //, $expires), "%73ignature=$signature&expires=$expires",
    "signature=$signature&expires=+$expires", "signature=$signature&expires=-1", "signature=$signature&expires=0x7fffffff",
    "signature=$signature&expires=1e10", "signature=$signature&expires=${expires}00000000000000000000", "signature=$signature&expires=18446744073709551616",
    "signature=$signature&expires=$expires.0", "signature=$signature&expires=$expires%00", "signature=$signature&expires=0$expires",
    "signature=$signature;expires=$expires", "signature=$signature&amp;expires=$expires", "signature=$signature&expires=$expires&x=1", "signature=$signature&expires=$expires&",
    "signature=" . 'A' x 50000 . "&expires=$expires", "signature=$signature&expires=" . '9' x 50000, 'signature=' . "\x80\xff" x 20 . "&expires=$expires",
    join('&', ("x=$signature") x 1000), '&' x 10000, '=' x 10000,
) {
    my $r = $t->get("/p/a?$query");
    is($r->status, 403, substr $query, 0, 100);
    $refusal{ join '|', $r->body, map { $r->header($_) // '' } qw(Content-Type Content-Length Cache-Control Connection) }++;
}
is(scalar keys %refusal, 1, 'all refusals look alike') or diag(explain(\%refusal));

is($t->status(signed('/p/a', %k, expires => '99999999999999999')), 200, 'an expiry far away');
is($t->status(signed('/p/a', %k, expires => $_)), 403, "genuine, and no time: $_") for '-1', '1e10', '9' x 19, '0x7fffffff', '';

# paths: a token for one resource is none for another, and for no other spelling
my $token = $good =~ s{^/p/a}{}r;
for my $path ('/p/b', '/p//a', '//p/a', '/p/./a', '/p/x/../a', '/p/%61', '/p%2Fa', '/p/a/', '/p/a.', '/p/a;', '/p/a;x', '/p/a%00', '/P/a', '/p/a%20', '/p/a%3f', '/p\\a', '/./p/a') {
    isnt($t->status("$path$token"), 200, "not for $path");
}
my $above = signed('/p/d/../b', %k);
is($t->status($above), 200, 'who signed a path with dots meant it');
isnt($t->status($above =~ s{d/\.\./b}{b}r), 200, 'and not where it leads');
isnt($t->status($above =~ s{d/\.\./b}{d/%2e%2e/b}r), 200, 'nor another way there');
is($t->get(signed('/o/a%2Fb', %k))->body, '/o/a%2Fb', '%2F stays as sent');
isnt($t->status(signed('/o/a%2Fb', %k) =~ s{%2F}{/}r), 200, 'and is no slash');
isnt($t->status(signed('/o/a%2Fb', %k) =~ s{%2F}{%2f}r), 200, 'nor another spelling');

my $slashes = $t->at('slashes');
is($slashes->get(signed('//a//b', %k))->body, '//a//b', 'merge_slashes off: as sent');
isnt($slashes->status(signed('//a//b', %k) =~ s{//}{/}r), 200, 'and signed so');

# replays
my $short = signed('/gone/a', %k, for => 2);
is($t->status($short), 200, 'a URL of two seconds');
ok(eventually(sub { $t->status($short) == 410 }, 10), 'is gone after them');

# connections, methods, versions
my $c = $t->connect;
$c->ask($good);
$c->ask('/p/a');
$c->ask($good);
is(join(' ', map { $c->response->status } 1 .. 3), '200 403 200', 'requests of one connection are judged one by one');
is($t->request(POST => '/p/a', body => 'x')->status, 403, 'POST');
like($t->raw("GET http://other.test$good HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), qr{^HTTP/1.1 200}, 'an absolute target');
like($t->raw("GET $good#x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), qr{^HTTP/1.1 200}, 'a fragment is no part of it');
like($t->raw("GET $good HTTP/1.0\r\n\r\n"), qr{^HTTP/1.1 200}, 'HTTP/1.0');
like($t->raw("GET ?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), qr{^HTTP/1.1 400}, 'no path');
like($t->raw("GET http://localhost?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), qr{^HTTP/1.1 40}, 'an empty one');
my @h2 = $t->h2($t->port('h2'), [signed('/x?y=1', %k), '/x?y=1', signed('/x', %k) =~ s{x}{z}r, ['HEAD', signed('/x', %k)]]);
is(join(' ', map { $_->status } @h2), '200 403 403 200', 'HTTP/2');
is($h2[0]->body, '/x?y=1', 'its token goes no further');

# akamai: text of the URL is none of the token
sub akamai ($fields, $url = undef) { "$fields~hmac=" . Digest::SHA::hmac_sha256_hex($fields . (defined $url ? "~url=$url" : ''), 'secret') }
is($t->status("/akamai/x~acl=/*?hdnts=" . akamai("exp=$expires", '/akamai/x~acl=/*')), 200, 'a path that looks like a field');
isnt($t->status("/akamai/y?hdnts=" . akamai("exp=$expires", '/akamai/x~acl=/*') =~ s{~hmac}{~url=/akamai/x~acl=/*~hmac}r), 200, 'makes no token for others');
isnt($t->status("/akamai/y?hdnts=$_"), 200, "akamai: $_") for '', '~', 'hmac=', 'exp=1', "hmac=a~exp=$expires", "exp=$expires~hmac=", "exp=$expires~~hmac=a", '~' x 1000, "exp=$expires~hmac=" . 'a' x 64;

like($t->get('/p/a?' . "\x01")->status, qr/^40/, 'control bytes');
unlike($t->error_log, qr/secret/, 'the error log tells no secret');

done();
