# Failover: through Sentinel to the new master, and to a second URL.

use lib 't/lib';
use NginxTest;
use File::Temp 'tempdir';
use IO::Socket::INET;

my $dir = tempdir('ngx_cdn_redis_XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %port = map { $_ => free_port() } qw(first second sentinel);

sub redis_start ($name, @arguments)
{
    mkdir "$dir/$name";
    my $pid = spawn('redis-server', @arguments, '--port', $port{$name}, '--bind', '127.0.0.1', '--save', '', '--dir', "$dir/$name",
        $name eq 'sentinel' ? '--sentinel' : ());
    eventually(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port{$name}) }, 10) or die "no $name";
    return $pid;
}

sub redis ($name, @command)
{
    open my $out, '-|', 'redis-cli', '-p', $port{$name}, @command or die $!;
    local $/;
    return scalar <$out> // '';
}

sub edge ($name, $redis)
{
    return nginx(<<'CONF', http => <<"HTTP", origin => sub ($r) { state $n; return [200, ['Cache-Tag' => 'a', 'Cache-Control' => 'max-age=600'], ++$n] });
        location / { proxy_cache c;  cdn_purge on;  proxy_pass http://%ORIGIN%; }
        location ^~ /cdn/purge { cdn_purge_api; }
CONF
        cdn_zone          1m;
        cdn_node          $name;
        cdn_redis         $redis;
        proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
HTTP
}

sub travels ($from, $to, $name)
{
    return ok(eventually(sub {
        my $before = $to->get('/x')->body;
        my $r = $from->request(POST => '/cdn/purge?wait=3s', body => '{"tags":["a"],"mode":"hard"}');
        return $r->status == 200 && $to->get('/x')->body > $before;
    }, 30), $name);
}

my %pid = (first => redis_start('first'));
$pid{second} = redis_start('second', '--replicaof', "127.0.0.1 $port{first}");
open my $conf, '>', "$dir/sentinel.conf" or die $!;
print $conf "sentinel monitor school 127.0.0.1 $port{first} 1\nsentinel down-after-milliseconds school 1000\nsentinel failover-timeout school 3000\n";
close $conf;
$pid{sentinel} = redis_start('sentinel', "$dir/sentinel.conf");
ok(eventually(sub { redis('sentinel', 'sentinel', 'replicas', 'school') =~ /$port{second}/ }, 20), 'the sentinel knows both');

my $sentinel = "redis://127.0.0.1:$port{sentinel} sentinel=school";
my @by_sentinel = (edge('a', $sentinel), edge('b', $sentinel));
my $urls = "redis://127.0.0.1:$port{first} redis://127.0.0.1:$port{second} namespace=urls";
my @by_urls = (edge('c', $urls), edge('d', $urls));

travels(@by_sentinel, 'purges travel by way of the sentinel');
travels(@by_urls, 'and by the first of two URLs');

kill KILL => $pid{first};
waitpid $pid{first}, 0;
is($by_sentinel[0]->get('/x')->status, 200, 'no request waits for a dead Redis');
ok(eventually(sub { redis('second', 'role') =~ /^master/ }, 30), 'the replica takes over');

travels(reverse(@by_sentinel), 'purges travel through the new master');
travels(reverse(@by_urls), 'also where it is the second URL');

kill KILL => @pid{qw(second sentinel)};
waitpid $_, 0 for @pid{qw(second sentinel)};
done();
