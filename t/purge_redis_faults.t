# A Redis that lies, breaks off, or lets nobody in: this edge serves and purges on its own, and
# tells the fleet later.

use lib 't/lib';
use NginxTest;
use NginxTest::Fleet qw(purging_edge cached redis_server is_connected);
use IO::Socket::INET;

my $port = free_port();
my %answer = (
    'hangs up'        => sub ($c) {},
    'says nothing'    => sub ($c) { sleep 60 },
    'speaks HTTP'     => sub ($c) { print $c "HTTP/1.1 400 Bad Request\r\n\r\n"; sleep 1 },
    'answers OK to everything' => sub ($c) { while (sysread $c, my $bytes, 65536) { print $c "+OK\r\n" x (() = $bytes =~ /^\*/mg) } },
    'answers with errors' => sub ($c) { while (sysread $c, my $bytes, 65536) { print $c "-ERR no\r\n" x (() = $bytes =~ /^\*/mg) } },
    'answers with numbers' => sub ($c) { while (sysread $c, my $bytes, 65536) { print $c ":-9223372036854775808\r\n" x (() = $bytes =~ /^\*/mg) } },
    'nests without end' => sub ($c) { sysread $c, my $bytes, 65536; print $c "*1\r\n" x 10_000; sleep 1 },
    'promises too much' => sub ($c) { sysread $c, my $bytes, 65536; print $c "*3\r\n\$4294967296\r\nx"; sleep 1 },
    'sends rubbish'   => sub ($c) { print $c join '', map { chr int rand 256 } 1 .. 4096; sleep 1 },
    'answers with entries of its own' => sub ($c) {
        while (sysread $c, my $bytes, 65536) {
            for (() = $bytes =~ /^\*/mg) {
                print $c "*2\r\n*2\r\n\$3\r\n1-1\r\n*2\r\n\$5\r\npurge\r\n\$9\r\n{\"tags\":[\r\n*2\r\n\$9\r\nnot-an-id\r\n*-1\r\n";
            }
        }
    },
);

my $t;

sub edge ($redis) { return purging_edge("cdn_redis $redis;") }

# Serves, purges, and keeps its temper.
sub copes ($what)
{
    my $pid = join ' ', sort { $a <=> $b } $t->workers;
    $t->get('/a');
    like(cached($t, '/a'), qr/^HIT/, "$what: it serves");
    my $r = $t->request(POST => '/cdn/purge', body => '{"tags":["all"],"mode":"hard"}');
    is($r->status, 202, 'a purge is accepted');
    is($r->json->{status}, 'pending', 'to be told the fleet');
    like(cached($t, '/a'), qr/^MISS/, 'and holds here');
    like(cached($t, '/a'), qr/^HIT/, 'once');
    is(join(' ', sort { $a <=> $b } $t->workers), $pid, 'no worker fell');
    cmp_ok(scalar(() = $t->error_log =~ /cdn redis|cdn_redis|redis/gi), '<', 40, 'the log is not filled');
    ok(!$t->get('/cdn/status?format=json')->json->{redis}{connected} || $what =~ /answers/, 'the status page tells') if $what !~ /OK/;
    return;
}

for my $what (sort keys %answer) {
    my $listener;
    eventually(sub {                                   # the one before may be about to end
        $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1);
    }, 10) or die $!;
    my $liar = NginxTest::Process::fork_child('/dev/null', sub {
        $SIG{CHLD} = 'IGNORE';
        while (my $c = $listener->accept) {
            next if fork;
            $c->autoflush;
            $SIG{PIPE} = sub { POSIX::_exit(0) };
            $answer{$what}->($c);
            POSIX::_exit(0);
        }
    });
    close $listener;
    $t = edge("redis://127.0.0.1:$port/0");
    select undef, undef, undef, 1;
    copes("a Redis that $what");
    $t->stop;
    kill KILL => -$liar, $liar;
    waitpid $liar, 0;
}

# ---- a password

my $redis = redis_server($port, '--requirepass', 'right');

$t = edge("redis://:wrong\@127.0.0.1:$port/0");
copes('a wrong password');
like($t->error_log, qr/WRONGPASS|invalid.*password/i, 'the log says why');
unlike($t->error_log, qr/:wrong|"wrong"/, 'without the password');
$t->stop;

$t = edge("redis://127.0.0.1:$port/0");
copes('no password');
like($t->error_log, qr/NOAUTH/, 'the log says why');
$t->stop;

$t = edge("redis://:right\@127.0.0.1:$port/0");
ok(is_connected($t), 'the right one lets in');
ok(eventually(sub { $t->request(POST => '/cdn/purge?wait=2s', body => '{"tags":["all"]}')->status == 200 }, 15), 'and purges reach the fleet');
$t->stop;

# ---- roles exchanged

my $other = free_port();
redis_server($other, '--replicaof', '127.0.0.1', $port, '--masterauth', 'right', '--requirepass', 'right');
my ($calls, $quiet) = map { purging_edge("cdn_node $_; cdn_redis redis://127.0.0.1:$port/0 redis://127.0.0.1:$other/0 password=right;") } 'a', 'b';
my $both = sub {
    my $r = $calls->request(POST => '/cdn/purge?wait=1s', body => '{"tags":["all"]}');
    return $r->status == 200 && join(' ', sort map { $_->{node} } ($r->json->{edges} // [])->@*) eq 'a b';
};
ok(eventually($both, 15), 'two edges obey');
NginxTest::Fleet::redis_cli($other, qw(-a right --no-auth-warning replicaof no one));
NginxTest::Fleet::redis_cli($port, qw(-a right --no-auth-warning replicaof 127.0.0.1), $other);
ok(eventually($both, 15), 'and say so when their Redis is a replica all at once, though one of them takes no calls');

# ---- a call that waits

my $fleet_of = sub ($body) {
    my $r = $calls->request(POST => '/cdn/purge?wait=20s', body => $body)->json;
    return join ' ', map({ $_->{node} } ($r->{edges} // [])->@*), map({ "without $_" } ($r->{missing} // [])->@*);
};
is($fleet_of->('{"tags":["all"],"at":' . (time + 3600) . '}'), '', 'does not wait for edges to apply a purge to come');
NginxTest::Fleet::redis_cli($other, qw(-a right --no-auth-warning flushall));
like($fleet_of->('{"tags":["all"]}'), qr/\ba\b/, 'and waits until a Redis that forgot the fleet knows it again');

done();
