package NginxTest::Client;

# A client of one port: strict HTTP/1.1 over sockets, HTTP/2 through curl.

use v5.36;
use File::Temp ();
use NginxTest::Connection;
use NginxTest::Message;

sub new ($class, $port) { bless { port => $port }, $class }

sub get ($self, $path, @headers)    { $self->request(GET => $path, headers => \@headers) }
sub head ($self, $path, @headers)   { $self->request(HEAD => $path, headers => \@headers) }
sub status ($self, $path, @headers) { $self->get($path, @headers)->status }

# %opt: headers => [Name => value, ...] (value undef: no such header), body,
# chunked, version, keepalive, port, timeout, receive_buffer
sub request ($self, $method, $path, %opt)
{
    return $self->begin($path, %opt, method => $method)->finish;
}

# Sends a request and does not wait: ->finish gives the response, ->abort leaves.
sub begin ($self, $path, %opt)
{
    my $connection = $self->connect(%opt);
    $connection->request($opt{method} // 'GET', $path, %opt);
    return $connection;
}

# A connection for several requests.
sub connect ($self, %opt)
{
    return NginxTest::Connection->new($opt{port} // $self->{port}, %opt);
}

# Sends bytes as they are; gives all that comes until the end or the timeout.
sub raw ($self, $bytes, %opt)
{
    return $self->connect(%opt)->send($bytes)->read_to_end;
}

# $n requests at once; $path may be a sub of the number, 0 .. $n - 1.
sub many ($self, $n, $path, %opt)
{
    my @connections = map { $self->begin(ref $path ? $path->($_) : $path, %opt) } 0 .. $n - 1;
    NginxTest::Connection::wait_for(@connections);
    return map { $_->finish } @connections;
}

# Parallel streams of one connection to a port that has "ssl http2" and %TLS%:
# Debian's curl 7.88 cannot reuse a cleartext one.  A path may be ['HEAD', $path].
sub h2 ($self, $port, $paths, @headers)
{
    my $dir = File::Temp->newdir;
    my @messages;

    my $quoted = sub ($text) { '"' . $text =~ s/(["\\])/\\$1/gr . '"' };
    my @transfers = map {
        my ($path, $method) = ref ? reverse @$_ : ($_, 'GET');
        my $n = push @messages, NginxTest::Message->response($method, $path);

        my @lines = (
            'url = ' . $quoted->("https://127.0.0.1:$port$path"),
            'http2', 'insecure', 'globoff', 'path-as-is',
            'max-time = ' . NginxTest::Connection::patience(10),
            "output = $dir/body$n", "dump-header = $dir/head$n",
            "write-out = \"$n %{time_total} %{exitcode} %{errormsg}\\n\"");
        push @lines, 'head' if $method eq 'HEAD';
        for (my @rest = @headers; my ($name, $value) = splice @rest, 0, 2;) {
            push @lines, 'header = ' . $quoted->("$name: $value");
        }
        join "\n", @lines, '';
    } @$paths;

    my $file = File::Temp->new;
    print $file join "next\n", @transfers;
    close $file;

    for (qx(curl --silent --parallel --parallel-max 300 --config $file 2>/dev/null)) {
        my ($n, $seconds, $code, $error) = /^(\d+) (\S+) (\d+) ?(.*)/ or next;
        $messages[$n - 1]->take_h2(slurp("$dir/head$n"), slurp("$dir/body$n"), $seconds,
            $code ? "curl: $error" : ());
    }

    for (grep { !$_->complete } @messages) {
        $_->found('curl gave no result');
    }

    return @messages;
}

sub slurp ($path)
{
    open my $file, '<:raw', $path or return '';
    local $/;
    return scalar <$file> // '';
}

1;
