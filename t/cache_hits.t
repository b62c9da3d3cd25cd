# Hits again and again: what the module remembers of a stored header, and the bodies it sends
# from where they were read, come out as stock nginx's own.

use lib 't/lib';
use NginxTest;

my %body = map { $_ => join '', map { chr(33 + ($_ * 7 + int($_ / 90)) % 90) } 1 .. $_ } 0, 1, 1000, 15_000, 17_000, 70_000;
my $last_modified = 'Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT';

my %answer = (
    ordinary => ["HTTP/1.1 200 OK", 'Date: Mon, 02 Nov 2026 12:00:00 GMT', 'Server: origin', 'Content-Type: text/css; charset=utf-8',
        $last_modified, 'ETag: "abc"', 'Cache-Control: max-age=600', 'Accept-Ranges: bytes', 'X-Own: a, b'],
    bare => ['HTTP/1.0 200 OK', 'Cache-Control: max-age=600'],
    reason => ['HTTP/1.1 200 Everything is very well', 'Cache-Control: max-age=600', 'Content-Type: text/plain'],
    repeated => ['HTTP/1.1 200 OK', 'Cache-Control: public', 'Link: </a>; rel=preload', 'cache-control: max-age=600', 'LINK: </b>; rel=preload',
        'Vary: Accept-Language', 'X-Many: 1', 'X-Many: 2', 'X-MANY:   3   ', 'X-Empty:', 'X-Colon: a:b: c'],
    names => ['HTTP/1.1 200 OK', 'cache-Control: max-age=600', 'under_score: 1', 'X-' . 'Long-' x 30 . 'Name: 1', 'content-TYPE: image/svg+xml', 'eTAG: W/"w"'],
    accel => ['HTTP/1.1 200 OK', 'X-Accel-Expires: 600', 'X-Accel-Charset: koi8-r', 'X-Accel-Buffering: yes', 'X-Accel-Limit-Rate: 900000',
        'Content-Type: text/html', 'Expires: Mon, 02 Nov 2026 12:00:00 GMT'],
    cookie => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', 'Set-Cookie: a=1; Path=/', 'Set-Cookie: b=2'],
    redirect => ['HTTP/1.1 301 Moved Permanently', 'Cache-Control: max-age=600', 'Location: http://%ORIGIN%/elsewhere', 'Refresh: 5; url=http://%ORIGIN%/there'],
    missing => ['HTTP/1.1 404 Not Found', 'Cache-Control: max-age=600', 'Content-Type: text/html'],
    gzipped => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', 'Content-Encoding: gzip', 'Vary: Accept-Encoding'],
    lf => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', 'Content-Type: text/plain'],
    long => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', map { "X-Field-$_: " . 'v' x 50 } 1 .. 70],
    many => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', map { "X-$_: v" } 1 .. 70],
    chunked => ['HTTP/1.1 200 OK', 'Cache-Control: max-age=600', 'Transfer-Encoding: chunked', 'ETag: "c"'],
);

sub common ($what)
{
    return <<"CONF";
        proxy_cache            $what;
        proxy_ignore_headers   Set-Cookie;
        proxy_buffer_size      16k;
        proxy_buffers          8 16k;
        proxy_pass             http://%ORIGIN%/;
CONF
}

# the nginx of the sanitizers has no sub_filter
my $nginx = $ENV{NGX_CDN_NGINX} // 'nginx';
my $substitution = `$nginx -V 2>&1` =~ /http_sub_module/
    ? "sub_filter_types *; sub_filter '(' '<parenthesis>'; sub_filter_once off;" : '';

my $t = nginx(<<"CONF", http => <<'HTTP', origin => sub ($r) {
    location /stock/          { @{[common('stock')]} }
    location /cdn/            { @{[common('cdn')]} cdn_purge on; }
    location /stock/sendfile/ { @{[common('stock')]} sendfile on; }
    location /cdn/sendfile/   { @{[common('cdn')]} cdn_purge on; sendfile on; }
    location /stock/gzip/     { @{[common('stock')]} gzip on; gzip_types *; gzip_min_length 100; }
    location /cdn/gzip/       { @{[common('cdn')]} cdn_purge on; gzip on; gzip_types *; gzip_min_length 100; }
    location /stock/sub/      { @{[common('stock')]} $substitution }
    location /cdn/sub/        { @{[common('cdn')]} cdn_purge on; $substitution }
    location /page            { ssi on; ssi_types *; root %DIR%/html; }
    location ^~ /cdn/purge    { cdn_purge_api; }
CONF
    cdn_zone          4m;
    proxy_cache_path  %DIR%/cache/cdn keys_zone=cdn:1m;
    proxy_cache_path  %DIR%/cache/stock keys_zone=stock:1m;
HTTP
    my ($name, $size) = $r->{uri} =~ m{(\w+)/(\d+)};
    my $body = $body{$size};
    my @head = map { s/%ORIGIN%/$r->{headers}{host}/r } @{ $answer{$name} };
    if ($name eq 'chunked') {
        $body = join('', map { sprintf "%x\r\n%s\r\n", length, $_ } grep { length } unpack '(a4096)*', $body) . "0\r\n\r\n";
    } elsif ($name ne 'bare') {
        push @head, "Content-Length: $size";
    }
    return [0, [], '', raw => join($name eq 'lf' ? "\n" : "\r\n", @head, '', '') . $body];
}, files => { page => 'a <!--# include virtual="/cdn/reason/1000" --> b <!--# include virtual="/cdn/reason/1" -->' });

# Without what is now.
sub told ($r)
{
    my $head = join "\n", grep { !/^(?:Date: (?!Mon, 02 Nov)|Connection:)/ } split /\r?\n/, $r->head =~ s{/(?:stock|cdn)/}{/}gr;
    my $body = $r->body;
    if (my ($boundary) = $head =~ /boundary=(\w+)/) {
        s/$boundary/boundary/g for $head, $body;
    }
    return "$head\n\n$body";
}

my @asked = (
    ['GET'], ['GET'], ['HEAD'], ['GET', 'Range: bytes=5-20'], ['GET', 'Range: bytes=-7'], ['GET', 'Range: bytes=0-3,10-12'], ['GET', 'If-None-Match: "abc"'],
    ['GET', 'If-Modified-Since: Mon, 02 Nov 2026 10:00:00 GMT'], ['GET', 'Accept-Encoding: gzip'], ['GET'],
);

for my $kind ('', 'sendfile/', 'gzip/', 'sub/') {
    for my $name (sort keys %answer) {
        next if $kind && $name !~ /^(?:ordinary|bare|repeated|chunked)$/;
        my @wrong;
        for my $size (sort { $a <=> $b } keys %body) {
            for my $ask (@asked) {
                my ($method, @headers) = @$ask;
                my ($stock, $cdn) = map { told($t->request($method => "/$_/$kind$name/$size", headers => [map { split /: /, $_, 2 } @headers])) } 'stock', 'cdn';
                push @wrong, "$size bytes, @$ask: \n$stock\n--- instead:\n$cdn" if $stock ne $cdn;
            }
        }
        ok(!@wrong, "$kind$name: hits are stock nginx's") or diag(substr $wrong[0], 0, 3000);
    }
}

is($t->get('/page')->body, "a $body{1000} b $body{1}", 'included by SSI') for 1 .. 3;

# ---- what is remembered is of these bytes, not of this URL

my $u = nginx(<<'CONF', http => <<'HTTP', origin => sub ($r) {
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status;
    }
    location ^~ /cdn/purge  { cdn_purge_api; }
CONF
    cdn_zone          4m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:4m;
    keepalive_requests 100000;
HTTP
    state %version;
    my $version = ++$version{ $r->{uri} };
    return [200, ['Cache-Control' => 'max-age=600', 'X-Of' => "$r->{uri} version $version"], "$r->{uri} body $version"];
});

my $c = $u->connect;
sub is_version ($path, $version, $cache)
{
    my $r = $c->get($path);
    return $r->header('X-Of') eq "$path version $version" && $r->body eq "$path body $version" && $r->header('X-Cache') eq $cache;
}

for my $version (1 .. 3) {
    is($u->request(POST => '/cdn/purge', body => '{"urls":["/a","/b"],"mode":"hard"}')->status, 200, 'purged') if $version > 1;
    ok(is_version('/a', $version, 'MISS') && is_version('/b', $version, 'MISS'), "version $version");
    ok(is_version('/a', $version, 'HIT') && is_version('/b', $version, 'HIT'), "version $version, out of the cache") for 1 .. 4;
}

# more than are remembered
my @paths = map { "/many/$_" } 1 .. 3000;
$c->get($_) for @paths;
my @wrong = grep { !is_version($_, 1, 'HIT') } map { ($_) x 2, $paths[rand @paths] } @paths;
ok(!@wrong, 'each of 3,000 objects is told as its own') or diag("@wrong[0 .. 3]");

# ---- hot files stay open, as many as there is room for

sub open_files ($t)
{
    my $dir = $t->dir . '/cache/c';
    return map { my $worker = $_; grep { index($_, $dir) == 0 } map { readlink($_) // '' } glob "/proc/$worker/fd/*" } $t->workers;
}

my $v = nginx(<<'CONF', workers => 1, main => "thread_pool cdn_image threads=2;\nworker_rlimit_nofile 120;", http => <<'HTTP', origin => sub ($r) {
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status;
    }
    location /stock/        { proxy_cache c; proxy_pass http://%ORIGIN%; }
    location /own/          { proxy_cache c; proxy_pass http://%ORIGIN%; cdn_purge on; open_file_cache max=1; }
    location /files/        { proxy_cache c; cdn_purge on; root %DIR%/html; }
    location ^~ /cdn/purge  { cdn_purge_api; }
CONF
    cdn_zone          4m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:4m;
HTTP
    state $n;
    return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => 't'], 'version ' . ++$n];
}, files => { 'files/a' => 'first' });

my @hot = map { "/hot/$_" } 1 .. 100;
my %first = map { $_ => $v->get($_)->body } @hot;
is(scalar(open_files($v)), 0, 'what was asked for once is closed');
for (1 .. 3) {
    ok(!(grep { $v->get($_)->body ne $first{$_} } @hot), 'many hot objects are served');
}
cmp_ok(scalar(open_files($v)), '<=', 16, 'no more files stay open than descriptors allow');
for (1 .. 3) {
    $v->get($_) for @hot[-3 .. -1];
}
my $open = open_files($v);
cmp_ok($open, '>=', 3, 'hot ones do');
cmp_ok($open, '<=', 16, 'and no more than that');

$v->get('/stock/a') for 1 .. 3;
is(scalar(open_files($v)), $open, 'elsewhere nginx does as it is told');
is($v->get('/files/a')->body, 'first', 'a file of its own');
$v->get('/files/a') for 1 .. 3;
rename $v->dir . '/html/files/a', $v->dir . '/html/files/b';
is($v->status('/files/a'), 404, 'is looked for each time');

my $hot = $hot[-1];
is($v->get($hot)->header('X-Cache'), 'HIT', 'a hot object');
is($v->request(POST => '/cdn/purge', body => '{"tags":["t"],"mode":"hard"}')->status, 200, 'is purged');
isnt($v->get($hot)->body, $first{$hot}, 'and fetched anew');
$v->get($hot) for 1 .. 3;
unlink grep { -f } map { glob "$_/*" } $v->dir . '/cache/c';
ok(eventually(sub { $v->get($hot)->header('X-Cache') ne 'HIT' }, 5), 'a file that somebody removes is missed');

done();
