# Odd URLs: a purge reaches what nginx has cached under that URL, and nothing else.

use lib 't/lib';
use NginxTest;

my %version;
my $t = nginx(<<'CONF', http => <<'HTTP', origin => sub ($r) {
    location / { proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%; add_header X-Cache $upstream_cache_status always; }
    location /sorted/ { cdn_cache_query a b; proxy_cache c; proxy_cache_key $host$request_uri; cdn_purge on; proxy_pass http://%ORIGIN%; add_header X-Cache $upstream_cache_status always; }
    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%$cdn_image_uri; add_header X-Cache $upstream_cache_status always; }
    location ^~ /bunny/   { cdn_image bunnycdn; proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%$cdn_image_uri; add_header X-Cache $upstream_cache_status always; }
    location ^~ /fastly/  { cdn_image fastly; proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%$cdn_image_uri; add_header X-Cache $upstream_cache_status always; }
    location ^~ /custom/  { cdn_image custom; proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%$cdn_image_uri; add_header X-Cache $upstream_cache_status always; }
    location ~ ^/keycdn/|^/w=  { cdn_image keycdn; proxy_cache c; cdn_purge on; proxy_pass http://%ORIGIN%$cdn_image_uri; add_header X-Cache $upstream_cache_status always; }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone          1m;
    cdn_purge_rate    1000;
    proxy_buffer_size 16k;
    proxy_buffers     8 16k;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
    proxy_cache_key   $scheme$host$request_uri;
    proxy_set_header  Host $host;
HTTP
    return [200, ['Cache-Control' => 'max-age=600'], 'version ' . ++$version{"$r->{headers}{host} $r->{uri}"}];
});

sub state_of ($uri, @headers)
{
    my $r = $t->get($uri, @headers);
    return $r->status == 200 ? $r->header('X-Cache') : $r->status;
}

sub purge (%body)
{
    return $t->request(POST => '/cdn/purge', body => JSON::PP->new->utf8->encode({ %body, mode => 'hard' }))->status;
}

# A URI, or one with headers.
sub body ($uri) { return $t->get(ref $uri ? @$uri : $uri)->body }

# Those are fetched anew after that, and these are not.
sub takes ($body, $gone, $kept)
{
    my ($kind, $name) = %$body;
    my @before = map { body($_) } @$gone, @$kept;
    is(purge($kind => [$name]), 200, substr "$kind $name", 0, 100);
    for my $uri (@$gone, @$kept) {
        my $shown = substr ref $uri ? "$uri->[2]$uri->[0]" : $uri, 0, 100;
        my $before = shift @before;
        like($before, qr/^version/, "$shown is there");
        @before >= @$kept ? isnt(body($uri), $before, "takes $shown") : is(body($uri), $before, "and not $shown");
    }
    return;
}

sub url ($url, $gone, $kept = []) { return takes({ urls => $url }, $gone, $kept) }
sub prefix ($url, $gone, $kept = []) { return takes({ prefixes => $url }, $gone, $kept) }
sub pattern ($url, $gone, $kept = []) { return takes({ patterns => $url }, $gone, $kept) }

my @spellings = ('/d/b', '/d/x/../b', '/d//b', '/d/./b', '/d/%62', '/d%2Fb', '/d%2fb');
url($_, \@spellings, ['/d/B', '/d/b/', '/d/b/c', '/d', '/d/b?x', '/b']) for @spellings, '/d/b?', '/d/b#part', '/d/c/%2e%2E/b';

url('/q?a=1&b=2', ['/q?a=1&b=2'], ['/q', '/q?b=2&a=1', '/q?a=1', '/q?a=%31&b=2']);
url('/q?', ['/q', '/q?'], ['/q?a']);
url("/f\x{fc}r", ['/f%C3%BCr', "/f\xC3\xBCr"], ['/f%FCr']);
url('/f%FCr', ['/f%FCr'], ['/f%C3%BCr']);
url('/100%25', ['/100%25'], ['/100%2525']);
url('/a%3Fb', ['/a%3Fb'], ['/a?b']);
url('/a%23b', ['/a%23b'], ['/a']);
url('/a*', ['/a*', '/a%2A'], ['/a', '/abc']);
url('/plus+', ['/plus+', '/plus%2B'], ['/plus%20']);
url('/tab%09', ['/tab%09'], ['/tab']);
url('/' . 'l' x 7000, ['/' . 'l' x 7000], ['/' . 'k' x 7000]);

my @hosts = map { [ '/h', Host => $_ ] } 'Example.COM', 'example.com:8080', 'example.com.', 'example.com';
my @others = map { [ '/h', Host => $_ ] } 'www.example.com', 'example.co', 'xn--mnchen-3ya.example';
url($_, \@hosts, \@others) for '//EXAMPLE.com/h', 'https://example.com.:8443/h', 'HTTP://Example.com/h#x';
url('//xn--mnchen-3ya.example/h', [$others[2]], [@hosts, @others[0, 1]]);
url('/h', [@hosts, @others]);
url('//[::1]:80/h', [[ '/h', Host => '[::1]:8080' ]], \@hosts);
is(purge(urls => [$_]), 400, "refused: $_") for '//m\x{fc}nchen.example/h', '//', '///x', '//a..b/', '//a:b/x', '/%zz', '/a%', '/..', '/a/../../b', 'relative', '/a%00b', "/a\tb", '/' . 'a' x 8192;

prefix('/p/a', ['/p/a', '/p/ab', '/p/a/b', '/p/a?x', '/p%2Fabc'], ['/p/', '/p', '/P/a', '/x/p/a']);
prefix('/p/x/../a/', ['/p/a/', '/p/a/c'], ['/p/a', '/p/ab']);
prefix('/p/a?x=%2', ['/p/a?x=%2F', '/p/a?x=%2'], ['/p/a?x=/', '/p/a']);
prefix("/caf%C3", ['/caf%C3%A9', '/caf%C3'], ['/caf%E9', '/caf']);
prefix('//example.com', [@hosts, ['/', Host => 'example.com']], [@others, '/h']);
prefix('/.well', ['/.well-known/x'], ['/', '/well']);
is(purge(prefixes => [$_]), 400, "refused: $_") for '/.', '/p/.', '/p/..', '/p/%2e', '/p%2F.', '/p%2f%2E.', '/p%2', '/' . 'a' x 1023;
is(state_of('/p/ab'), 'HIT', 'nothing went by these');

pattern('/w/*/*.jp*g', ['/w/a/b.jpg', '/w/a/b/c.jpeg', '/w//a/b.jp-g?x=.jpg'], ['/w/b.jpg', '/w/a/b.jpg?x', '/w/a/b.png']);
pattern('/w/' . 'a*' x 200 . 'b', ['/w/' . 'a' x 300 . 'b'], ['/w/' . 'a' x 2000]);
pattern('/w/%2A*', ['/w/*a', '/w/%2Ab'], ['/w/a']);
pattern('*', ['/w/a', '/q?x', $hosts[0]]);
is(purge(patterns => [$_]), 400, "refused: $_") for '/w/%2*', '/w/../*', '/w/./*', 'w*', '/*' . 'a' x 479;

# ---- the method

for my $uri ('/m/b', '/m/x/../b', '/m//b', '/m%2fb', '/m/b?') {
    state_of('/m/b');
    is($t->request(PURGE => $uri)->status, 200, "PURGE $uri");
    is(state_of('/m/b'), 'MISS', 'purges');
}
state_of('//evil/b');
is($t->request(PURGE => '//evil/b')->status, 200, 'a path of two slashes');
is(state_of('//evil/b'), 'MISS', 'is a path');
state_of('/m/b', Host => 'one.example');
state_of('/m/b', Host => 'two.example');
is($t->request(PURGE => '/m/b', headers => [Host => 'ONE.example.:81'])->status, 200, 'on its host');
is(state_of('/m/b', Host => 'one.example'), 'MISS', 'alone');
is(state_of('/m/b', Host => 'two.example'), 'HIT', 'and no other');

# ---- URLs that are rewritten

my @sorted = ('/sorted/x?a=1&b=2', '/sorted/x?b=2&a=1', '/sorted/x?utm=3&b=2&a=1');
state_of($sorted[0]);
is(state_of($_), 'HIT', 'one entry for several queries') for @sorted;
for my $uri (@sorted) {
    state_of($uri);
    is(purge(urls => [$uri]), 200, "purging $uri");
    is(state_of($uri), 'MISS', 'takes what is cached under it');
}
url('/sorted/x?a=1&b=2', [$sorted[2]], ['/sorted/x?a=1', '/sorted/y?a=1&b=2']);
prefix('/sorted/x', [$sorted[1]], ['/sorted/y?a=1']);

my %image = (
    cloudflare => ['/cdn-cgi/image/width=100/pic/cat.jpg', '/cdn-cgi/image/w=100,h=20,fit=cover/pic/cat.jpg', '/cdn-cgi/image/width=100/pic%2Fcat.jpg'],
    bunnycdn   => ['/bunny/cat.jpg?width=100', '/bunny/cat.jpg?width=100&quality=30', '/bunny/cat.jpg'],
    fastly     => ['/fastly/cat.jpg?width=100', '/fastly/cat.jpg?width=100&format=webp'],
    keycdn     => ['/keycdn/cat.jpg?width=100', '/w=100,h=20/keycdn/cat.jpg'],
    custom     => ['/custom/cat.jpg?width=100', '/custom/cat.jpg?crop=smart&width=100&height=20'],
);
my %source = (cloudflare => '/pic/cat.jpg', map { $_ => '/' . s/cdn$//r . '/cat.jpg' } 'bunnycdn', 'fastly', 'custom');
$source{keycdn} = '/keycdn/cat.jpg';
for my $dialect (sort keys %image) {
    my @variants = @{ $image{$dialect} };
    my $other = $variants[0] =~ s/cat/dog/r;
    url($source{$dialect}, \@variants, [$other]);
    url("http://localhost:1$source{$dialect}", \@variants, [$other]);
    url($_, [$_], [$other]) for @variants;
}
url('/bunny/cat.jpg?v=1', ['/bunny/cat.jpg?v=1&width=100', '/bunny/cat.jpg?width=100&v=1'], ['/bunny/cat.jpg?width=100', '/bunny/cat.jpg?v=2&width=100']);

done();
