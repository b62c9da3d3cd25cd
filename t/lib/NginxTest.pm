package NginxTest;

# A real nginx for one test file.
#
#     use lib 't/lib';
#     use NginxTest;
#
#     my $t = nginx(<<'CONF', files => { 'cat.txt' => 'meow' });
#         location / { }
#     CONF
#
#     is($t->get('/cat.txt')->body, 'meow', 'a file is served');
#
#     done();
#
# Loading it turns on strict, warnings, signatures and Test::More.  done()
# stops everything and fails if an error log holds an alert, a crash or a
# sanitizer's report, or if a response was not well-formed HTTP.
#
# nginx() takes the text of a server{} block and
#
#     http => TEXT         inside http{}, before the server
#     servers => TEXT      inside http{}, after the server
#     main => TEXT         at the top of the file, default $default_main
#     files => { NAME => BYTES }
#     origin => sub ($request) { ... }, or { NAME => BYTES }; see NginxTest::Origin
#     workers => N, log_level => LEVEL, module => 0 (stock nginx)
#     clock => '2026-11-02 07:59:00': nginx's clock starts there, UTC, and runs;
#         $t->clock('...') moves it
#
# In all texts %PORT% is the server's port, %PORT_name% another free one that
# $t->port('name') tells, %ORIGIN% the address of the origin, %DIR% the
# directory with html/, origin/, cache/ and logs/, %TLS% a certificate.
#
# Environment: NGX_CDN_MODULE (the .so), NGX_CDN_NGINX (the binary),
# NGX_CDN_PRELOAD (LD_PRELOAD for nginx alone), NGX_CDN_SLOW (a factor on all
# timeouts), NGX_CDN_KEEP (directories stay).

use v5.36;
use Cwd 'abs_path';
use Exporter ();
use feature ();
use File::Basename 'dirname';
use File::Path 'make_path';
use File::Temp ();
use List::Util qw(any first);
use NginxTest::Client;
use NginxTest::Connection;
use NginxTest::Message;
use NginxTest::Origin;
use NginxTest::Picture;
use NginxTest::Process qw(eventually free_port spawn);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @ISA = 'NginxTest::Client';
our @EXPORT = (
    @Test::More::EXPORT, @NginxTest::Picture::EXPORT,
    qw(nginx done refuses accepts eventually free_port spawn),
);

# What every configuration with the module gets, unless it says so itself.
our $default_main = 'thread_pool cdn_image threads=2 max_queue=128;';
our $default_http = 'cdn_state %DIR%/state;';

our $root = abs_path(dirname(__FILE__) . '/../..');

my $alarming = qr/\[(?:alert|crit|emerg)\]|runtime error:|Sanitizer|terminate called|CRITICAL \*\*|: Assertion /;
my $foreign = $ENV{NGX_CDN_NGINX} ? qr/(?!)/ : qr{^(?!\d{4}/\d\d/\d\d )\S};   # a library's; a sanitizer has many
my $blamed_on_nginx = qr{\bngx_\w+\.[ch]:\d+:\d+: runtime error:};   # UBSan of its own sources

# libfaketime, with a file that says what time it is
my ($faketime) = glob '/usr/lib/*/faketime/libfaketime.so.1';
my @clock_environment = qw(FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC NO_FAKE_STAT TZ);

my $main_process = $$;
my @all;

sub import ($class, @names)
{
    strict->import;
    warnings->import;
    feature->import(':5.36');
    local $Exporter::ExportLevel = 1;
    return Exporter::import($class, @names);
}

sub nginx ($conf, %opt)
{
    my $t = NginxTest->prepare($conf, %opt);
    push @all, $t;
    return $t->start;
}

sub done ()
{
    for my $t (@all) {
        $t->stop;
        $t->{origin}->stop if $t->{origin};
        my @lines = $t->alarming_lines;
        ok(!@lines, 'the error log is quiet') or diag(join "\n", @lines > 40 ? @lines[0 .. 39] : @lines);
    }

    my @problems = NginxTest::Message->unasked_problems;
    ok(!@problems, 'every response is well-formed HTTP') or diag(join "\n", @problems);

    done_testing();
    return;
}

# What "nginx -t" says of a configuration that must fail, and of one that must
# pass.  As methods: with the other texts of $t.

sub refuses ($t_or_conf, @args)
{
    my ($passed, $output) = check_conf($t_or_conf, @args);
    fail('nginx -t refuses this configuration') if $passed;
    return $passed ? '' : $output;
}

sub accepts ($t_or_conf, @args)
{
    my ($passed, $output) = check_conf($t_or_conf, @args);
    fail('nginx -t accepts this configuration') || diag($output) if !$passed;
    return $output;
}

sub check_conf ($t_or_conf, @args)
{
    my ($conf, %opt) = ref $t_or_conf
        ? (shift @args, %{ $t_or_conf->{opt} }, @args)
        : ($t_or_conf, @args);

    my $t = NginxTest->prepare($conf, %opt);
    my ($status, $output) = $t->run_nginx('-t');
    $t->allow_log(qr/\[emerg\]/);
    my @lines = $t->alarming_lines;
    fail('nginx -t ends in good order') || diag(join "\n", "status $status", @lines)
        if @lines || $status & 127;
    $t->remove;
    return ($status == 0, $output);
}

sub prepare ($class, $conf, %opt)
{
    my $dir = NginxTest::Process::keep_dir(File::Temp::tempdir('ngx_cdn_test_XXXXXX', TMPDIR => 1));
    chmod 0755, $dir;
    make_path(map { "$dir/$_" } qw(html origin cache logs temp));

    my $t = bless { dir => $dir, ports => {}, allowed => [], opt => \%opt }, $class;
    $t->{port} = $t->port('');
    $t->conf($conf);

    $t->clock($opt{clock}) if defined $opt{clock};
    my $files = $opt{files} // {};
    $t->write($_, $files->{$_}) for keys %$files;
    my $origin_files = ref $opt{origin} eq 'HASH' ? $opt{origin} : {};
    $t->write_origin($_, $origin_files->{$_}) for keys %$origin_files;

    return $t;
}

# A new configuration, for the next reload or start.
sub conf ($t, $conf, %opt)
{
    my %all = %{ $t->{opt} } = (%{ $t->{opt} }, %opt);
    my $module = $all{module} // 1;
    my $main = $all{main} // ($module ? $default_main : '');
    my $http = $all{http} // '';
    my $servers = $all{servers} // '';
    my $level = $all{log_level} // 'info';

    if ($module) {
        my $given = join "\n", $http, $conf, $servers;
        $http .= join '', grep { /(\w+)/ && $given !~ /^\s*$1\s/m } split /^/, $default_http;
    }

    my @before = $module ? 'load_module ' . module() . ';' : ();
    push @before, 'user root;' if $> == 0;
    my $environment = $t->environment;
    push @before, map { "env $_;" } grep { defined $environment->{$_} }
        qw(ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS LD_PRELOAD), @clock_environment;   # a new binary gets no others
    my $before = join "\n", @before;

    $t->{workers} = $all{workers} // 1;
    $t->write("$t->{dir}/nginx.conf", $t->substituted(<<"CONF"));
$before
worker_processes $t->{workers};
pid %DIR%/nginx.pid;
error_log %DIR%/logs/error.log $level;
$main

events {
    worker_connections 2048;
}

http {
    access_log off;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_body_temp_path %DIR%/temp/body;
    proxy_temp_path %DIR%/temp/proxy;
    fastcgi_temp_path %DIR%/temp/fastcgi;
    uwsgi_temp_path %DIR%/temp/uwsgi;
    scgi_temp_path %DIR%/temp/scgi;

$http

    server {
        listen 127.0.0.1:%PORT%;
        server_name localhost;
        root %DIR%/html;

$conf
    }

$servers
}
CONF

    return $t;
}

sub module ()
{
    my $path = $ENV{NGX_CDN_MODULE} || "$root/build/ngx_http_cdn_module.so";
    return -e $path ? abs_path($path) : die "no $path: run scripts/build first\n";
}

sub substituted ($t, $text)
{
    return $text =~ s{%(PORT_(\w+?)|PORT|ORIGIN|DIR|TLS)%}{
        defined $2 ? $t->port($2)
            : $1 eq 'PORT' ? $t->{port}
            : $1 eq 'DIR' ? $t->{dir}
            : $1 eq 'TLS' ? $t->certificate
            : '127.0.0.1:' . $t->the_origin->{port}
    }ger;
}

# The directives for a certificate that nobody trusts.
sub certificate ($t)
{
    my ($certificate, $key) = map { "$t->{dir}/$_.pem" } qw(certificate key);
    NginxTest::Process::run(qw(openssl req -x509 -nodes -subj /CN=localhost -newkey ec
        -pkeyopt ec_paramgen_curve:prime256v1), '-keyout', $key, '-out', $certificate)
        if !-e $certificate;
    return "ssl_certificate $certificate; ssl_certificate_key $key;";
}

sub port ($t, $name)
{
    return $t->{ports}{$name} //= free_port();
}

# The same requests, sent to another port or %PORT_name%.
sub at ($t, $port)
{
    return NginxTest::Client->new($port =~ /^\d+$/ ? $port : $t->port($port));
}

sub dir ($t) { $t->{dir} }

# Files.  A relative name means html/ when written, the directory when read.

sub write ($t, $name, $bytes)
{
    my $path = $name =~ m{^/} ? $name : "$t->{dir}/html/$name";
    make_path(dirname($path));
    open my $file, '>:raw', $path or die "$path: $!";
    print $file $bytes;
    close $file or die "$path: $!";
    return $path;
}

sub write_origin ($t, $name, $bytes)
{
    return $t->write("$t->{dir}/origin/$name", $bytes);
}

sub slurp ($t, $name)
{
    return NginxTest::Client::slurp($name =~ m{^/} ? $name : "$t->{dir}/$name");
}

# The origin

sub the_origin ($t)
{
    return $t->{origin} //= NginxTest::Origin->new(
        $t->port('origin'), "$t->{dir}/origin", "$t->{dir}/logs/origin");
}

# Another handler from now on; a fresh process, so variables start again.
sub origin ($t, $handler)
{
    $t->the_origin->start($handler);
    return;
}

sub origin_start ($t)                    { $t->the_origin->start }
sub origin_stop ($t)                     { $t->the_origin->stop }
sub origin_reset ($t)                    { $t->the_origin->forget_requests }
sub origin_requests ($t, $match = qr//)  { $t->the_origin->requests($match) }

# Starting and stopping

sub start ($t)
{
    if ($t->{origin} && !$t->{origin}{pid}) {
        my $handler = $t->{opt}{origin};
        $t->{origin}->start(ref $handler eq 'CODE' ? $handler : undef);
    }

    my ($status, $output) = $t->run_nginx;
    die "nginx does not start:\n$output" . $t->log_tail if $status;

    $t->{group} = eventually(sub { $t->master }, 10)
        or die "nginx writes no pid file\n" . $t->log_tail;
    NginxTest::Process::keep_group($t->{group});

    eventually(sub { $t->listens }, 10)
        && eventually(sub { $t->workers >= $t->{workers} }, 10)
        or die "nginx does not serve\n" . $t->log_tail;
    return $t;
}

sub listens ($t) { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $t->{port}) }

# The exit status and what was printed.
sub run_nginx ($t, @args)
{
    state $binary = find_nginx();
    my $output = "$t->{dir}/logs/printed";

    my $pid = fork // die "fork: $!";
    if (!$pid) {
        %ENV = %{ $t->environment };
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $output;
        open STDERR, '>&', \*STDOUT;
        exec { $binary } $binary, '-p', $t->{dir}, '-c', "$t->{dir}/nginx.conf",
            '-e', "$t->{dir}/logs/error.log", @args
            or POSIX::_exit(127);
    }
    waitpid $pid, 0;

    return ($?, $t->slurp($output));
}

# A binary upgrade needs the absolute path: nginx does not search PATH for itself.
sub find_nginx ()
{
    my $name = $ENV{NGX_CDN_NGINX} || 'nginx';
    my $path = $name =~ m{/} ? $name
        : first { -x } map { "$_/$name" } split(/:/, $ENV{PATH}), '/usr/sbin';
    return $path && -x $path ? abs_path($path) : die "no $name to test with\n";
}

sub environment ($t)
{
    my $has_clock = defined $t->{opt}{clock};
    my @preload = ($has_clock ? $faketime // die "libfaketime is missing\n" : (), $ENV{NGX_CDN_PRELOAD} || ());
    my @values = ("$t->{dir}/clock", 1, 1, 1, 'UTC');

    return {
        %ENV,
        ASAN_OPTIONS => join(':', $ENV{ASAN_OPTIONS} // (), "log_path=$t->{dir}/logs/asan",
            $has_clock ? 'verify_asan_link_order=0' : ()),
        @preload ? (LD_PRELOAD => join ':', @preload) : (),
        $has_clock ? map { $clock_environment[$_] => $values[$_] } 0 .. $#values : (),
    };
}

# What nginx's clock shows from now on.
sub clock ($t, $time)
{
    $t->write("$t->{dir}/clock.new", "\@$time\n");
    rename "$t->{dir}/clock.new", "$t->{dir}/clock" or die "clock: $!";
    return;
}

sub master ($t)
{
    my ($pid) = $t->slurp('nginx.pid') =~ /^(\d+)\n/ or return;
    return NginxTest::Process::alive($pid) ? $pid : undef;
}

# Workers that accept connections, those that are shutting down left out.
sub workers ($t, $master = $t->master)
{
    my @children = $master ? NginxTest::Process::children_of($master) : ();
    return grep { NginxTest::Process::title($_) =~ /worker process$/ } @children;
}

sub running ($t)
{
    my @pids = $t->{group} ? NginxTest::Process::group_members($t->{group}) : ();
    return @pids;
}

sub signal ($t, $signal, $pid = $t->master)
{
    CORE::kill($signal => $pid) or die "no nginx to send $signal to\n";
    return;
}

# Gives the pids of the old workers, which may still be shutting down.
sub reload ($t)
{
    my $master = $t->master;
    my @old = $t->workers;
    my %old = map { $_ => 1 } @old;
    my $logged = length $t->error_log;
    $t->signal('HUP');

    my $refused;
    eventually(sub {
        my @now = $t->workers;
        $refused = substr($t->error_log, $logged) =~ /(.*\[emerg\].*)/ ? $1 : undef;
        $refused || @now >= $t->{workers} && !any { $old{$_} } @now;
    }, 10) && !$refused or die 'nginx does not reload: ' . ($refused // $t->log_tail);

    return @old;
}

# Starts a new master on the same sockets, then ends the old one.  Gives the
# pids of the old workers.
sub upgrade ($t)
{
    my $old = $t->master;
    my @old_workers = $t->workers;

    $t->signal('USR2');
    my $new = eventually(sub {
        my $pid = $t->master;
        $pid && $pid != $old && $t->workers >= $t->{workers} && $pid;
    }, 10) or die "no new master\n" . $t->log_tail;

    $t->signal('WINCH', $old);
    eventually(sub { !$t->workers($old) }, 10) or die "the old workers stay\n" . $t->log_tail;
    $t->signal('QUIT', $old);
    eventually(sub { !NginxTest::Process::alive($old) }, 10)
        or die "the old master stays\n" . $t->log_tail;

    return @old_workers;
}

# Ends a worker as a crash would; gives its pid once another has replaced it.
sub kill_worker ($t, $signal = 'KILL')
{
    my ($pid) = $t->workers;
    $t->allow_log(qr/worker process $pid exited on signal/);
    $t->signal($signal, $pid);
    eventually(sub { my @now = $t->workers; @now >= $t->{workers} && !any { $_ == $pid } @now }, 10)
        or die "no new worker\n" . $t->log_tail;
    return $pid;
}

sub quit ($t) { $t->end('QUIT') }       # open requests are finished
sub stop ($t) { $t->end('TERM') }       # open requests are cut
sub kill ($t) { $t->end('KILL') }       # as a power failure would

sub end ($t, $signal)
{
    my $group = delete $t->{group} or return;

    if ($signal eq 'KILL') {
        CORE::kill KILL => -$group;
    } elsif (my $master = $t->master) {
        CORE::kill $signal => $master;
    }

    my $gone = sub { !NginxTest::Process::group_members($group) };
    if (!eventually($gone, 10)) {
        fail("nginx ends within 10 seconds of $signal");
        CORE::kill KILL => -$group;
        eventually($gone);
    }
    if ($signal eq 'KILL') {
        eventually(sub { !$t->listens }, 10);          # a thread may outlive its process by a moment
        unlink "$t->{dir}/nginx.pid";
    }
    NginxTest::Process::forget_group($group);
    return;
}

# Resident memory in bytes.
sub rss ($t, $pid = ($t->workers)[0])
{
    my ($kib) = $t->slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m or return;
    return $kib * 1024;
}

# The error log

sub error_log ($t) { $t->slurp('logs/error.log') }

sub log_tail ($t) { $t->error_log =~ /((?:.*\n){0,20})\z/ ? $1 : '' }

# Lines at crit and above that the test brings about.
sub allow_log ($t, @patterns)
{
    push @{ $t->{allowed} }, @patterns;
    return;
}

sub alarming_lines ($t)
{
    my @reports = map { split /\n/, $t->slurp($_) } glob "$t->{dir}/logs/asan.* $t->{dir}/logs/origin.errors";
    my @lines = grep { /$alarming/ && !/$blamed_on_nginx/ }
        map { split /\n/, $t->slurp($_) } qw(logs/printed logs/error.log);
    my @foreign = grep { /$foreign/ && !/$alarming/ } split /\n/, $t->slurp('logs/error.log');
    return grep { my $line = $_; !any { $line =~ $_ } @{ $t->{allowed} } } @lines, @foreign, @reports;
}

sub remove ($t)
{
    NginxTest::Process::remove_dir($t->{dir});
    return;
}

$SIG{PIPE} = 'IGNORE';
$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);

END {
    if ($$ == $main_process) {
        my $status = $?;
        for my $t (@all) {
            if ($status && $t->{group}) {
                diag("$t->{dir}/logs/error.log ends:\n" . $t->log_tail);
            }
            $t->end('KILL');
            $t->{origin}->stop if $t->{origin};
            $ENV{NGX_CDN_KEEP} ? NginxTest::Process::guard("-$t->{dir}") : $t->remove;
        }
        $? = $status;
    }
}

1;
