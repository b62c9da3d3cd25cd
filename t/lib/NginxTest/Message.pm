package NginxTest::Message;

# One HTTP/1.1 message, taken from a growing buffer of bytes.
#
# What RFC 9112 does not allow is kept as a problem.  The harness reports, at
# the end of a file, every problem that no test has asked for.

use v5.36;
use JSON::PP ();
use Time::HiRes 'time';

our @faulty;

my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;

sub new ($class, %self)
{
    return bless {
        fields => [], interim => [], problems => [],
        head => '', body => '', raw => '',
        next_step => 'take_head',
        %self,
    }, $class;
}

sub response ($class, $method, $url)
{
    return $class->new(method => $method, url => $url, began => time);
}

sub status ($self)     { $self->{status} // 0 }
sub method ($self)     { $self->{method} }
sub uri ($self)        { $self->{uri} }
sub head ($self)       { $self->{head} }
sub body ($self)       { $self->{body} }
sub json ($self)       { JSON::PP->new->utf8->decode($self->{body}) }
sub raw ($self)        { $self->{raw} }
sub interim ($self)    { @{ $self->{interim} } }        # heads of 1xx responses
sub complete ($self)   { $self->{ended} }
sub time_taken ($self) { ($self->{ended} // time) - $self->{began} }
sub first_byte ($self) { ($self->{first} // time) - $self->{began} }

sub headers ($self, $name)
{
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{fields} };
}

sub header ($self, $name)
{
    my @values = $self->headers($name) or return undef;
    return join ', ', @values;
}

# All fields: lower-case name => joined value.
sub fields ($self)
{
    return { map { lc $_->[0] => $self->header($_->[0]) } @{ $self->{fields} } };
}

# Empty when all is well.  Asking is what tells the harness that the test knows.
sub problem ($self)
{
    $self->{problem_asked} = 1;
    return join '; ', @{ $self->{problems} };
}

sub unasked_problems ($class)
{
    return map { sprintf '%s %s: %s', $_->{method}, $_->{url}, $_->problem }
        grep { !$_->{problem_asked} } splice @faulty;
}

sub found ($self, $problem)
{
    push @faulty, $self if defined $self->{url} && !@{ $self->{problems} };
    push @{ $self->{problems} }, $problem;
    return;
}

# Moves what belongs to this message out of the buffer; true once complete.
# $over: no more bytes will come.
sub take ($self, $buffer, $over = 0)
{
    $self->{first} //= time if length $$buffer;

    while (!$self->{ended}) {
        my $step = $self->{next_step};
        $self->$step($buffer, $over) or last;
    }

    if ($over && !$self->{ended}) {
        my $part = length $self->{head} ? length($self->{body}) . ' bytes into the body'
            : length $$buffer ? 'within the head' : 'before the first byte';
        $self->{body} .= $self->move($buffer, length $$buffer) if length $self->{head};
        $self->found("ended early, $part");
        $self->end;
    }

    return $self->{ended};
}

sub end ($self)
{
    return $self->{ended} = time;
}

sub move ($self, $buffer, $length)
{
    my $bytes = substr $$buffer, 0, $length, '';
    $self->{raw} .= $bytes;
    return $bytes;
}

sub take_head ($self, $buffer, $over)
{
    my $length = index $$buffer, "\r\n\r\n";
    return if $length < 0;

    $self->{head} = $self->move($buffer, $length + 4);
    my ($first, @lines) = split /\r\n/, $self->{head};
    $self->{fields} = [ map { $self->parse_field($_) } @lines ];

    if (!defined $self->{method}) {
        return $self->take_request_line($first);
    }

    $first =~ m{^HTTP/(1\.[01]) (\d{3}) [^\x00-\x08\x0a-\x1f\x7f]*$}
        or $self->found("status line '$first'");
    $self->{status} = $2 // 0;

    if ($self->{status} =~ /^1(?!01)/) {
        push @{ $self->{interim} }, $self->{head};
        return 1;
    }

    return $self->choose_response_framing;
}

sub take_request_line ($self, $line)
{
    ($self->{method}, $self->{uri}) = $line =~ m{^(\S+) (\S+) HTTP/1\.[01]$}
        or return $self->end;

    return $self->expect_chunks if ($self->header('Transfer-Encoding') // '') =~ /chunked/i;
    return $self->expect_bytes($self->header('Content-Length') // 0);
}

sub parse_field ($self, $line)
{
    if ($line =~ /^($token):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/) {
        return [$1, $2];
    }

    return $self->found("header line '$line'");
}

sub choose_response_framing ($self)
{
    my @lengths = $self->headers('Content-Length');
    my $coding = $self->header('Transfer-Encoding');

    $self->found('Content-Length ' . join ' and ', @lengths)
        if @lengths > 1 || grep { !/^\d+$/ } @lengths;
    $self->found('both Content-Length and Transfer-Encoding') if @lengths && defined $coding;
    $self->found("Transfer-Encoding $coding") if defined $coding && $coding ne 'chunked';
    $self->found("$self->{status} with a length")
        if $self->{status} =~ /^(?:1..|204)$/ && (@lengths || defined $coding);

    return $self->end
        if $self->{method} eq 'HEAD' || $self->{status} =~ /^(?:1..|204|304)$/;
    return $self->expect_chunks if defined $coding;
    return $self->expect_bytes($lengths[0]) if @lengths;

    $self->found('no length on a connection that stays open')
        if ($self->header('Connection') // '') !~ /\bclose\b/i;
    return $self->{next_step} = 'take_until_end';
}

sub expect_bytes ($self, $length)
{
    $self->{missing} = $length =~ /^\d+$/ ? $length : 0;
    return $self->{next_step} = 'take_bytes';
}

sub expect_chunks ($self)
{
    return $self->{next_step} = 'take_chunk_size';
}

sub take_bytes ($self, $buffer, $over)
{
    my $bytes = $self->move($buffer, $self->{missing});
    $self->{body} .= $bytes;
    $self->{missing} -= length $bytes;
    return !$self->{missing} && $self->end;
}

sub take_chunk_size ($self, $buffer, $over)
{
    my $length = index $$buffer, "\r\n";
    return if $length < 0;

    my $line = $self->move($buffer, $length + 2);
    if ($line !~ /^([0-9a-f]{1,8})\r\n$/i) {
        $self->found('chunk size ' . $line =~ s/\r\n//r);
        return $self->end;
    }

    $self->{missing} = hex $1;
    return $self->{next_step} = $self->{missing} ? 'take_chunk' : 'take_last_line';
}

sub take_chunk ($self, $buffer, $over)
{
    return if length $$buffer < $self->{missing} + 2;

    $self->{body} .= $self->move($buffer, $self->{missing});
    return $self->take_line_end($buffer) && $self->expect_chunks;
}

sub take_last_line ($self, $buffer, $over)
{
    return if length $$buffer < 2;
    return $self->take_line_end($buffer) && $self->end;
}

sub take_line_end ($self, $buffer)
{
    return 1 if $self->move($buffer, 2) eq "\r\n";
    $self->found('no line end after a chunk');
    return $self->end;
}

# The parts of an HTTP/2 response, as curl wrote them down.
sub take_h2 ($self, $head, $body, $seconds, @problems)
{
    my ($first, @lines) = split /\r\n/, $head =~ s/.*\r\n\r\n(?=HTTP)//sr;
    $self->{status} = $1 if ($first // '') =~ m{^HTTP/2 (\d+)};
    $self->{fields} = [ map { $self->parse_field($_) } @lines ];
    $self->{head} = $head;
    $self->{body} = $self->{method} eq 'HEAD' ? '' : $body;
    $self->{raw} = $head . $self->{body};
    $self->found($_) for @problems;
    return $self->{ended} = $self->{began} + $seconds;
}

sub take_until_end ($self, $buffer, $over)
{
    $self->{body} .= $self->move($buffer, length $$buffer);
    return $over && $self->end;
}

1;
