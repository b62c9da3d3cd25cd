package NginxTest::Process;

# Processes that end with the test, whatever happens to the test, and ports
# that no other test takes.

use v5.36;
use Exporter 'import';
use File::Path 'remove_tree';
use IO::Socket::INET;
use IO::Socket::UNIX;
use NginxTest::Connection;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(eventually free_port spawn);

# The guard kills these groups and removes these directories once every copy
# of the pipe's other end is gone, however the test died.
my $guard;

sub guard ($order)
{
    if (!$guard) {
        pipe my $orders, $guard or die "pipe: $!";
        my $pid = fork // die "fork: $!";
        guard_until_end($orders) if !$pid;
        $guard->autoflush;
    }

    print $guard "$order\n";
    return;
}

sub guard_until_end ($orders)
{
    close $guard;
    POSIX::setsid();
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    # what the test had open, a listener perhaps, is not to outlive it
    my @open = grep { $_ > 2 && $_ != fileno $orders } map { m{(\d+)$} } glob '/proc/self/fd/*';
    POSIX::close($_) for @open;
    $SIG{$_} = 'IGNORE' for qw(INT TERM HUP PIPE);

    my %kept;
    while (my $order = <$orders>) {
        my ($do, $what) = $order =~ /^([+-])(.*)/ or next;
        $do eq '+' ? $kept{$what} = 1 : delete $kept{$what};
    }

    kill KILL => map { -$_ } grep { /^\d/ } keys %kept;
    remove_tree(grep { m{^/} } keys %kept);
    POSIX::_exit(0);
}

sub keep_group ($pid)   { guard("+$pid") }
sub forget_group ($pid) { guard("-$pid") }

sub keep_dir ($dir)
{
    guard("+$dir");
    return $dir;
}

sub remove_dir ($dir)
{
    remove_tree($dir);
    guard("-$dir");
    return;
}

# A child in a group of its own, its output in a file.
sub fork_child ($output, $code)
{
    guard('');
    my $pid = fork // die "fork: $!";

    if (!$pid) {
        close $guard;
        POSIX::setpgid(0, 0);
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $output;
        open STDERR, '>&', \*STDOUT;
        eval { $code->(); 1 } or print STDERR $@;
        POSIX::_exit(1);
    }

    POSIX::setpgid($pid, $pid);
    keep_group($pid);
    return $pid;
}

sub end_child ($pid)
{
    kill KILL => -$pid;
    waitpid $pid, 0;
    forget_group($pid);
    return;
}

# A program in the background until the test ends; its pid.
sub spawn (@command)
{
    return fork_child('/dev/null', sub { exec { $command[0] } @command });
}

# A program to its end; what it prints, or death.
sub run (@command)
{
    my $pid = open my $output, '-|';
    die "fork: $!" if !defined $pid;

    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    my $printed = do { local $/; <$output> } // '';
    close $output or die "@command:\n$printed";
    return $printed;
}

# Waits until $condition gives something true, and gives it back.
sub eventually ($condition, $seconds = 5)
{
    my $deadline = time + NginxTest::Connection::patience($seconds);
    my $pause = 0.002;

    while (1) {
        my $found = $condition->();
        return $found if $found || time > $deadline;
        sleep $pause;
        $pause = $pause * 1.5 if $pause < 0.05;
    }
}

# /proc: zombies that nobody reaps do not count as alive.

sub stat_of ($pid)
{
    open my $stat, '<', "/proc/$pid/stat" or return;
    my ($state, $parent, $group) = (<$stat> // '') =~ /.*\) (\S) (\d+) (\d+)/s or return;
    return $state eq 'Z' ? () : { pid => $pid, parent => $parent, group => $group };
}

sub processes ()             { map { stat_of($_) } map { m{(\d+)$} } glob '/proc/[0-9]*' }
sub alive ($pid)             { !!stat_of($pid) }
sub parent_of ($pid)         { (stat_of($pid) // {})->{parent} }
sub children_of ($pid)       { map { $_->{pid} } grep { $_->{parent} == $pid } processes() }
sub group_members ($group)   { map { $_->{pid} } grep { $_->{group} == $group } processes() }

sub title ($pid)
{
    open my $file, '<', "/proc/$pid/cmdline" or return '';
    return (<$file> // '') =~ s/\0+$//r =~ s/\0/ /gr;
}

# A port is reserved by an abstract unix socket that lives as long as this
# process, and stays below the range from which connections take theirs.
my @reserved;

sub free_port ()
{
    for (1 .. 1000) {
        my $port = 10_000 + int rand 20_000;
        my $claim = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "\0nginx-test-port-$port") or next;
        IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, ReuseAddr => 1)
            or next;
        push @reserved, $claim;
        return $port;
    }

    die 'no free port';
}

1;
