package NginxTest::Origin;

# A scriptable origin server: one process, one event loop, so that a delayed
# response delays no other, and a handler may keep state in its variables.
#
# The handler gets a request, { n method uri headers body connection time }
# (n counts from 1, header names are lower case), and returns one of
#
#     undef                                    a file of the origin's directory
#     'body'                                   200
#     [$status, [Name => value, ...], $body, option => value, ...]
#
# options:
#     delay => SECONDS          before the first byte
#     pause => [BYTES, SECONDS] after that much of the body, once
#     drip => [BYTES, SECONDS]  the whole body in such pieces
#     chunked => 1              no Content-Length; BYTES count the encoded body
#     truncate => BYTES         that much of the body, then the end
#     reset => BYTES            the same, but the end is RST; 'head': nothing is sent
#     close => 1                a clean end after the response
#     raw => BYTES              instead of everything above; then the end
#     silent => 1               never a byte

use v5.36;
use Digest::SHA 'sha256_hex';
use Errno qw(EAGAIN);
use IO::Socket::INET;
use JSON::PP ();
use List::Util 'min';
use NginxTest::Message;
use NginxTest::Process;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes 'time';

my $json = JSON::PP->new->latin1->canonical;

my %content_type = (
    jpg => 'image/jpeg', jpeg => 'image/jpeg', png => 'image/png', webp => 'image/webp',
    gif => 'image/gif', avif => 'image/avif', svg => 'image/svg+xml', pdf => 'application/pdf',
    tif => 'image/tiff', heic => 'image/heic', html => 'text/html', txt => 'text/plain',
    css => 'text/css', js => 'text/javascript', json => 'application/json',
);

sub new ($class, $port, $dir, $log)
{
    return bless { port => $port, dir => $dir, log => $log }, $class;
}

sub start ($self, $handler = $self->{handler})
{
    $self->stop;
    $self->{handler} = $handler;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 511,
        ReuseAddr => 1, Blocking => 0) or die "origin: port $self->{port}: $@";

    $self->{pid} = NginxTest::Process::fork_child("$self->{log}.errors", sub { $self->serve($listener) });
    return;
}

sub stop ($self)
{
    my $pid = delete $self->{pid} or return;
    NginxTest::Process::end_child($pid);
    return;
}

# Requests so far, optionally those whose URI matches.
sub requests ($self, $match = qr//)
{
    open my $log, '+>>', $self->{log} or die "$self->{log}: $!";
    seek $log, 0, 0;
    return grep { $_->{uri} =~ $match } map { $json->decode($_) } <$log>;
}

sub forget_requests ($self)
{
    truncate $self->{log}, 0;
    return;
}

sub serve ($self, $listener)
{
    open $self->{log_file}, '>>', $self->{log} or die "$self->{log}: $!";
    $self->{log_file}->autoflush;
    my %connections;
    my $count = 0;

    while (1) {
        my ($readable, $writable) = ('', '');
        vec($readable, fileno $listener, 1) = 1;
        for (values %connections) {
            vec($readable, fileno $_->{socket}, 1) = 1;
            vec($writable, fileno $_->{socket}, 1) = 1 if length $_->{out};
        }

        my @wakes = map { $_->{wake} // () } values %connections;
        my $pause = @wakes ? min(@wakes) - time : undef;
        select $readable, $writable, undef, defined $pause && $pause < 0 ? 0 : $pause;

        while (my $socket = vec($readable, fileno $listener, 1) && $listener->accept) {
            $socket->blocking(0);
            $connections{ fileno $socket } = {
                socket => $socket, number => ++$count, in => '', out => '', steps => [],
            };
        }

        for my $fd (keys %connections) {
            my $connection = $connections{$fd};
            my $alive = !vec($readable, $fd, 1) || $self->read_from($connection);
            delete $connections{$fd} if !$alive || !$self->advance($connection);
        }
    }
}

sub read_from ($self, $connection)
{
    my $read = sysread $connection->{socket}, $connection->{in}, 1 << 18, length $connection->{in};
    return defined $read ? $read : $! == EAGAIN;
}

# Does what can be done now; false when the connection is over.
sub advance ($self, $connection)
{
    while (1) {
        if (length $connection->{out}) {
            my $written = syswrite $connection->{socket}, $connection->{out};
            return $! == EAGAIN if !defined $written;
            substr $connection->{out}, 0, $written, '';
            return 1 if length $connection->{out};
        }

        if (my $step = $connection->{steps}[0]) {
            my ($do, $what) = @$step;

            if ($do eq 'send') {
                $connection->{out} = $what;
            } elsif ($do eq 'wait') {
                $connection->{wake} //= time + $what;
                return 1 if time < $connection->{wake};
                delete $connection->{wake};
            } elsif ($do eq 'hang') {
                return 1;
            } else {
                setsockopt $connection->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
                    if $do eq 'reset';
                return 0;
            }

            shift @{ $connection->{steps} };
            next;
        }

        $connection->{message} //= NginxTest::Message->new;
        $connection->{message}->take(\$connection->{in}) or return 1;
        my $request = $self->note(delete $connection->{message}, $connection->{number});
        $connection->{steps} = $self->answer($request);
    }
}

sub note ($self, $message, $connection)
{
    my $request = {
        n => ++$self->{n}, method => $message->method // '', uri => $message->uri // '',
        headers => $message->fields, body => $message->body,
        connection => $connection, time => time,
    };
    print { $self->{log_file} } $json->encode($request), "\n";
    return $request;
}

sub answer ($self, $request)
{
    my $response = $self->{handler} && eval { $self->{handler}->($request) };
    if ($@) {
        warn "the origin's handler: $@";
        $response = [500, [], $@];
    }

    $response //= $self->file($request);
    $response = [200, [], $response] if !ref $response;
    my ($status, $headers, $body, %option) = @$response;
    $body //= '';

    return [['hang']] if $option{silent};
    my @delay = $option{delay} ? ['wait', $option{delay}] : ();
    return [@delay, ['send', $option{raw}], ['close']] if defined $option{raw};
    return [@delay, ['reset']] if ($option{reset} // '') eq 'head';

    my $close = $option{close} || ($request->{headers}{connection} // '') =~ /close/i;
    my $head = head($status, $headers, length $body, $option{chunked}, $close);
    $body = '' if $request->{method} eq 'HEAD' || $status =~ /^(?:204|304)$/;
    $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } (unpack '(a8192)*', $body), ''
        if $option{chunked} && length $body;

    my $end = defined $option{reset} ? 'reset' : defined $option{truncate} || $close ? 'close' : undef;
    my $limit = $option{reset} // $option{truncate};
    $body = substr $body, 0, $limit if defined $limit;

    return [@delay, ['send', $head], pieces($body, %option), $end ? [$end] : ()];
}

sub head ($status, $headers, $length, $chunked, $close)
{
    my @given = ref $headers eq 'HASH' ? %$headers : @{ $headers // [] };
    my %names = map { lc $given[2 * $_] => 1 } 0 .. @given / 2 - 1;

    my $head = "HTTP/1.1 $status Scripted\r\n";
    $head .= sprintf "%s: %s\r\n", splice @given, 0, 2 while @given;
    $head .= "Connection: close\r\n" if $close;
    if ($chunked) {
        $head .= "Transfer-Encoding: chunked\r\n";
    } elsif (!$names{'content-length'} && $status !~ /^(?:204|304)$/) {
        $head .= "Content-Length: $length\r\n";
    }

    return "$head\r\n";
}

sub pieces ($body, %option)
{
    if (my $pause = $option{pause}) {
        my ($bytes, $seconds) = @$pause;
        my $first = substr $body, 0, $bytes, '';
        return ['send', $first], ['wait', $seconds], ['send', $body];
    }

    if (my $drip = $option{drip}) {
        my ($bytes, $seconds) = @$drip;
        return map { (['send', $_], ['wait', $seconds]) } unpack "(a$bytes)*", $body;
    }

    return ['send', $body];
}

sub file ($self, $request)
{
    my $path = $request->{uri} =~ s/\?.*//sr =~ s/%([0-9a-f]{2})/chr hex $1/gier;
    my $file = "$self->{dir}$path";
    return [404, ['Content-Type' => 'text/plain'], "no $path\n"] if $path =~ m{/\.\.} || !-f $file;

    open my $handle, '<:raw', $file or return [500, [], "$!\n"];
    my $body = do { local $/; <$handle> } // '';
    my $etag = '"' . substr(sha256_hex($body), 0, 16) . '"';
    my $modified = POSIX::strftime '%a, %d %b %Y %H:%M:%S GMT', gmtime +(stat $handle)[9];
    my ($suffix) = $path =~ /\.(\w+)$/;

    my @headers = (ETag => $etag, 'Last-Modified' => $modified,
        'Content-Type' => $content_type{ lc($suffix // '') } // 'application/octet-stream');
    my $known = $request->{headers}{'if-none-match'}
        ? $request->{headers}{'if-none-match'} eq $etag
        : ($request->{headers}{'if-modified-since'} // '') eq $modified;

    return $known ? [304, \@headers] : [200, \@headers, $body];
}

1;
