package NginxTest::Fleet;

# Edges that cache and purge, and the Redis between them.

use v5.36;
use Exporter 'import';
use File::Temp 'tempdir';
use IO::Socket::INET;
use NginxTest ();
use NginxTest::Process qw(eventually spawn);

our @EXPORT_OK = qw($purging_locations purging_edge cached is_connected redis_server redis_cli);

our $purging_locations = <<'CONF';
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status always;
    }
    location ^~ /cdn/purge  { cdn_purge_api; }
    location = /cdn/status  { cdn_status; }
CONF

# One with these lines in its http {}.  What its origin sends says which version it is, and
# is tagged "all" and with its path's letters.
sub purging_edge ($http)
{
    my %version;
    return NginxTest::nginx($purging_locations, workers => 2, http => <<"HTTP", origin => sub ($r) {
        cdn_zone          1m;
        proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
        proxy_cache_lock  on;
        $http
HTTP
        return [200, ['Cache-Control' => 'max-age=600', 'Cache-Tag' => 'all ' . $r->{uri} =~ s/\W//gr],
            'version ' . ++$version{ $r->{uri} }];
    });
}

# "HIT 1": what the cache did, and the version.
sub cached ($t, $uri)
{
    my $r = $t->get($uri);
    return $r->header('X-Cache') . ' ' . $r->body =~ s/version //r;
}

# Waits until the edge has found its Redis.
sub is_connected ($t)
{
    return eventually(sub { $t->get('/cdn/status?format=json')->json->{redis}{connected} }, 15);
}

# Its process; it listens.
sub redis_server ($port, @arguments)
{
    state $dir = tempdir('ngx_cdn_redis_XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $pid = spawn('redis-server', @arguments, '--port', $port, '--bind', '127.0.0.1', '--save', '', '--dir', $dir);
    eventually(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 10) or die 'no redis';
    return $pid;
}

sub redis_cli ($port, @command)
{
    open my $out, '-|', 'redis-cli', '-p', $port, @command or die $!;
    local $/;
    return scalar <$out> // '';
}

1;
