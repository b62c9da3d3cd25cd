# Two nginx at once: the old and the new one of a binary upgrade share purges
# exactly, two strangers do not share a state directory.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', workers => 1, http => <<'HTTP', origin => sub ($r) {
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Pid $pid always;
    }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
HTTP
    state $n;
    return [200, ['Cache-Tag' => 'a', 'Cache-Control' => 'max-age=600'], ++$n];
});

sub purge () { return $t->request(POST => '/cdn/purge', body => '{"tags":["a"],"mode":"hard"}')->status }

my $old = $t->master;
kill USR2 => $old;
ok(eventually(sub { -e "$t->{dir}/nginx.pid.oldbin" && -s "$t->{dir}/nginx.pid" }), 'a new nginx starts beside the old one');

my (%served, $stale, $refused);
for my $round (1 .. 1000) {
    last if keys %served == 2 && $round > 200;
    my $uri = '/' . $round % 5;
    my $before = $t->get($uri)->body;
    $refused++ if purge() != 200;
    for (1 .. 4) {
        my $r = $t->get($uri);
        $served{ $r->header('X-Pid') }++;
        $stale++ if $r->body <= $before;
    }
}
is(scalar keys %served, 2, 'both serve');
is($refused, undef, 'both take purges');
is($stale, undef, 'and neither serves what the other has purged');

kill QUIT => $old;
ok(eventually(sub { !-e "/proc/$old" }), 'the old one leaves');
my $before = $t->get('/1')->body;
is(purge(), 200, 'the new one goes on');
cmp_ok($t->get('/1')->body, '>', $before, 'and purges');

# ---- an upgrade that is taken back

$old = $t->master;
kill USR2 => $old;
ok(eventually(sub { -e "$t->{dir}/nginx.pid.oldbin" && -s "$t->{dir}/nginx.pid" }), 'another upgrade');
my $new = $t->master;
kill WINCH => $old;
ok(eventually(sub { !$t->workers($old) }), 'leaves the old one without workers');
$before = $t->get('/1')->body;
is(scalar(grep { purge() == 200 } 1 .. 300), 300, 'what the new one purges');
kill HUP => $old;
ok(eventually(sub { $t->workers($old) }), 'is known to the old one, which comes back');
kill QUIT => $new;
ok(eventually(sub { !-e "/proc/$new" }), 'and is alone');
is($t->get('/1')->header('X-Pid'), ($t->workers($old))[0], 'then it serves');
cmp_ok($t->get('/1')->body, '>', $before, 'and nothing that was purged');

my $stranger = NginxTest->prepare('location /cdn/purge { cdn_purge_api; }',
    http => "cdn_zone 1m;\ncdn_state $t->{dir}/state;");
my ($status, $output) = $stranger->run_nginx;
isnt($status, 0, 'a stranger does not start on this directory');
like($stranger->slurp("$stranger->{dir}/logs/error.log") . $output,
    qr/\[emerg\].*"cdn_state": ".*" is in use by another nginx/, 'and says why');
$stranger->remove;

done();
