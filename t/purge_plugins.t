# Purge calls as plugins send them: what each says beside the call itself.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw($purging_locations);

my $t = nginx($purging_locations, http => <<'HTTP', origin => sub ($r) {
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
HTTP
    return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => "news caf\xC3\xA9"], 'body'];
});

my @json = ('Content-Type' => 'application/json; charset=utf-8');
my @form = ('Content-Type' => 'application/x-www-form-urlencoded');

sub fill ()
{
    $t->get('/a');
    return $t->get('/a')->header('X-Cache');
}

# The answer's status, and what has become of /a.
sub call ($method, $path, $body = undef, @headers)
{
    fill() eq 'HIT' or die 'not cached';
    my $r = $t->request($method => "/cdn/purge$path", headers => \@headers, defined $body ? (body => $body) : ());
    return $r->status . ' ' . $t->get('/a')->header('X-Cache');
}

# ---- a body of no bytes, as WordPress sends it

is(call(POST => '/pullzone/1/purgeCache', '', AccessKey => 'k'), '204 MISS', 'BunnyCDN: an empty body means all');
is(call(POST => '/purge?url=https%3A%2F%2Flocalhost%2Fa&async=false', ''), '200 MISS', 'BunnyCDN: a URL');
is(call(POST => '/service/S/purge_all', '', @form), '200 MISS', 'Fastly: everything');
is(call(POST => '/service/S/purge', '', 'Surrogate-Key' => 'x news', @form), '200 MISS', 'Fastly: keys');
is(call(POST => '/service/S/purge/news', '', 'Fastly-Key' => 'k'), '200 MISS', 'Fastly: a key');
is(call(DELETE => '/zones/purgetag/1.json?tags[]=news', ''), '200 MISS', 'KeyCDN: a tag in the query');
is(call(GET => '/zones/purge/1.json', ''), '200 MISS', 'KeyCDN: a zone');
is(call(DELETE => '/client/v4/zones/z/purge_cache', ''), '400 HIT', 'Cloudflare: nothing');
is(call(POST => '', ''), '400 HIT', 'our own: nothing');
is($t->raw("POST /cdn/purge/service/S/purge_all HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") =~ m{^HTTP/1.1 (\d+)} && $1, 200, 'nor has one of no chunks any');

# ---- types, spellings, lists

is(call(POST => '/client/v4/zones/z/purge_cache/', '{"files":["HTTPS://LocalHost:443/%61#top"]}', @json), '200 MISS', 'Cloudflare: a URL of capitals and escapes');
is(call(DELETE => '/client/v4/zones/z/purge_cache', '{"tags":["caf\u00e9","caf\u00e9"]}'), '200 MISS', 'a tag twice, without a type');
is(call(POST => '/client/v4/zones/z/purge_cache', '{"files":[]}', @json), '400 HIT', 'an empty list');
is(call(POST => '/client/v4/zones/z/purge_cache', '{"purge_everything":false}', @json), '400 HIT', 'not everything');
is(call(POST => '/service/S/purge', undef, 'Surrogate-Key' => 'x', 'Surrogate-Key' => 'y news'), '200 MISS', 'Fastly: keys in two headers');
is(call(POST => '/service/S/purge/caf%C3%A9'), '200 MISS', 'Fastly: an escaped key');
is(call(DELETE => '/zones/purgetag/1.json', 'tags%5B0%5D=x&tags%5B1%5D=news', @form), '200 MISS', 'KeyCDN: a form');
is(call(DELETE => '/zones/purgeurl/1.json', '{"urls":["localhost/a"]}', @json), '200 MISS', 'KeyCDN: a URL without scheme');

# ---- what may be served stale

is(call(POST => '/zones/z/invalidate_cache', '{"tags":["news"]}', @json), '200 STALE', 'Cloudflare: invalidated');
is(call(POST => '/service/S/purge/news', undef, 'Fastly-Soft-Purge' => $_), '200 STALE', "Fastly: a soft purge, said with $_") for 1, 'true';

done();
