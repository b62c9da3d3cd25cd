# The command ngx-cdn at real edges: purging, warming, watching.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw(cached is_connected redis_server);
use File::Temp 'tempdir';
use Digest::SHA qw(sha1);
use JSON::PP ();
use MIME::Base64 'encode_base64';
use Time::HiRes 'sleep';

my ($command) = grep { -x } NginxTest::module() =~ s{[^/]*$}{ngx-cdn}r, "$NginxTest::root/build/ngx-cdn";
$command or die "no build/ngx-cdn: run scripts/test first\n";
my $dir = tempdir('ngx_cdn_cli_XXXXXX', TMPDIR => 1, CLEANUP => 1);
delete @ENV{qw(NGX_CDN_PURGE_URL NGX_CDN_PURGE_TOKEN NGX_CDN_REDIS NGX_CDN_STATUS_URL NGX_CDN_STATUS_USER)};

sub write_file ($name, $text)
{
    open my $file, '>:raw', "$dir/$name" or die $!;
    print $file $text;
    close $file;
    return "$dir/$name";
}

sub slurp ($name) { NginxTest::Client::slurp("$dir/$name") }

# Starts it; what it prints goes to files.
sub start (@arguments)
{
    my $pid = fork // die $!;
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$dir/out";
        open STDERR, '>', "$dir/err";
        exec $command, @arguments or POSIX::_exit(127);
    }
    return $pid;
}

# Its exit code, or "signal N".
sub ended ($pid)
{
    waitpid $pid, 0;
    return $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
}

sub run (@arguments) { return ended(start(@arguments)) }
sub out () { slurp('out') }
sub err () { slurp('err') }
sub out_json () { JSON::PP->new->utf8->decode(out()) }

# ---- Redis and two edges

my $redis_port = free_port();
my $redis = redis_server($redis_port, '--requirepass', 'secret');
my $password = write_file('redis.password', "secret\n");
my $token = write_file('token', "a token\n");
my @redis = ('--redis', "redis://127.0.0.1:$redis_port/0", '--password', "file:$password", '--namespace', 'test');

sub edge ($name, $region)
{
    my %version;
    return nginx(<<'CONF', workers => 2, http => <<"HTTP", origin => sub ($r) {
        location / {
            proxy_cache  c;
            cdn_purge    on;
            proxy_pass   http://%ORIGIN%;
            add_header   X-Cache $upstream_cache_status always;
        }
        location ^~ /cdn-cgi/image/ {
            proxy_cache  c;
            proxy_pass   http://%ORIGIN%;
            add_header   X-Cache $upstream_cache_status always;
        }
        location ^~ /cdn/purge   { cdn_purge_api;  cdn_purge_token "a token"; }
        location = /cdn/status   { cdn_status; }
        location = /busy         { return 503; add_header Retry-After 0 always; }
        location = /later        { return 503; add_header Retry-After 1000 always; }
        location = /page         { return 401 "<html>who\n</html>"; }
CONF
        cdn_zone          1m;
        cdn_node          $name region=$region;
        cdn_redis         redis://127.0.0.1:$redis_port/0 namespace=test password=file:$password;
        cdn_purge_event   user-changed "tag:user-{user_id}";
        proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
        server { listen unix:%DIR%/edge.sock; location ^~ /cdn/purge { cdn_purge_api; } }
        server { listen 127.0.0.1:%PORT_tls% ssl; %TLS%  location ^~ /cdn/purge { cdn_purge_api; } location / { return 200 "\$host"; } }
HTTP
        sleep 0.2 if $r->{uri} =~ /slow/;
        return [404, [], 'no'] if $r->{uri} =~ /missing/;
        return [503, ['Retry-After' => 0], 'busy'] if $r->{uri} =~ /once/ && !$version{once}++;
        return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => 'all ' . $r->{uri} =~ s/\W//gr],
            'version ' . ++$version{ $r->{uri} }];
    });
}

my $a = edge('a', 'us_east');
my $b = edge('b', 'ap');
for my $t ($a, $b) {
    ok(is_connected($t), 'an edge finds Redis');
}
my @to = ('--to', "http://127.0.0.1:$a->{port}/cdn/purge", '--token', "file:$token");

sub fill ($uri)
{
    for my $t ($a, $b) {
        $t->get($uri);
        like(cached($t, $uri), qr/^HIT/, "$uri is cached");
    }
}

# both have to be known before receipts of both are waited for
ok(eventually(sub {
    run('purge', @redis, '--tag', 'none', '--wait', '5s', '--json') == 0 && @{ out_json()->{edges} // [] } == 2;
}, 15), 'both edges know one another');

# ---- purge, at an edge

fill('/one');
is(run('purge', @to, '--tag', 'one', '--hard', '--wait', '10s', '--reason', 'a test'), 0, 'a purge by tag is done');
like(out(), qr/^\S+ applied at .*\nNODE +REGION +APPLIED\na +us_east +after \d+ ms\nb +ap +after \d+ ms\n\z/, 'and shows when which edge applied it');
is(err(), '', 'without a word more');
is(cached($_, '/one'), 'MISS 2', 'it holds') for $a, $b;

fill('/one');
is(run('purge', @to, '--url', '/one', '--hard', '--wait', '10s', '--json'), 0, 'a purge by URL, in JSON');
my $id = out_json()->{id};
is_deeply([sort map { $_->{node} } @{ out_json()->{edges} }], ['a', 'b'], 'has receipts');
is(cached($b, '/one'), 'MISS 3', 'it holds');
is(run('purge', 'show', $id, @to), 0, 'it can be shown');
like(out(), qr/^\Q$id\E applied .*^a +us_east.*^mode: hard\n.*^  url:\/one\n/ms, 'with what it was');
is(run('purge', 'list', @to), 0, 'the latest are listed');
like(out(), qr/^ID.*\n\Q$id\E  applied .* hard  url:\/one\n/, 'newest first');

is(run('purge', @to, '--event', 'user-changed', '--data', 'user_id=42'), 0, 'an event is purged');
is(run('purge', 'list', @to, '--limit', 1, '--json'), 0, 'a list of one');
is_deeply(out_json()->{purges}[0]{targets}, ['tag:user-42'], 'has its target');
is(run('purge', @to, '--event', 'nothing'), 1, 'an unknown event is refused');
like(err(), qr/\Angx-cdn: refused with 400: .*nothing.*\n\z/, 'in one line');

write_file('targets', "# all of these\nprefix:/a/\npattern:*.jpg\nurl:/b\na-tag\n");
is(run('purge', @to, '--targets', "$dir/targets", '--json'), 0, 'targets come from a file');
run('purge', 'show', out_json()->{id}, @to, '--json');
is_deeply([sort @{ out_json()->{targets} }], ['pattern:*.jpg', 'prefix:/a/', 'tag:a-tag', 'url:/b'], 'all of them');

is(run('purge', @to, '--tag', 'later', '--at', time + 1000, '--json'), 0, 'a purge to come');
is(out_json()->{status}, 'scheduled', 'is scheduled');
$id = out_json()->{id};
is(run('purge', 'cancel', $id, @to), 0, 'and can be cancelled');
is(run('purge', 'cancel', $id, @to), 1, 'once');

is(run('purge', '--to', "http://unix:$a->{dir}/edge.sock:/cdn/purge", '--tag', 'x'), 0, 'through a unix socket');

my $tls = "127.0.0.1:" . $a->port('tls');
is(run('purge', '--to', "https://$tls/cdn/purge", '--tag', 'x'), 3, 'an authority that nobody knows is not believed');
is(run('purge', '--to', "https://localhost:" . $a->port('tls') . '/cdn/purge', '--cacert', "$a->{dir}/certificate.pem", '--tag', 'x'), 0, 'one that is given is');

for my $everything (['--everything'], ['--prefix', '/'], ['--pattern', '*']) {
    is(run('purge', @to, @$everything), 2, "@$everything without a terminal needs --yes");
    like(err(), qr/--yes/, 'and says so');
}
is(run('purge', @to, '--everything', '--yes'), 0, 'with it, it is done');

# ---- refused

is(run('purge', @to[0, 1], '--tag', 'x'), 1, 'without a token it is refused');
like(err(), qr/\Angx-cdn: refused with 401: the purge token is missing or wrong\n\z/, 'with the reason');
{
    local $ENV{NGX_CDN_PURGE_TOKEN} = 'wrong';
    is(run('purge', @to[0, 1], '--tag', 'x'), 1, 'and with a wrong one');
    local $ENV{NGX_CDN_PURGE_URL} = $to[1];
    $ENV{NGX_CDN_PURGE_TOKEN} = 'a token';
    is(run('purge', '--tag', 'x'), 0, 'URL and token may be in the environment');
    $ENV{NGX_CDN_PURGE_TOKEN} = $to[3];
    is(run('purge', '--tag', 'x'), 0, 'or the name of its file');
}
is(run('purge', @to[0, 1], '--token', 'a token', '--tag', 'x'), 2, 'a token on the command line is refused');
unlike(err(), qr/a token"/, 'and not repeated');
is(run('purge', '--to', 'http://me:secret@127.0.0.1/cdn/purge', '--tag', 'x'), 2, 'a password in the URL too');
unlike(err(), qr/secret/, 'and not repeated');
is(run('purge', '--to', "http://127.0.0.1:$a->{port}/page", '--tag', 'x'), 1, 'a page of something else');
is(err(), "ngx-cdn: refused with 401\n", 'is not repeated');

for my $wrong ([], ['--url', 'no url'], ['--tag', 'x', '--at', '1'], ['--tag', 'x', '--wait', 'soon'], ['--tag', 'x', '--batch', 5],
    ['--hard', '--soft', '--tag', 'x'], ['--tag', 'x', '--data', 'a=b'], ['--targets', "$dir/none"], ['--nonsense'])
{
    is(run('purge', @to, @$wrong), 2, "wrong: @$wrong");
    like(err(), qr/\Angx-cdn: [^\n]+\n\z/, 'one line');
}

my $closed = free_port();
is(run('purge', '--to', "http://127.0.0.1:$closed/cdn/purge", '--tag', 'x'), 3, 'an edge that is down does not answer');
like(err(), qr/\Angx-cdn: http:\/\/127.0.0.1:$closed: [^\n]+\n\z/, 'in one line');

# ---- purge, straight to Redis

fill('/two');
is(run('purge', @redis, '--url', '/two', '--hard', '--wait', '10s'), 0, 'a purge straight to Redis');
like(out(), qr/^\S+ applied at .*\nNODE.*\na +us_east +after \d+ ms\nb +ap +after \d+ ms\n\z/, 'has receipts of both edges');
is(cached($_, '/two'), 'MISS 2', 'and holds') for $a, $b;
is(run('purge', 'list', @redis, '--limit', 1), 0, 'and is listed');
like(out(), qr/\n\S+  applied .* hard  url:\/two\n\z/, 'as it was');
run('purge', 'list', @redis, '--limit', 1, '--json');
$id = out_json()->{purges}[0]{id};
is(run('purge', 'show', $id, @redis), 0, 'and shown');
like(out(), qr/^b +ap.*^source: ngx-cdn\nwho: ngx-cdn, /ms, 'with who did it');
is($a->request(GET => "/cdn/purge/$id", headers => [Authorization => 'Bearer a token'])->json->{edges}[1]{node}, 'b', 'an edge tells the same');

fill('/three');
is(run('purge', @redis, '--url', '/three', '--hard', '--strategy', 'gradual', '--batch', 1, '--delay', 1, '--wait', '15s', '--json'), 0, 'a gradual one');
my %at = map { $_->{node} => $_->{applied_at} } @{ out_json()->{edges} };
cmp_ok($at{b} - $at{a}, '>=', 0.9, 'reaches the second edge later');

fill('/four');
is(run('purge', @redis, '--url', '/four', '--hard', '--at', time + 2), 0, 'one to come');
like(out(), qr/ scheduled for /, 'is scheduled');
ok(eventually(sub { cached($a, '/four') =~ /2/ && cached($b, '/four') =~ /2/ }, 15), 'and fires at the edges');
run('purge', @redis, '--tag', 'x', '--at', time + 1000, '--json');
is(run('purge', 'cancel', out_json()->{id}, @redis), 0, 'one to come is cancelled');
is(run('purge', 'cancel', 'no-such-id', @redis), 1, 'one that is not there is not');

is(run('purge', @redis, '--event', 'user-changed', '--data', 'user_id=1'), 2, 'events are the edges\' own');
is(run('purge', @redis[0 .. 3], '--namespace', 'other', '--tag', 'x'), 1, 'where no edge is, nothing is published');
is(run('purge', @redis[0, 1], '--namespace', 'test', '--tag', 'x'), 1, 'without its password Redis refuses');
like(err(), qr/\Angx-cdn: Redis: NOAUTH/, 'and says why');
is(run('purge', '--redis', "redis://:secret\@127.0.0.1:$redis_port", '--tag', 'x'), 2, 'a password on the command line is refused');
unlike(err(), qr/secret/, 'and not repeated');
{
    local $ENV{NGX_CDN_REDIS} = "redis://:secret\@127.0.0.1:$redis_port";
    is(run('purge', '--namespace', 'test', '--tag', 'x'), 0, 'but may be in the environment');
}
is(run('purge', '--redis', "redis://127.0.0.1:$closed", '--tag', 'x'), 3, 'no Redis, no answer');

fill('/five');
$b->stop;
is(run('purge', @redis, '--url', '/five', '--hard', '--wait', '300ms'), 1, 'an edge that is down does not apply it in time');
like(out(), qr/^b +not yet$/m, 'it is named');
like(err(), qr/\Angx-cdn: 1 of 2 edges did not apply it within 300ms\n\z/, 'and counted');
is(run('purge', @to, '--url', '/five', '--wait', '300ms'), 1, 'the endpoint tells the same');
like(out(), qr/^b +not yet$/m, 'by name');
$b->start;
is(cached($b, '/five'), 'MISS 2', 'it catches up');

# ---- warm

my $via = "http://127.0.0.1:$a->{port}";
write_file('list', join '', map { "$_\n" } '# pages', '/w1', '/w2', "http://other.test/w3", '/p/a.jpg', '', '/w1');
is(run('warm', '--via', $via, '--host', 'www.test', '--urls', "$dir/list", '--presets', 'hero,thumbnail', '--widths', '480'), 0, 'a list is fetched');
like(out(), qr/\A7 fetched, 0 failed; \d+ B in \d+s\n7 are new in the cache, 0 were there\n\z/, 'each URL once, with its variants');
is(err(), '', 'without a terminal there is no progress bar');
my %asked = map { $_->{uri} => 1 } $a->origin_requests;
ok($asked{$_}, "$_ was fetched") for '/cdn-cgi/image/preset=hero/p/a.jpg', '/cdn-cgi/image/width=480,quality=85/p/a.jpg', '/p/a.jpg';

is(run('warm', '--via', $via, '--host', 'www.test', '--urls', "$dir/list", '--json'), 0, 'again, in JSON');
is_deeply([@{ out_json() }{qw(succeeded failed not_fetched hits misses)}], [4, 0, 0, 4, 0], 'all are hits');

write_file('bad', "/busy\n/later\n/missing\n/w9\n");
is(run('warm', '--via', $via, '--urls', "$dir/bad", '--json'), 1, 'some fail');
is_deeply([@{ out_json() }{qw(succeeded failed)}], [1, 3], 'they are counted');
like(err(), qr{^ngx-cdn: /$_->[0]: $_->[1]$}m, "/$_->[0] is named") for ['busy', 503], ['later', 503], ['missing', 404];

is(run('warm', '--via', $via, '--top', 3, '--json'), 0, 'the most requested are fetched') or diag(err());
cmp_ok(out_json()->{succeeded}, '>=', 3, 'all of them');

write_file('once', "/once\n");
is(run('warm', '--via', $via, '--urls', "$dir/once", '--json'), 0, 'an edge that is busy is asked again when it said');
is(out_json()->{succeeded}, 1, 'once');
is(scalar(() = $a->origin_requests(qr/once/)), 2, 'with one more request');

is(run('warm', '--via', "https://$tls", '--host', 'localhost', '--cacert', "$a->{dir}/certificate.pem", '--urls', "$dir/once"), 0, 'https, by the visitors\' name');

is(run('warm', '--via', "http://127.0.0.1:$closed", '--urls', "$dir/list"), 3, 'an edge that is down');
like(err(), qr/\Angx-cdn: http:\/\/127.0.0.1:$closed: [^\n]+\n\z/, 'is said to be, in one line');
write_file('odd', "/a b\n");
is(run('warm', '--via', $via, '--urls', "$dir/odd"), 2, 'what is no URL is wrong');
is(run('warm', '--via', $via, '--urls', "$dir/none"), 2, 'and a file that is not there');
is(run('warm', '--via', $via, '--urls', "$dir/list", '--header', 'X', "a\nY: b"), 2, 'and a header of two lines');

write_file('long', join '', map { "/slow$_\n" } 1 .. 500);
my $pid = start('warm', '--via', $via, '--urls', "$dir/long", '--concurrency', 2, '--json');
$a->origin_reset;
ok(eventually(sub { $a->origin_requests(qr/slow/) >= 4 }, 20), 'a long list is under way');
kill INT => $pid;
is(ended($pid), 130, 'Ctrl-C ends it');
my $totals = out_json();
cmp_ok($totals->{succeeded}, '>=', 1, 'what was under way came to its end');
is($totals->{failed}, 0, 'nothing failed by it');
is($totals->{succeeded} + $totals->{not_fetched}, 500, 'and the rest is counted as not fetched');

# ---- status and report

$a->get("/odd\x9b31m\xe2\x80\xae") for 1 .. 30;
my $status = "$via/cdn/status";
is(run('status', $status), 0, 'the status, once, without a terminal');
like(out(), qr/\Aa  .*^5m .*^PROFILE/ms, 'has what it should');
like(out(), qr{localhost/odd\xef\xbf\xbd31m\?}, 'the most requested objects among it');
unlike(out(), qr/[\x00-\x09\x0b-\x1f\x7f]|\xc2\x9b|\xe2\x80\xae|\x9b31m/, 'and no byte that a visitor chose');
is(run('status', $status, '--json'), 0, 'or in JSON');
is(out_json()->{node}, 'a', 'as the edge has it');
is(run('report', $status, '--period', '1h'), 0, 'a report');
like(out(), qr/\Aa: the last hour until .*^Traffic.*^Advice/ms, 'has what it should');
is(run('report', $status, '--markdown'), 0, 'in Markdown');
like(out(), qr/^## Traffic\n\n- \*\*Requests\*\*/m, 'is Markdown');
is(run('report', $status, '--period', '2h'), 2, 'of a period that is not kept is refused');
is(run('status', "http://127.0.0.1:$closed/cdn/status"), 3, 'no edge, no status');
is(run('status', "$via/one"), 1, 'a page is no status');

# where it asks who one is
my $asking = nginx('location = /status { cdn_status; auth_basic status; auth_basic_user_file %DIR%/users; }');
$asking->write("$asking->{dir}/users", "eve:{SHA}" . encode_base64(sha1('pass:word')));
my $user = $asking->write("$asking->{dir}/user", "eve:pass:word\n");
my $asked = "http://127.0.0.1:$asking->{port}/status";
is(run('status', $asked), 1, 'a status behind a password');
like(err(), qr{/status answers 401$}m, 'is refused without one');
for my $how (['status'], ['status', '--json'], ['report']) {
    is(run(@$how, '--user', "file:$user", $asked), 0, "@$how: and there for who has it");
}
{
    local $ENV{NGX_CDN_STATUS_USER} = 'eve:pass:word';
    is(run('report', $asked), 0, 'from the environment');
    is(run('warm', '--via', "http://127.0.0.1:$asking->{port}", '--status', $asked, '--top', 5), 0, 'for warm too');
    local $ENV{OTHER} = 'eve:wrong';
    is(run('status', '--user', 'env:OTHER', $asked), 1, 'a wrong one');
    is(run('status', '--user', 'eve:pass:word', $asked), 2, 'on the command line: never');
    unlike(err(), qr/pass:word/, 'nor is it repeated');
    local $ENV{OTHER} = 'eve';
    is(run('status', '--user', 'env:OTHER', $asked), 2, 'without a password it is none');
}

# what an edge tells may have come from anyone
my $hostile = nginx(<<'CONF', files => { 'status.json' => JSON::PP->new->utf8->encode({
    location / { default_type application/json; }
CONF
    node => "n\e]0;owned\a", now => 1, windows => {}, score => 50,
    top => { objects => [{ url => "h/\e[2J\r\n\x{9b}31m", requests => 3 }], misses => [] },
    requests => { by_profile => { "\e[31mred" => { requests => 1 } } },
    recommendations => [{ text => "\e[5m", reason => "\b\b", directive => "\x7f" }],
}) });
for my $how (['status'], ['status', '--json'], ['report'], ['report', '--markdown']) {
    is(run(@$how, "http://127.0.0.1:$hostile->{port}/status.json"), 0, "@$how of hostile names");
    unlike(out(), qr/[\x00-\x09\x0b-\x1f\x7f]|\xc2\x9b/, 'prints no control character');
}

# ---- in a terminal

# In one of so many columns; it is given SIGINT when what it writes matches.
sub in_terminal ($columns, $wanted, @arguments)
{
    my $line = join ' ', map { "'$_'" } $command, @arguments;
    write_file('run.sh', "stty cols $columns rows 20; echo \$\$ >$dir/pid; exec $line\n");
    unlink "$dir/screen", "$dir/pid";
    my $pid = spawn('script', '-qefc', "sh $dir/run.sh", "$dir/screen");
    ok(eventually(sub { -e "$dir/screen" && slurp('screen') =~ $wanted }, 20), "$arguments[0] in $columns columns") or diag(slurp('screen'));
    my $inner = slurp('pid') =~ s/\s//gr;
    kill INT => $inner;
    ok(eventually(sub { !kill 0 => $inner }, 20), 'ends by Ctrl-C');
    ok(eventually(sub { slurp('screen') =~ /^Script done.*COMMAND_EXIT_CODE="(\d+)"/m }, 20), 'for good');
    return slurp('screen') =~ s/\AScript started.*\n//r;
}

{
    local $ENV{TERM} = 'xterm';
    local $ENV{LC_ALL} = 'C.UTF-8';
    for my $columns (60, 200) {
        my $screen = in_terminal($columns, qr/of 100/, 'status', "http://127.0.0.1:$hostile->{port}/status.json");
        like($screen, qr/COMMAND_EXIT_CODE="0"/, 'an end like any other');
        my ($shown) = $screen =~ /\A\e\[\?1049h\e\[\?25l(.*)\e\[\?25h\e\[\?1049l/s;
        ok(defined $shown, 'the screen is as it was before');
        $shown =~ s/\e\[(?:H|K|J|0m|1m|3[123]m)|\r\n//g;
        unlike($shown, qr/[\x00-\x1f\x7f]|\xc2\x9b/, 'and nothing but our own sequences was on it');
    }
    local $ENV{NO_COLOR} = 1;
    unlike(in_terminal(60, qr/of 100/, 'status', "http://127.0.0.1:$hostile->{port}/status.json"), qr/\e\[\d*m/, 'NO_COLOR');

    for my $columns (24, 100) {
        my $screen = in_terminal($columns, qr/\d+\/500/, 'warm', '--via', $via, '--urls', "$dir/long", '--rate', 20);
        like($screen, qr/COMMAND_EXIT_CODE="130"/, 'interrupted');
        is($screen =~ /█|░/ ? 100 : 24, $columns, 'a bar where there is room');
        like($screen, qr/\r\e\[K\d+ fetched, 0 failed, \d+ not fetched/, 'the totals take its place');
    }
}

kill KILL => $redis;
waitpid $redis, 0;
done();
