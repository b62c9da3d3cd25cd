# Other providers' signed URLs, made here as their documents say, in a real nginx.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;
use Digest::MD5 'md5_hex';
use Digest::SHA qw(hmac_sha1_hex hmac_sha256_hex sha256);
use File::Temp ();
use POSIX 'strftime';

my $keys = File::Temp->newdir;
for (['rsa', qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)], ['ec', qw(-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1)]) {
    my ($name, @how) = @$_;
    system "openssl genpkey @how -out $keys/$name.pem 2>/dev/null && openssl pkey -in $keys/$name.pem -pubout -out $keys/$name.pub" and die 'openssl';
}

# CloudFront's base64
sub aws ($bytes) { b64($bytes) =~ tr{+=/}{-_~}r }
sub aws_sign ($text, $key, $digest)
{
    my $file = File::Temp->new;
    print $file $text;
    close $file;
    return aws(scalar qx(openssl dgst -$digest -sign $keys/$key.pem $file));
}

my $t = nginx(<<"CONF", http => <<'HTTP', origin => sub ($request) { [200, ['X-Cookie' => $request->{headers}{cookie} // 'none'], $request->{uri}] });

    cdn_sign     required;
    cdn_sign_key k1 secret;
    proxy_cache  edge;
    proxy_cache_valid 1m;
    add_header   X-Status \$cdn_sign_status always;
    add_header   X-Uri \$cdn_uri always;
    add_header   X-Cache \$upstream_cache_status;

    location /bunny/          { cdn_sign_scheme bunnycdn country=\$arg_country;  proxy_pass http://%ORIGIN%; }
    location ^~ /bcdn_token=  { cdn_sign_scheme bunnycdn country=\$http_x_country;  proxy_pass http://%ORIGIN%; }
    location /bunny-other/    { cdn_sign_scheme bunnycdn ip=\$http_x_ip;  proxy_pass http://%ORIGIN%; }
    location /keycdn/         { cdn_sign_scheme keycdn expired=410;  proxy_pass http://%ORIGIN%; }
    location /keycdn-image/   { cdn_sign_scheme keycdn mode=image;  proxy_pass http://%ORIGIN%; }
    location /cf/             { cdn_sign_scheme cloudflare ttl=1h;  proxy_pass http://%ORIGIN%; }
    location /cf-url/         { cdn_sign_scheme cloudflare ttl=1h encoding=base64url param=v;  proxy_pass http://%ORIGIN%; }
    location /cf-hosted/      { cdn_sign_scheme cloudflare mode=hosted;  proxy_pass http://%ORIGIN%; }
    location /fastly/         { cdn_sign_scheme fastly expired=410;  proxy_pass http://%ORIGIN%; }
    location /fastly-path/    { cdn_sign_scheme fastly query=off param=t;  proxy_pass http://%ORIGIN%; }
    location /akamai/         { cdn_sign_scheme akamai;  proxy_pass http://%ORIGIN%; }
    location /akamai-salt/    { cdn_sign_scheme akamai algo=sha1 salt=pepper escape=on query=off param=__token__;  proxy_pass http://%ORIGIN%; }
    location /google/         { cdn_sign_scheme google base=https://cdn.test;  proxy_pass http://%ORIGIN%; }
    location /google-host/    { cdn_sign_scheme google base=\$scheme://\$host;  proxy_pass http://%ORIGIN%; }
    location /aws/            { cdn_sign_scheme cloudfront base=https://cdn.test/;  cdn_sign_key RSA file:$keys/rsa.pub;  cdn_sign_key EC file:$keys/ec.pub;  proxy_pass http://%ORIGIN%; }
    location /imgix/          { cdn_sign_scheme imgix;  proxy_pass http://%ORIGIN%; }
    location /link/           { cdn_sign_scheme secure_link;  proxy_pass http://%ORIGIN%; }
    location /link-var/       { cdn_sign_scheme secure_link param=h expires=e "message={key}\${uri}{expires}\$http_x_user";  proxy_pass http://%ORIGIN%; }
    location /hmac/           { cdn_sign_scheme template hmac=on "message={path}|{query}|{expires}" param=sig expires=until encoding=base64url;  proxy_pass http://%ORIGIN%; }
    location /iso/            { cdn_sign_scheme template digest=sha512 "message={expires}{path}{key}" expires_format=iso8601 encoding=base64;  proxy_pass http://%ORIGIN%; }
    location /hex/            { cdn_sign_scheme template digest=md5 "message={key}{path}{expires}" expires_format=hex param=txSecret expires=txTime;  proxy_pass http://%ORIGIN%; }
    location /no-expiry/      { cdn_sign_scheme template "message={path}{key}" expires=off;  proxy_pass http://%ORIGIN%; }

    server_name cdn.test;
    location /status          { cdn_sign off; cdn_status prometheus; }

CONF

    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    server {
        listen 127.0.0.1:%PORT_imgproxy%;
        cdn_sign required;
        cdn_sign_scheme imgproxy size=8;
        cdn_sign_key k1 secret salt=hex:73616c74;
        add_header X-Status $cdn_sign_status always;
        location / { proxy_pass http://%ORIGIN%; }
    }
    server {
        listen 127.0.0.1:%PORT_climb%;
        root %DIR%/html;
        satisfy any;
        allow all;
        cdn_sign required;
        cdn_sign_key k1 secret salt=salt;
        location / { cdn_sign_scheme bunnycdn; }
        location /x/ { cdn_sign_scheme imgproxy; }
        add_header X-Uri $cdn_uri always;
    }
    server {
        listen 127.0.0.1:%PORT_thumbor%;
        cdn_sign optional;
        cdn_sign_scheme thumbor;
        cdn_sign_key k1 secret;
        add_header X-Status $cdn_sign_status always;
        location / { proxy_pass http://%ORIGIN%; }
    }

HTTP

my $now = time;
my $soon = $now + 3600;
my $past = $now - 10;

# A genuine URL is served clean; changed in a byte of its path, or late, it is not.
sub good ($url, $clean, %opt)
{
    my $at = $opt{at} ? $t->at($opt{at}) : $t;
    my @headers = @{ $opt{headers} // [] };
    my $r = $at->get($url, @headers);
    is($r->status, 200, "$url") or diag($r->header('X-Status'));
    is($r->body, $clean, 'is clean');
    is($at->get($url =~ s/file/fole/r, @headers)->header('X-Status'), $opt{other} // 'invalid', 'fits no other path');
    return $r;
}
sub bad ($url, $status, $text, %opt)
{
    my $r = ($opt{at} ? $t->at($opt{at}) : $t)->get($url, @{ $opt{headers} // [] });
    is($r->status . ' ' . $r->header('X-Status'), $status, $text);
    return $r;
}

# bunnycdn
sub hs256 ($text) { 'HS256-' . b64u(hmac_sha256($text, 'secret')) }
good("/bunny/file?v=1&token=" . hs256("/bunny/file${soon}v=1") . "&expires=$soon", '/bunny/file?v=1');
good("/bunny/file?token=" . b64u(md5("secret/bunny/file$soon")) . "&expires=$soon&v=1", '/bunny/file?v=1');
good("/bunny/file?token=" . b64u(md5("secret/bunny/file${soon}127.0.0.1")) . "&expires=$soon", '/bunny/file');
good("/bunny/file?token=" . b64u(sha256("secret/bunny/file$soon")) . "&expires=$soon", '/bunny/file');
good("/bunny/caf%C3%A9/file?token=" . b64u(sha256("secret/bunny/caf\xc3\xa9/file$soon")) . "&expires=$soon", '/bunny/caf%C3%A9/file');
good("/bunny/file?token=HS256-1-" . b64u(hmac_sha256("/bunny/file$soon\x7f\0\0\1", 'secret')) . "&expires=$soon", '/bunny/file', other => 'forbidden');
good("/bunny-other/file?token=HS256-1-" . b64u(hmac_sha256("/bunny-other/file$soon\x20\1\x0d\xb8" . "\0" x 12, 'secret')) . "&expires=$soon",
    '/bunny-other/file', headers => ['X-IP' => '2001:db8::1:2:3'], other => 'forbidden');
my $directory = "/bcdn_token=" . hs256("/v/${soon}token_countries=DE,AT&token_path=/v/") . "&token_countries=DE%2CAT&token_path=%2Fv%2F&expires=$soon";
my @german = (headers => ['X-Country' => 'de']);
is($t->get("$directory/v/$_", 'X-Country' => 'AT')->body, "/v/$_", "a directory: $_") for 'a.m3u8', 'b/c.ts';
is($t->get("$directory/v/a.m3u8", 'X-Country' => 'AT')->header('X-Uri'), '/v/a.m3u8', '$cdn_uri has no token');
is($t->get("$directory/v/a.m3u8", 'X-Country' => 'AT')->header('X-Cache'), 'HIT', 'one cache entry');
bad("$directory/w/a.m3u8", '403 invalid', 'not outside', @german);
bad("$directory/v/$_", '403 invalid', "nor by way of $_", @german) for '../w/a', '%2e%2e/w/a', '..%2fw/a', '..;/w/a', '%252e%252e/w/a', '..%5cw';
bad("$directory/v/a.m3u8", '403 forbidden', 'another country', headers => ['X-Country' => 'FR']);
bad("$directory/v/a.m3u8", '403 forbidden', 'no known country');
for my $area ('/v/a b/', '/v/a%20b/') {                # as signers spell it: decoded, or as it is sent
    my $escaped = $area =~ s/([%\/ ])/sprintf '%%%02X', ord $1/ger;
    my $start = '/bcdn_token=' . hs256("$area${soon}token_path=$area") . "&token_path=$escaped&expires=$soon";
    is($t->get("$start/v/a%20b/c.ts")->body, '/v/a%20b/c.ts', "the directory $area");
    bad("$start/v/$_", '403 invalid', "not $_") for 'a%2520b/c.ts', 'a/c.ts', 'a%20b%2Fc.ts', 'a%20b/..%2fc.ts';
}
bad("/bunny/file?token=" . hs256("/bunny/file$past") . "&expires=$past", '403 expired', 'late');

# keycdn
sub keycdn ($path, $e) { "$path?token=" . b64u(md5("${path}secret$e")) . "&expire=$e" }
good(keycdn('/keycdn/file', $soon), '/keycdn/file');
bad(keycdn('/keycdn/file', $past), '410 expired', 'late');
good('/keycdn-image/file?width=40&token=' . b64u(md5('/keycdn-image/filewidth=40secret')), '/keycdn-image/file?width=40');

# cloudflare
sub cf ($url, $issued) { my $mac = b64(hmac_sha256("$url$issued", 'secret')) =~ s/([+=\/])/sprintf '%%%02X', ord $1/ger; $url . ($url =~ /\?/ ? '&' : '?') . "verify=$issued-$mac" }
good(cf('/cf/file', $now), '/cf/file');
good(cf('/cf/file?x=1', $now), '/cf/file?x=1');
bad(cf('/cf/file', $now - 3601), '403 expired', 'late');
good("/cf-url/file?v=$now-" . b64u(hmac_sha256("/cf-url/file$now", 'secret')), '/cf-url/file');
good("/cf-hosted/file?exp=$soon&sig=" . hmac_sha256_hex("/cf-hosted/file?exp=$soon", 'secret'), '/cf-hosted/file');

# fastly
good("/fastly/file?x=1&token=${soon}_" . hmac_sha1_hex("/fastly/file?x=1$soon", 'secret'), '/fastly/file?x=1');
bad("/fastly/file?token=${past}_" . hmac_sha1_hex("/fastly/file$past", 'secret'), '410 expired', 'late');
good("/fastly-path/file?x=1&t=${soon}_" . hmac_sha1_hex("/fastly-path/file$soon", 'secret'), '/fastly-path/file?x=1');
bad("/fastly/file1?token=" . substr($soon, 0, 9) . '_' . hmac_sha1_hex("/fastly/file1$soon", 'secret'), '403 invalid', 'nine digits');
bad("/fastly/file?token=1${soon}_" . hmac_sha1_hex("/fastly/file1$soon", 'secret'), '403 invalid', 'a digit of the path is none of the expiry');

# akamai
sub akamai ($fields, $url = undef) { "$fields~hmac=" . hmac_sha256_hex($fields . (defined $url ? "~url=$url" : ''), 'secret') }
good('/akamai/file?x=1&hdnts=' . akamai("exp=$soon", '/akamai/file?x=1'), '/akamai/file?x=1');
my $acl = akamai("st=$now~exp=$soon~acl=/akamai/a/*!/akamai/b~data=x=y");
is($t->status("/akamai/$_?hdnts=$acl"), 200, "acl: $_") for 'a/b', 'a/', 'b';
bad("/akamai/$_?hdnts=$acl", '403 invalid', "not $_") for 'b/c', 'c', 'a/../c', 'a/%2e%2e/c', 'a%2Fb', 'a/..;x/c', 'a/...';
my $r = $t->get('/akamai/a/c', Cookie => "a=1; hdnts=$acl; b=2");
is($r->status, 200, 'from a cookie');
is($r->header('X-Cookie'), 'a=1; b=2', 'which the origin does not see');
is($t->get('/akamai/a/d', Cookie => "hdnts=$acl")->header('X-Cookie'), 'none', 'not even as an empty header');
is($t->status('/akamai/a/c', Cookie => 'a=1', Cookie => "hdnts=$acl"), 200, 'in a field of its own');
bad('/akamai/a/c', '403 invalid', 'two cookies', headers => [Cookie => "hdnts=$acl; hdnts=$acl"]);
is($t->status('/akamai/a/c?hdnts=' . akamai("ip=127.0.0.1~exp=$soon~acl=/*")), 200, 'for an address');
bad('/akamai/a/c?hdnts=' . akamai("ip=127.0.0.2~exp=$soon~acl=/*"), '403 forbidden', 'for another');
bad('/akamai/a/c?hdnts=' . akamai("st=$soon~exp=$soon~acl=/*"), '403 invalid', 'not yet');
bad('/akamai/a/c?hdnts=' . akamai("exp=$past~acl=/*"), '403 expired', 'too late');
bad('/akamai/b?hdnts=' . akamai("exp=$soon~url=/akamai/x", '/akamai/b'), '403 invalid', 'a field that is none');
my $escaped = "id=a%7eb~exp=$soon";
good("/akamai-salt/file?x=1&__token__=$escaped~hmac=" . hmac_sha1_hex("$escaped~url=%2fakamai-salt%2ffile~salt=pepper", 'secret'), '/akamai-salt/file?x=1');

# google
sub google ($base, $url, $e, $key = 'k1') { my $x = $url . ($url =~ /\?/ ? '&' : '?') . "Expires=$e&KeyName=$key"; "$x&Signature=" . b64u(hmac_sha1("$base$x", 'secret')) . '=' }
good(google('https://cdn.test', '/google/file?x=1', $soon), '/google/file?x=1');
good(google('http://cdn.test', '/google-host/file', $soon), '/google-host/file', headers => [Host => 'cdn.test']);
bad(google('http://cdn.test', '/google-host/file', $soon), '403 invalid', 'another host', headers => [Host => 'other.test']);
bad(google('https://cdn.test', '/google/file', $soon, 'k2'), '403 invalid', 'another key');
bad(google('https://cdn.test', '/google/file', $past), '403 expired', 'late');
my $prefix = 'URLPrefix=' . b64u('https://cdn.test/google/a/') . "&Expires=$soon&KeyName=k1";
my $signed = "$prefix&Signature=" . b64u(hmac_sha1($prefix, 'secret'));
is($t->get("/google/a/b?x=1&$signed")->body, '/google/a/b?x=1', 'a prefix');
bad("/google/$_?$signed", '403 invalid', "not $_") for 'b', 'a/../b', 'a/%2e%2e/b', 'a%2Fb';
(my $cookie = $prefix) =~ tr/&/:/;
for my $spelt ('a b', 'a%20b') {
    my $text = 'URLPrefix=' . b64u("https://cdn.test/google/$spelt/") . "&Expires=$soon&KeyName=k1";
    my $token = "$text&Signature=" . b64u(hmac_sha1($text, 'secret')) . '=';
    is($t->status("/google/a%20b/c?$token"), 200, "a prefix with $spelt");
    bad("/google/$_?$token", '403 invalid', "not $_") for 'a%2520b/c', 'a/c', 'a%20b%2Fc', 'a%20b/..%2fc';
}
is($t->status('/google/a/c', Cookie => "Cloud-CDN-Cookie=$cookie:Signature=" . b64u(hmac_sha1($cookie, 'secret')) . '='), 200, 'a cookie');

# cloudfront
for my $case (['RSA', 'rsa', 'sha1'], ['RSA', 'rsa', 'sha256'], ['EC', 'ec', 'sha1'], ['EC', 'ec', 'sha256']) {
    my ($id, $key, $digest) = @$case;
    my $algorithm = $digest eq 'sha256' ? '&Hash-Algorithm=SHA256' : '';
    my $policy = qq({"Statement":[{"Resource":"https://cdn.test/aws/file?x=1","Condition":{"DateLessThan":{"AWS:EpochTime":$soon}}}]});
    my $tail = "&Signature=" . aws_sign($policy, $key, $digest) . "&Key-Pair-Id=$id$algorithm";
    good("/aws/file?x=1&Expires=$soon$tail", '/aws/file?x=1');
    bad("/aws/file?x=2&Expires=$soon$tail", '403 invalid', 'another query');
    bad("/aws/file?x=1&Expires=" . ($soon + 1) . $tail, '403 invalid', 'another expiry');
}
sub custom ($condition, $resource = 'https://cdn.test/aws/a/*')
{
    my $for = defined $resource ? qq("Resource": "$resource", ) : '';
    my $policy = qq({ "Statement": [{ $for"Condition": { $condition } }] }\n);
    return { Policy => aws($policy), Signature => aws_sign($policy, 'rsa', 'sha1'), 'Key-Pair-Id' => 'RSA' };
}
sub as_query ($p) { join '&', map { "$_=$p->{$_}" } sort keys %$p }
my $until = qq("DateLessThan":{"AWS:EpochTime":$soon});
my $custom = custom($until);
is($t->get('/aws/a/b?x=1&' . as_query($custom))->body, '/aws/a/b?x=1', 'a custom policy');
bad("/aws/$_?" . as_query($custom), '403 invalid', "not $_") for 'b', 'a/../b', 'a/%2e%2e/b';
is($t->status("/aws/$_?" . as_query(custom($until, undef))), 200, "$_ by a policy that names no resource") for 'a/b', 'c';
bad('/aws/c?' . as_query(custom(qq("DateLessThan":{"AWS:EpochTime":$past}), undef)), '403 expired', 'which ends too');
$r = $t->get('/aws/a/cookie', Cookie => 'x=1; ' . join '; ', map { "CloudFront-$_=$custom->{$_}" } keys %$custom);
is($r->status, 200, 'as cookies');
is($r->header('X-Cookie'), 'x=1', 'which the origin does not see');
is($t->status('/aws/a/b?' . as_query(custom(qq($until,"IpAddress":{"AWS:SourceIp":"127.0.0.0/8"})))), 200, 'for a network');
bad('/aws/a/b?' . as_query(custom(qq($until,"IpAddress":{"AWS:SourceIp":"10.0.0.0/8"}))), '403 forbidden', 'for another');
bad('/aws/a/b?' . as_query(custom(qq($until,"DateGreaterThan":{"AWS:EpochTime":$soon}))), '403 invalid', 'not yet');
bad('/aws/a/b?' . as_query(custom(qq("DateLessThan":{"AWS:EpochTime":$past}))), '403 expired', 'too late');
bad('/aws/a/b?' . as_query(custom('')), '403 invalid', 'without an end');
bad('/aws/a/b?' . as_query(custom(qq($until,"Moon":"full"))), '403 invalid', 'a condition nobody knows');
good('/aws/a/file?x=1&Expires=1&' . as_query($custom) =~ s/~/%7E/gr, '/aws/a/file?x=1', other => 'ok');   # as aws-cloudfront-sign has it
bad('/aws/b?Expires=' . $soon . '&' . as_query($custom), '403 invalid', 'beside a policy an Expires says nothing');
bad("/aws/a/b?Expires=$soon&" . as_query(custom(qq("DateLessThan":{"AWS:EpochTime":$past}))), '403 expired', 'nor of the time');

# imgproxy, thumbor
sub imgproxy ($rest) { '/' . b64u(substr hmac_sha256("salt$rest", 'secret'), 0, 8) . $rest }
good(imgproxy('/rs:fit:300/plain/http://host/file.jpg@png'), '/rs:fit:300/plain/http://host/file.jpg@png', at => 'imgproxy');
good(imgproxy("/exp:$soon/plain/file"), "/exp:$soon/plain/file", at => 'imgproxy');
bad(imgproxy("/exp:$past/plain/file"), '403 expired', 'late', at => 'imgproxy');
bad('/unsafe/plain/file', '403 missing', 'unsigned', at => 'imgproxy');
is($t->at('imgproxy')->get(imgproxy('/plain/file') . '?x=1')->body, '/plain/file', 'its query is no part of it');
sub thumbor ($rest) { '/' . b64u(hmac_sha1($rest, 'secret')) . "=/$rest" }
good(thumbor('300x200/smart/host/file.jpg'), '/300x200/smart/host/file.jpg', at => 'thumbor');
good(thumbor('300x200/file.jpg?x=1') =~ s/=/%3D/r, '/300x200/file.jpg?x=1', at => 'thumbor');
is($t->at('thumbor')->get('/unsafe/300x200/file.jpg')->body, '/300x200/file.jpg', 'optional: unsafe is unsigned');
bad(thumbor('300x200/file.jpg') =~ s/=/A/r, '403 invalid', 'another length', at => 'thumbor');

# what is behind the first segment does not climb out of the root
for my $path ('/bcdn_token=T/../../logs/error.log', '/bcdn_token=T/x/../../../logs/error.log', '/bcdn_token=T/../logs/error.log', '/x/../../logs/error.log',
    '/x/../logs/error.log', '/x/%2e%2e/%2e%2e/logs/error.log', '/bcdn_token=T/%2e%2e/logs/error.log', '/bcdn_token=T/..%2flogs/error.log')
{
    like($t->at('climb')->status($path), qr/^40[034]$/, "not $path");
}

# whom "satisfy any" lets in without it, a junk token is taken from as well
$t->write('open.txt', 'open');
for my $path ('/bcdn_token=junk&expires=1/open.txt', '/x/open.txt') {
    my $r = $t->at('climb')->get($path);
    is($r->body, 'open', "what is behind $path is served");
    is($r->header('X-Uri'), '/open.txt', 'and $cdn_uri has no token');
}

# imgix
sub imgix ($url) { $url . ($url =~ /\?/ ? '&' : '?') . 's=' . md5_hex("secret$url") }
good(imgix('/imgix/file'), '/imgix/file');
good(imgix("/imgix/file?w=1&expires=$soon"), '/imgix/file?w=1');
bad(imgix("/imgix/file?expires=$past"), '403 expired', 'late');

# secure_link and templates
good("/link/file?md5=" . b64u(md5("$soon/link/file127.0.0.1 secret")) . "&expires=$soon", '/link/file');
good("/link/file?md5=" . b64u(md5("$soon/link/file127.0.0.1 secret")) . "==&expires=$soon", '/link/file');
bad("/link/file?md5=" . b64u(md5("$past/link/file127.0.0.1 secret")) . "&expires=$past", '403 expired', 'late');
bad("/link/file?md5=" . b64u(md5("0/link/file127.0.0.1 secret")) . "&expires=0", '403 invalid', 'an expiry of 0, as with secure_link');
good("/link-var/file?h=" . b64u(md5("secret/link-var/file${soon}anna")) . "&e=$soon", '/link-var/file', headers => ['X-User' => 'anna']);
good("/hmac/file?a=1&sig=" . b64u(hmac_sha256("/hmac/file|a=1&b=2|$soon", 'secret')) . "&b=2&until=$soon", '/hmac/file?a=1&b=2');
my $iso = strftime('%Y-%m-%dT%H:%M:%S+00:00', gmtime $soon);
good("/iso/file?token=" . (b64(Digest::SHA::sha512("$iso/iso/filesecret")) =~ s{([+/=])}{sprintf '%%%02x', ord $1}ger) . "&expires=" . ($iso =~ s/\+/%2B/r), '/iso/file');
my $time = sprintf '%x', $soon;
good("/hex/file?txSecret=" . md5_hex("secret/hex/file$time") . "&txTime=$time", '/hex/file');
good("/no-expiry/file?token=" . Digest::SHA::sha256_hex('/no-expiry/filesecret'), '/no-expiry/file');

my $status = $t->get('/status')->body;
like($status, qr/^nginx_cdn_signatures_total\{scheme="$_",verdict="ok"\}/m, "counted: $_")
    for qw(bunnycdn keycdn cloudflare fastly akamai google cloudfront imgproxy thumbor imgix secure_link template);

done();
