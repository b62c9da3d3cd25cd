package NginxTest::Gateway;

# Application servers for fastcgi_pass, uwsgi_pass and scgi_pass, as small as can be: one
# request at a time, one a connection.
#
# The handler gets the request's parameters, a hash, and returns a CGI response: header lines, an
# empty line, the body.

use v5.36;
use Exporter 'import';
use IO::Socket::INET;
use NginxTest::Process 'spawn';

our @EXPORT_OK = qw(gateway);

my %serve = (
    scgi => sub ($c, $handler) {
        my $length = '';
        while ((my $byte = bytes($c, 1)) ne ':') {
            $length .= $byte;
        }
        my $parameters = bytes($c, $length + 1);
        chop $parameters;
        print $c $handler->({ split /\0/, $parameters, -1 });
    },
    uwsgi => sub ($c, $handler) {
        my (undef, $length) = unpack 'CvC', bytes($c, 4);
        print $c 'HTTP/1.1 ' . $handler->({ unpack '(v/a v/a)*', bytes($c, $length) }) =~ s/^Status: //r;
    },
    fastcgi => sub ($c, $handler) {
        my $parameters = '';
        for (;;) {
            my (undef, $type, undef, $length, $padding) = unpack 'CCnnC', bytes($c, 8);
            my $content = substr bytes($c, $length + $padding), 0, $length;
            last if $type == 5 && $length == 0;       # the end of the body
            $parameters .= $content if $type == 4;
        }
        my %parameters;
        while (length $parameters) {
            my @lengths = map {
                my $first = ord substr $parameters, 0, 1;
                $first < 128 ? ord substr($parameters, 0, 1, '')
                             : unpack('N', substr $parameters, 0, 4, '') & 0x7fffffff;
            } 1, 2;
            my $name = substr $parameters, 0, $lengths[0], '';
            $parameters{$name} = substr $parameters, 0, $lengths[1], '';
        }
        my $answer = $handler->(\%parameters);
        print $c pack('CCnnCx', 1, 6, 1, length $answer, 0), $answer, pack('CCnnCx', 1, 6, 1, 0, 0),
            pack('CCnnCxx8', 1, 3, 1, 8, 0);
    },
);

# The port of a server of this protocol, which ends with the test.
sub gateway ($protocol, $handler)
{
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64, ReuseAddr => 1) or die "gateway: $@";
    NginxTest::Process::fork_child("/dev/null", sub {
        while (my $c = $listener->accept) {
            eval { $serve{$protocol}->($c, $handler) };
            close $c;
        }
    });
    return $listener->sockport;
}

sub bytes ($c, $count)
{
    my $bytes = '';
    while (length $bytes < $count) {
        sysread($c, $bytes, $count - length $bytes, length $bytes) or die 'cut short';
    }
    return $bytes;
}

1;
