# Signed URLs, native: who is served, what others see of it.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %k1 = (secret => 'correct horse');
my %k2 = (secret => "\x00\xff\x10", key => 'k2');
my %k3 = (secret => "from a file", key => 'k3');

my $t = nginx(<<'CONF', files => { 'p/cat.txt' => 'meow', 'p/dir/index.html' => 'index', 'k3.key' => "from a file\n", 'free.txt' => 'free', 'p/nope.html' => 'sorry' }, http => <<'HTTP', origin => sub ($request) { [200, [], join ' ', $request->{uri}] });

    access_log %DIR%/logs/access.log signed;
    cdn_sign_key k1 "correct horse";
    cdn_sign_key k2 hex:00ff10;
    cdn_sign_key k3 file:%DIR%/html/k3.key;

    location /p/ {
        cdn_sign required;
        error_page 404 /p/nope.html;
        add_header X-Status $cdn_sign_status always;
    }
    location /o/         { cdn_sign optional; alias %DIR%/html/p/; add_header X-Status $cdn_sign_status always; }
    location /gone/      { cdn_sign required; cdn_sign_scheme native expired=410; alias %DIR%/html/p/; }
    location /origin/    { cdn_sign required; proxy_pass http://%ORIGIN%; }
    location /deep/      { cdn_sign required; proxy_pass http://%ORIGIN%/base/; }
    location /cached/    { cdn_sign required; proxy_pass http://%ORIGIN%; proxy_cache edge; proxy_cache_valid 1m; add_header X-Cache $upstream_cache_status; }
    location /keyed/     { cdn_sign required; proxy_pass http://%ORIGIN%; proxy_cache edge; proxy_cache_key "uri $cdn_uri"; proxy_cache_valid 1m; add_header X-Cache $upstream_cache_status; }
    location /own/       { cdn_sign required; cdn_sign_key other secret; alias %DIR%/html/p/; }
    location = /status   { cdn_status prometheus; }
    location = /json     { cdn_status json; }

CONF

    log_format signed '$cdn_uri|$cdn_sign_status|$request_uri|$args';
    proxy_cache_path %DIR%/cache keys_zone=edge:1m;

HTTP

is($t->get(signed('/p/cat.txt', %k1))->body, 'meow', 'a signed URL is served');
is($t->status('/p/cat.txt'), 403, 'an unsigned URL is refused');
is($t->get('/p/cat.txt')->header('X-Status'), 'missing', 'as missing');
is($t->status(signed('/p/cat.txt', %k1) =~ s/cat/dog/r), 403, 'a signature fits one path');
is($t->get(signed('/p/cat.txt', %k1) =~ s/cat/dog/r)->header('X-Status'), 'invalid', 'on others it is invalid');
is($t->status(signed('/p/cat.txt', %$_)), 200, "a key: $_->{secret}") for \%k2, \%k3, { %k2, key => undef };
is($t->status(signed('/p/cat.txt', %k1, key => 'k2')), 403, 'a key that is named is the only one tried');
is($t->status(signed('/p/cat.txt', %k1, key => 'k4')), 403, 'an unknown one is none');
is($t->status(signed('/own/cat.txt', %k1)), 403, 'keys of a lower level replace inherited ones');
is($t->status(signed('/own/cat.txt', secret => 'secret')), 200, 'and hold');

my $late = signed('/p/cat.txt', %k1, for => -10);
is($t->status($late), 403, 'a late URL is refused');
is($t->get($late)->header('X-Status'), 'expired', 'as expired');
is($t->get($late =~ s/cat/dog/r)->header('X-Status'), 'invalid', 'a forged late one as forged');
is($t->status(signed('/gone/cat.txt', %k1, for => -10)), 410, 'or with 410');
is($t->status(signed('/gone/cat.txt', %k1, for => -10) =~ s/cat/dog/r), 403, 'not so a forged one');

is($t->status('/o/cat.txt'), 200, 'optional: an unsigned URL passes');
is($t->status(signed('/o/cat.txt', %k1)), 200, 'a signed one too');
is($t->status(signed('/o/cat.txt', %k1) =~ s/cat/dog/r), 403, 'a forged one does not');
is($t->status("/o/cat.txt?$_"), 403, "nor half a one: $_") for 'expires=2000000000', 'signature=', 'key=k1', 'signature';
is($t->status('/o/cat.txt?Signature=x&%73ignature=y'), 200, 'other names are other arguments');

is($t->get(signed('/origin/a%20b%2Fc?x=1&&y=%2F', %k1))->body, '/origin/a%20b%2Fc?x=1&&y=%2F', 'the origin sees no token');
is($t->get(signed('/deep/a%20b?x=1', %k1))->body, '/base/a%20b?x=1', 'nor where proxy_pass has a URI');
is($t->get(signed('/origin/', %k1))->body, '/origin/', 'and no "?" that held it alone');

for my $location ('/cached/', '/keyed/') {
    $t->origin_reset;
    is($t->get(signed("${location}a?x=1", %k1))->header('X-Cache'), 'MISS', "$location: fetched once");
    is($t->get(signed("${location}a?x=1", %$_))->header('X-Cache'), 'HIT', 'for all who have a token')
        for \%k2, { %k1, for => 100 };
    is($t->status("${location}a?x=1"), 403, 'and for nobody else');
    is(scalar $t->origin_requests, 1, 'one fetch');
}

my $name = '/origin/logged';
$t->get(signed("$name?a=1", %k1));
$t->get(signed("$name?b=1", secret => 'wrong'));
my $log;
eventually(sub { ($log = $t->slurp('logs/access.log')) =~ /b=1/ });
like($log, qr{^\Q$name\E\?a=1\|ok\|\Q$name\E\?a=1\|a=1$}m, 'logs see no token') or diag($log);
like($log, qr{^\Q$name\E\?b=1\|invalid\|\Q$name\E\?b=1\|b=1$}m, 'whatever the verdict');

is($t->head(signed('/p/cat.txt', %k1))->status, 200, 'HEAD');
is($t->status(signed('/p/dir/', %k1)), 200, 'an index file is not asked twice');
is($t->get(signed('/p/none', %k1))->body, 'sorry', 'nor an error page behind the same gate');
is($t->status('/p/none'), 403, 'who was not let in sees none');

like($t->get('/status')->body, qr/^nginx_cdn_signatures_total\{scheme="native",verdict="$_"\} [1-9]/m, "counted: $_")
    for qw(ok missing invalid expired);
cmp_ok($t->get('/json')->json->{signatures}{native}{ok}, '>', 5, 'in JSON too');

local $ENV{BUILD_DIR} = NginxTest::module() =~ s{/[^/]+$}{}r;
local @ENV{qw(K1 K2 K2B)} = ('correct horse', 'hex:00FF10', 'base64:AP8Q');
for my $sign (['--key', 'env:K1'], ['--key', 'env:K2', '--id', 'k2'], ['--key', 'env:K2B', '--expires', '5'], ['--key', "file:" . $t->dir . '/html/k3.key']) {
    open my $script, '-|', "$NginxTest::root/scripts/sign", @$sign, '/p/cat.txt?x=%20' or die "scripts/sign: $!";
    chomp(my $url = <$script> // '');
    is($t->status($url), 200, "scripts/sign @$sign");
    is($t->status($url =~ s/cat/dog/r), 403, 'signs that path');
}
isnt(system("$NginxTest::root/scripts/sign --key secret /a 2>/dev/null"), 0, 'not with a key that ps shows');

done();
