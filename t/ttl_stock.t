# What users of stock nginx's cache rely on holds under cdn_ttl, too.

use lib 't/lib';
use NginxTest;
use JSON::PP ();

# the origin answers with the headers that the request names
my $t = nginx(<<'CONF', clock => '2026-11-03 12:00:00', http => <<'HTTP', origin => sub ($r) {
    proxy_cache edge;  proxy_cache_key $request_uri;  proxy_cache_lock on;
    add_header X-C $upstream_cache_status always;
    location /guests/  { cdn_ttl page;  proxy_cache_bypass $cookie_session;  proxy_no_cache $cookie_session;  proxy_pass http://%ORIGIN%; }
    location /page/    { cdn_ttl page;  proxy_set_header Range $http_range;  proxy_pass http://%ORIGIN%; }
    location /origin/  { cdn_ttl origin;  proxy_cache_valid 200 10m;  proxy_pass http://%ORIGIN%; }
    location /never/   { cdn_ttl page;  proxy_cache_key same;  proxy_no_cache 1;  proxy_pass http://%ORIGIN%; }
    location /zone/    { cdn_ttl page;  proxy_cache other;  proxy_cache_key same;  proxy_pass http://%ORIGIN%; }
    location /sliced/  { cdn_ttl page;  slice 4;  proxy_cache_key $uri$slice_range;  proxy_set_header Range $slice_range;  proxy_pass http://%ORIGIN%; }
CONF
    proxy_cache_path %DIR%/cache keys_zone=edge:1m;
    proxy_cache_path %DIR%/other keys_zone=other:1m;
    cdn_ttl_profile page { ttl 1h;  stale_while_revalidate 1d;  stale_if_error 1d; }
    server {
        listen 127.0.0.1:%PORT_query%;
        cdn_cache_query page tag[];
        rewrite ^/server/(\d+)$ /index.php?id=$1;
        location /tried/    { try_files /none /index.php?q=$uri&$args; }
        location /item/     { rewrite ^/item/(\d+)$ /index.php?id=$1 last; }
        location /break/    { rewrite ^/break/(\d+)$ /index.php?id=$1 break;  proxy_pass http://%ORIGIN%; }
        location /fallback/ { error_page 404 = /index.php?search=$uri; }
        location /          { proxy_cache edge;  proxy_cache_key $request_uri;  cdn_ttl page;  proxy_pass http://%ORIGIN%; }
    }
HTTP
    my %in = %{ $r->{headers} };
    my $headers = $in{'x-say'} ? JSON::PP::decode_json($in{'x-say'}) : [];
    my $guest = ($in{cookie} // '') !~ /session/;
    push @$headers, Vary => 'Cookie', $guest ? () : ('Cache-Control' => 'no-store') if $r->{uri} =~ /vary/;
    return [0, [], '', raw => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n@{$headers}[0]: @{$headers}[1]\r\n\r\nx"] if $r->{uri} =~ /dateless/;
    return [206, ["Content-Range" => "bytes $1-$2/8"], substr '01234567', $1, $2 - $1 + 1] if ($in{range} // '') =~ /(\d+)-(\d+)/;
    return [202, $headers, 'later'] if $r->{uri} =~ /job/;
    return [200, $headers, $r->{uri} =~ /php/ ? $r->{uri} : "n$r->{n}"];
});

sub say_of (@headers) { ('X-Say' => JSON::PP::encode_json(\@headers)) }
sub how ($uri, @headers) { $t->get($uri, @headers)->header('X-C') }

# a response that is not stored says nothing of the one that is

my @member = (Cookie => 'session=1');
for my $uri ('/guests/a', '/page/vary') {
    $t->get($uri);
    how($uri, @member) for 1 .. 2;
    is(how($uri), 'HIT', "$uri: after a member's own page the guests' is still there");
}
$t->get('/zone/a');
$t->get('/never/a');
is(how('/zone/a'), 'HIT', 'and what another cache has under that key');
$t->get('/guests/new', @member);
is(how('/guests/new'), 'MISS', 'a page that a member had first is not passed by');
my $r = $t->get('/guests/own', @member);
unlike($r->header('Cache-Control') // '', qr/public/, 'what proxy_no_cache kept out is not public for others');
unlike($t->request(POST => '/guests/form', body => 'x')->header('Cache-Control') // '', qr/public/, 'nor is an answer to POST');
$t->get('/page/forbidden', say_of('Cache-Control' => 'no-store')) for 1 .. 2;
is(how('/page/forbidden', say_of('Cache-Control' => 'no-store')), 'BYPASS', 'what the origin forbids is not waited for');

# what the origin says

for my $uri ('/origin/', '/page/') {
    my $zero = 'Thu, 19 Nov 1981 08:52:00 GMT';
    how("${uri}dateless/past", say_of(Expires => $zero));
    isnt(how("${uri}dateless/past", say_of(Expires => $zero)), 'HIT', "$uri: Expires in the past, without Date") if $uri eq '/origin/';
    my @esi = say_of('Cache-Control' => 'private, no-store', 'Surrogate-Control' => 'content="ESI/1.0"');
    how("${uri}esi", @esi);
    isnt(how("${uri}esi", @esi), 'HIT', "$uri: Surrogate-Control that is not about keeping leaves Cache-Control in force");
    my @accel = say_of('X-Accel-Expires' => 60, 'Cache-Control' => 'private, max-age=0');
    how("${uri}accel", @accel);
    is(how("${uri}accel", @accel), 'HIT', "$uri: X-Accel-Expires comes before Cache-Control");
}
like($t->get('/origin/dateless/soon', say_of(Expires => 'Tue, 03 Nov 2026 13:00:00 GMT'))->header('Cache-Status'), qr/ttl=3600$/,
    'Expires counts from now where there is no Date');

# parts and promises

is($t->get('/page/video', Range => 'bytes=0-1')->status, 206, 'a part');
like($t->get('/page/video')->body, qr/^n\d+$/, 'is not kept for the whole');
$t->get('/page/job');
isnt(how('/page/job'), 'HIT', 'nor 202 for a result');
is($t->get('/sliced/a')->body, '01234567', 'slices');
$t->origin_reset;
is($t->get('/sliced/a')->body, '01234567', 'are kept');
is(scalar $t->origin_requests, 0, 'by the profile');

# cdn_cache_query is about the client's arguments

my $query = $t->at('query');
is($query->get('/tried/b?page=2&utm=x')->body, '/index.php?q=/tried/b&page=2', 'try_files adds arguments');
is($query->get('/item/5?utm=x')->body, '/index.php?id=5', 'rewrite ... last does');
is($query->get('/item/5?id=5&page=1')->body, '/index.php?id=5&page=1', 'a client cannot take them away');
is($query->get('/server/7?utm=x&page=1')->body, '/index.php?id=7&page=1', 'rewrite of the server does');
is($query->get('/server/8?utm=x')->body, '/index.php?id=8', 'alone, too');
is($query->get('/break/6')->body, '/index.php?id=6', 'rewrite ... break does');
is($query->get('/fallback/x')->body, '/index.php?search=/fallback/x', 'error_page does');
is($query->get('/x.php?utm=1&tag%5B%5D=red')->body, '/x.php?tag%5B%5D=red', 'names are compared decoded');
like(refuses("cdn_cache_query $_;"), qr/"cdn_cache_query": not the name of an argument/, "nginx -t refuses $_") for 'utm_*', '$wanted', 'off page', 'tag%5B%5D';

done();
