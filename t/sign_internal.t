# Signed URLs beside nginx's other gates, and behind redirects, rewrites, subrequests.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %k = (secret => 'secret');

my $t = nginx(<<'CONF', files => { 'f.txt' => 'file', 'd/index.html' => 'index', 'page.html' => '[<!--# include virtual="/part/f.txt?signature=x&x=1" -->]', 'htpasswd' => "user:{PLAIN}pass\n", '404.html' => 'lost', '403.html' => 'denied' }, http => <<'HTTP', origin => sub ($request) { $request->{uri} =~ m{^/(\w+)/to/(.*)} ? [200, ['X-Accel-Redirect' => "/$2"], ''] : [200, [], "origin $request->{uri}"] });

    cdn_sign_key k1 secret;

    # satisfy
    location /any/      { satisfy any; allow 127.0.0.2; deny all; cdn_sign required; alias %DIR%/html/; }
    location /any-gone/ { satisfy any; deny all; cdn_sign required; cdn_sign_scheme native expired=410; alias %DIR%/html/; }
    location /any-late/ { satisfy any; allow 127.0.0.1; deny all; cdn_sign required; cdn_sign_scheme native expired=410; alias %DIR%/html/; }
    location /any-ip/   { satisfy any; allow 127.0.0.1; deny all; cdn_sign required; proxy_pass http://%ORIGIN%; }
    location /any-opt/  { satisfy any; deny all; cdn_sign optional; alias %DIR%/html/; }
    location /any-auth/ { satisfy any; auth_basic realm; auth_basic_user_file %DIR%/html/htpasswd; cdn_sign required; alias %DIR%/html/; }
    location /all-auth/ { auth_basic realm; auth_basic_user_file %DIR%/html/htpasswd; cdn_sign required; alias %DIR%/html/; }
    location /all-ip/   { deny all; cdn_sign required; alias %DIR%/html/; }

    # if, limit_except, nested
    location /if/       { cdn_sign required; if ($arg_x) { set $y 1; } alias %DIR%/html/; }
    location /if-proxy/ { cdn_sign required; if ($arg_x) { proxy_pass http://%ORIGIN%; } proxy_pass http://%ORIGIN%; }
    location /limit/    { cdn_sign required; limit_except GET { proxy_pass http://%ORIGIN%; } proxy_pass http://%ORIGIN%; }
    location /outer/    { cdn_sign required; location /outer/inner/ { alias %DIR%/html/; } location /outer/free/ { cdn_sign off; alias %DIR%/html/; } }

    # rewrites
    location /v1/       { rewrite ^/v1/(.*) /v2/$1 last; }
    location /v2/       { cdn_sign required; rewrite ^/v2/(.*) /$1 break; }
    location /v3/       { cdn_sign required; rewrite ^/v3/(.*) /v2/$1 last; }
    location /v4/       { cdn_sign required; cdn_sign_key other other; rewrite ^/v4/(.*) /v2/$1 last; }
    rewrite  ^/server/(.*) /v2/$1;

    # redirects
    location /accel/    { proxy_pass http://%ORIGIN%; }
    location /gated/    { cdn_sign required; proxy_pass http://%ORIGIN%; }
    location /there/    { cdn_sign required; alias %DIR%/html/; }
    location /inner/    { internal; alias %DIR%/html/; }
    location /try/      { cdn_sign required; try_files /nothing /try/to.txt =404; error_page 404 /try-page; }
    location /tried/    { cdn_sign required; try_files /nothing /there/f.txt; }
    location /tried-own/ { cdn_sign required; try_files /nothing /tried-own/index.html @named; }
    location /named/    { cdn_sign required; error_page 404 = @free; root %DIR%/html; }
    location /named-gate/ { error_page 404 = @gate; root %DIR%/html; }
    location @free      { proxy_pass http://%ORIGIN%; }
    location @gate      { cdn_sign required; proxy_pass http://%ORIGIN%; }
    location @named     { return 404; }
    location /page/     { cdn_sign required; error_page 404 /404.html; error_page 403 /403.html; alias %DIR%/html/; }

    # subrequests
    location = /page.html  { ssi on; }
    location = /gated.html { cdn_sign required; ssi on; try_files /page.html =404; }
    location /part/        { cdn_sign required; proxy_pass http://%ORIGIN%; }
    location /auth/        { auth_request /check; alias %DIR%/html/; }
    location = /check      { cdn_sign required; return 204; }

    location /get/         { cdn_sign required; proxy_pass http://%ORIGIN%; proxy_method GET; }

CONF

    server {
        listen 127.0.0.1:%PORT_whole%;
        root %DIR%/html;
        cdn_sign required; cdn_sign_key k1 secret;
        error_page 404 /404.html;
        location / { try_files $uri $uri/ /f.txt; }
        location /d/ { }
        location ~ \.gone$ { return 404; }
        location /app/ { try_files $uri @app; }
        location @app { proxy_pass http://%ORIGIN%; }
    }

HTTP

sub s_ok ($url, $text, @headers) { is($t->status(signed($url, %k), @headers), 200, $text) }
my @basic = (Authorization => 'Basic dXNlcjpwYXNz');

s_ok('/any/f.txt', 'satisfy any: a signature is enough');
is($t->status('/any/f.txt'), 403, 'without one allow and deny decide');
is($t->status(signed('/any-gone/f.txt', %k, for => -5)), 410, 'expired=410 holds there too');
is($t->status('/any-gone/f.txt'), 403, 'for what is late alone');
is($t->status(signed('/any-late/f.txt', %k, for => -5)), 200, 'and not for who is allowed');
is($t->status(signed('/any-ip/f?x=1', secret => 'forged')), 200, 'who is allowed needs no signature');
is($t->get(signed('/any-ip/f?x=1', secret => 'forged'))->body, 'origin /any-ip/f?x=1', 'and a token still goes no further');
is($t->status('/any-opt/f.txt'), 403, 'satisfy any: a missing signature is no yes where it is optional');
s_ok('/any-opt/f.txt', 'a genuine one is');
is($t->status('/any-auth/f.txt'), 401, 'satisfy any: a password is asked for');
ok($t->get('/any-auth/f.txt')->header('WWW-Authenticate'), 'with its header');
is($t->status('/any-auth/f.txt', @basic), 200, 'and is enough');
s_ok('/any-auth/f.txt', 'so is a signature');
is($t->get(signed('/any-auth/f.txt', %k))->header('WWW-Authenticate'), undef, 'without that header');
is($t->status('/all-auth/f.txt', @basic), 403, 'satisfy all: both are needed');
is($t->status(signed('/all-auth/f.txt', %k)), 401, 'the other one too');
s_ok('/all-auth/f.txt', 'and then served', @basic);
is($t->status(signed('/all-ip/f.txt', %k)), 403, 'a signature does not overrule deny');

for my $url ('/if/f.txt', '/if/f.txt?x=1', '/if-proxy/a', '/if-proxy/a?x=1', '/outer/inner/f.txt') {
    s_ok($url, "$url: signed");
    is($t->status($url), 403, 'and not');
}
is($t->status('/outer/free/f.txt'), 200, 'off in an inner location');
is($t->request(GET => '/limit/a')->status, 403, 'limit_except: outside');
is($t->request(POST => '/limit/a')->status, 403, 'and inside');
is($t->request(POST => signed('/limit/a', %k))->status, 200, 'where it serves who signed');

s_ok('/v1/f.txt', 'a rewritten URL counts as sent');
is($t->status('/v1/f.txt'), 403, 'and must be signed');
is($t->status(signed('/v2/f.txt', %k) =~ s/v2/v1/r), 403, 'not as it became');
s_ok('/server/f.txt', 'rewritten by the server');
s_ok('/v3/f.txt', 'rewritten to another gate, which takes the same URL');
is($t->status(signed('/v4/f.txt', secret => 'other')), 403, 'which has its own keys');
is($t->status('/v3/f.txt'), 403, 'and asks');

is($t->status('/accel/to/inner/f.txt'), 200, 'X-Accel-Redirect');
is($t->status('/accel/to/there/f.txt'), 403, 'into a gate: asked there');
is($t->status(signed('/accel/to/there/f.txt', %k)), 403, 'for where it leads');
my $token = signed('/there/f.txt', %k);
is($t->get("/accel/to$token")->status, 200, 'which the origin may sign');
s_ok('/gated/to/inner/f.txt', 'out of a gate: not asked again');
is($t->status(signed('/gated/to/there/f.txt', %k)), 403, 'from one gate into another: asked there');
is($t->get(signed('/gated/to/gated/x', %k))->body, 'origin /gated/x', 'back into the same: not asked again');
is($t->status(signed('/tried/x', %k)), 403, 'try_files into another gate: asked there');
s_ok('/named/x', 'a named location without a gate');
is($t->status('/named/x'), 403, 'for who was let in');
s_ok('/named-gate/x', 'a named location with a gate takes the URL as sent');
is($t->status('/named-gate/x'), 403, 'and asks');
is($t->get(signed('/page/none', %k))->body, 'lost', 'an error page');
is($t->get('/page/none')->body, 'denied', 'of a refusal too');
is($t->get('/page/none')->status, 403, 'with its status');

my $whole = $t->at('whole');
is($whole->status(signed('/f.txt', %k)), 200, 'a gate for a whole server');
is($whole->status('/f.txt'), 403, 'asks');
is($whole->get(signed('/x', %k))->body, 'file', 'try_files is not asked again');
is($whole->get(signed('/d/', %k))->body, 'index', 'nor an index');
is($whole->get(signed('/d', %k))->status, 301, 'a directory without its slash');
is($whole->get(signed('/x.gone', %k))->body, 'lost', 'nor an error page');
is($whole->get(signed('/app/x?y=1', %k))->body, 'origin /app/x?y=1', 'nor a named location');
is($whole->status("$_"), 403, "but what was not let in at first: $_") for '/x', '/d/', '/x.gone', '/app/x';

is($t->get('/page.html')->body, '[origin /part/f.txt?x=1]', 'a subrequest is not asked, and its token goes no further');
is($t->get(signed('/gated.html', %k))->status, 200, 'whoever asked for the page');
is($t->status('/auth/f.txt'), 200, 'nor is one of auth_request');

done();
