# what a purge costs, by how many objects it names, and what hits notice of it
#
# One worker, its cache filled with as many objects of a tag; the tag is purged again and
# again over one connection, while eight clients ask for another object; "none" is these
# clients alone, in turn with the others: what the machine does to them.  Then two edges and
# a real Redis: from the acknowledgement on one to the receipt of the other.  The bars: the
# same cost, 1 ms at most; no hit waits over 4 ms; 20 ms to every node.

use Bench;
use IO::Socket::INET;
use NginxTest qw(:DEFAULT);
use Time::HiRes qw(time sleep);

Bench::defaults(seconds => 1.5, rounds => 10);

my @objects = quick() ? (1, 1_000, 10_000) : (1, 1_000, 100_000);
my $receipts = quick() ? 25 : 100;

sub edge ($http = '', $name = 'one')
{
    return server(<<'CONF', http => <<"HTTP", servers => <<'ORIGIN', workers => 1);
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://127.0.0.1:%PORT_origin%;
    }
    location ^~ /cdn/purge { cdn_purge_api; }
    location = /cdn/status { cdn_status json; }
CONF
    cdn_zone          32m;
    cdn_node          $name;
    cdn_purge_rate    100000 burst=100000;
    proxy_cache_path  %DIR%/cache keys_zone=c:64m max_size=20g inactive=1d use_temp_path=off;
    proxy_cache_key   \$uri;
    proxy_cache_valid 200 1d;
    $http
HTTP
    server {
        listen 127.0.0.1:%PORT_origin%;
        location / { add_header Cache-Tag "other$tag"; return 200 "$uri"; }
    }
    map $uri $tag { ~^/(?<name>\w+)/\d $name; default ""; }
ORIGIN
}

# A connection that is kept: its requests' times in milliseconds.
package Asker {
    sub new ($class, $port)
    {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!\n";
        setsockopt $socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1;
        return bless { socket => $socket }, $class;
    }

    sub ask ($self, $request)
    {
        my $start = Time::HiRes::time();
        syswrite $self->{socket}, $request;
        my $answer = '';
        my $whole;
        while (!defined $whole || length $answer < $whole) {
            sysread $self->{socket}, $answer, 65536, length $answer or die "cut short: $answer\n";
            my $end = index $answer, "\r\n\r\n";
            $whole = $end + 4 + ($answer =~ /^Content-Length: (\d+)/mi ? $1 : 0) if $end >= 0;
        }
        $answer =~ m{^HTTP/1.1 20[02]} or die "refused: $answer\n";
        return 1000 * (Time::HiRes::time() - $start);
    }
}

sub get ($uri)    { "GET $uri HTTP/1.1\r\nHost: a\r\n\r\n" }
sub purge ($body, $query = '')
{
    return "POST /cdn/purge$query HTTP/1.1\r\nHost: a\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
}

headline('a purge of one tag, while eight clients ask for something else');
my $t = edge();
my $asker = Asker->new($t->port(''));
for my $count (@objects) {
    $asker->ask(get("/n$count/$_")) for 1 .. $count;
}
client($t, '/kept', seconds => 0.2, clients => 8);

sub hits ($count = 0)
{
    my $hits = client_start($t, '/kept', clients => 8, pause => 1);
    my $until = time + seconds;
    my @ms;
    while (time < $until - 0.1) {
        sleep 0.002;
        push @ms, $asker->ask(purge(qq({"tags":["n$count"],"mode":"hard"}))) if $count;
    }
    return { %{ finish($hits) }, purges => \@ms };
}

my $results = turns(none => sub { hits() }, map { my $count = $_; $count => sub { hits($count) } } @objects);

sub at ($part, @ms) { (sort { $a <=> $b } @ms)[$part * $#ms] }
sub spread (@ms)    { sprintf '%.2f (%.2f-%.2f)', median(@ms), at(0, @ms), at(1, @ms) }

my $row = table(['objects of the tag', 20], 'purges', 'p50 ms', 'p99 ms', 'max ms', ['hit p99 ms', 17], ['hit max ms', 19]);
for my $count ('none', @objects) {
    my @ms = map { @$_ } every($results, $count, 'purges');
    my @purge = @ms ? map { sprintf '%.2f', at($_, @ms) } 0.5, 0.99, 1 : ('', '', '');
    $row->($count, @ms || '', @purge, map { spread(every($results, $count, $_)) } qw(p99 max));
}

headline('a purge from one edge to another, through Redis');
my $port = NginxTest::Process::free_port();
my $dir = $t->dir . '/redis';
mkdir $dir;
NginxTest::Process::spawn('redis-server', '--port', $port, '--bind', '127.0.0.1', '--save', '', '--dir', $dir);
my ($first, $second) = map { edge("cdn_redis redis://127.0.0.1:$port;", $_) } qw(first second);
NginxTest::Process::eventually(sub { $_->get('/cdn/status')->json->{redis}{connected} }, 20) or die "no Redis\n" for $first, $second;
sleep 6;                                               # until each knows that the other is there

my @ms;
for my $n (1 .. $receipts) {
    my $r = $first->request(POST => '/cdn/purge?wait=5s', body => qq({"tags":["x$n"],"mode":"hard"}))->json;
    my %at = map { $_->{node} => $_->{applied_at} } @{ $r->{edges} };
    push @ms, 1000 * ($at{second} - $at{first});
}
table('receipts', 'p50 ms', 'p99 ms', 'max ms')->(scalar @ms, map { sprintf '%.1f', at($_, @ms) } 0.5, 0.99, 1);
