package NginxTest::Connection;

# A client's connection: requests are written at once, pipelined if there are
# several, and responses are taken one by one.

use v5.36;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use IO::Socket::INET;
use List::Util qw(max min);
use NginxTest::Message;
use Socket qw(SOL_SOCKET SO_LINGER SO_RCVBUF);
use Time::HiRes 'time';

# Seconds, more of them under sanitizers.
sub patience ($seconds) { $seconds * ($ENV{NGX_CDN_SLOW} || 1) }

sub new ($class, $port, %opt)
{
    my $self = bless {
        in => '', out => '', expected => [], over => 0,
        timeout => patience($opt{timeout} // 10),
    }, $class;

    $self->{socket} = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => $self->{timeout},
        $opt{receive_buffer} ? (Sockopts => [[SO_RCVBUF, pack 'i', $opt{receive_buffer}]]) : ());

    if ($self->{socket}) {
        $self->{socket}->blocking(0);
    } else {
        $self->finds_it_over("cannot connect to port $port: $@");
    }

    return $self;
}

sub send ($self, $bytes)
{
    $self->{out} .= $bytes;
    $self->flush;
    $self->{deadline} = time + $self->{timeout};
    return $self;
}

# A lone request asks the server to close, so that bytes after its response show.
sub request ($self, $method, $path, %opt)
{
    my @given = @{ $opt{headers} // [] };
    my $body = $opt{body};
    my %default = (Host => 'localhost');

    if ($opt{keepalive}) {
        $self->{keepalive} = 1;
    } else {
        $default{Connection} = 'close';
    }

    if ($opt{chunked}) {
        $default{'Transfer-Encoding'} = 'chunked';
        $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } (unpack '(a1000)*', $body), '';
    } elsif (defined $body) {
        $default{'Content-Length'} = length $body;
    }

    my @fields;
    while (my ($name, $value) = splice @given, 0, 2) {
        delete @default{ grep { lc eq lc $name } keys %default };
        push @fields, "$name: $value\r\n" if defined $value;
    }
    unshift @fields, map { "$_: $default{$_}\r\n" } sort keys %default;

    my $version = $opt{version} // '1.1';
    my $response = NginxTest::Message->response($method, $path);
    $response->found($self->{error}) if $self->{error};
    push @{ $self->{expected} }, $response;
    return $self->send(join '', "$method $path HTTP/$version\r\n", @fields, "\r\n", $body // '');
}

# On a connection that stays open: write one request, or write and read.
sub ask ($self, $path, %opt)
{
    return $self->request($opt{method} // 'GET', $path, %opt, keepalive => 1);
}

sub get ($self, $path, @headers)
{
    return $self->ask($path, headers => \@headers)->response;
}

# The next response; the connection may stay open.
sub response ($self)
{
    local $self->{keepalive} = 1;
    wait_for($self);
    return shift @{ $self->{expected} };
}

# The response, and if the connection was to be closed, its end.
sub finish ($self)
{
    wait_for($self);
    my $response = shift @{ $self->{expected} };

    $response->found(length($self->{in}) . ' bytes after the response')
        if !$self->{keepalive} && length $self->{in};
    close $self->{socket} if !$self->{keepalive} && $self->{socket};

    return $response;
}

sub read_to_end ($self)
{
    @{ $self->{expected} } = ();
    local $self->{keepalive};
    wait_for($self);
    return $self->{in};
}

# What has come so far and belongs to no response; waits up to $seconds for some.
sub peek ($self, $seconds = 0)
{
    my $bits = '';
    vec($bits, fileno $self->{socket}, 1) = 1;
    $self->fill if !$self->{over} && select $bits, undef, undef, $seconds;
    return $self->{in};
}

sub closed ($self) { $self->{over} }

# reset => 1: with RST instead of FIN.
sub abort ($self, %opt)
{
    my $socket = delete $self->{socket} or return;
    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $opt{reset};
    close $socket;
    $self->{over} = 1;
    return;
}

# Reads and writes on all connections at once until each has what it waits for.
sub wait_for (@connections)
{
    while (my @waiting = grep { !$_->settled } @connections) {
        my ($readable, $writable) = ('', '');
        for (@waiting) {
            vec($readable, fileno $_->{socket}, 1) = 1;
            vec($writable, fileno $_->{socket}, 1) = 1 if length $_->{out};
        }

        my $pause = max(0, min(map { $_->{deadline} } @waiting) - time);
        select $readable, $writable, undef, $pause;

        for (@waiting) {
            my $fd = fileno $_->{socket};
            $_->flush if vec $writable, $fd, 1;
            $_->fill if vec $readable, $fd, 1;
            $_->expire if !$_->{over} && time >= $_->{deadline};
        }
    }

    return;
}

sub settled ($self)
{
    my $message = $self->{expected}[0];
    my $complete = !$message || $message->take(\$self->{in}, $self->{over});
    return $self->{over} || $self->{keepalive} && $complete;
}

sub flush ($self)
{
    my $written = length $self->{out} && !$self->{over}
        ? syswrite $self->{socket}, $self->{out} : 0;
    substr $self->{out}, 0, $written // 0, '';
    $self->{out} = '' if !defined $written && $! != EAGAIN;    # an early answer may still come
    return;
}

sub fill ($self)
{
    my $read = sysread $self->{socket}, $self->{in}, 1 << 18, length $self->{in};

    if (!defined $read) {
        $self->finds_it_over("$!") if $! != EAGAIN && $! != EINTR;
    } elsif ($read == 0) {
        $self->finds_it_over;
    }

    return;
}

sub expire ($self)
{
    my $message = $self->{expected}[0];
    $message->found(sprintf $message->complete ? 'connection still open after %gs' : 'no answer within %gs',
        $self->{timeout}) if $message;
    return $self->finds_it_over;
}

sub finds_it_over ($self, $error = undef)
{
    $self->{over} = 1;
    $self->{error} = $error;
    for my $message (@{ $self->{expected} }) {
        $message->found($error) if $error && !$message->complete;
    }
    return;
}

1;
