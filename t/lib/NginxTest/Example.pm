package NginxTest::Example;

# Configurations as README and conf.examples/ show them, made fit for nginx() of
# NginxTest: other ports and directories, nothing else.

use v5.36;
use Exporter 'import';

our @EXPORT_OK = qw(inside_http read_file with_keys);

sub read_file ($name)
{
    open my $file, '<', $name or die "$name: $!";
    local $/;
    return scalar <$file>;
}

sub public_key ()
{
    state $key = qx(openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout 2>/dev/null);
    return $key;
}

# Key files that a configuration names, in the test's own directory.
sub with_keys ($conf)
{
    my %files;
    $conf =~ s{file:(?:/[\w-]+)*/?([\w.-]+)}{
        my $name = $1;
        $files{$name} = $name =~ /pem$/ ? public_key() : 'secret';
        "file:%DIR%/html/$name";
    }ge;
    return ($conf, \%files);
}

# The inside of http {}, with what the harness has anyway taken out.  %origin
# has addresses for ports that no server of it listens on, else it is the test's origin.
sub inside_http ($conf, %origin)
{
    my ($inside) = $conf =~ /^http \{\n(.*)^\}/ms or die 'no http {}';
    my %port;
    $inside =~ s/listen\s+(?:127\.0\.0\.1:)?(\d+);/$port{$1} = 1; "listen 127.0.0.1:%PORT_p$1%;"/ge;
    $inside =~ s{server 127\.0\.0\.1:(\d+)}{
        'server ' . ($port{$1} ? "127.0.0.1:%PORT_p$1%" : $origin{$1} // '%ORIGIN%');
    }ge;
    $inside =~ s{(proxy_cache_path) +/?(\S+)}{$1 %DIR%/cache/@{[$2 =~ tr/\//_/r]}}g;
    $inside =~ s/^ *(?:include|default_type)\b.*//gm;
    $inside =~ s{(urls +)(\S+;)}{$1%DIR%/html/$2}g;
    $inside =~ s{via( +http://127\.0\.0\.1:)(\d+)}{"via$1" . ($port{$2} ? "%PORT_p$2%" : $2)}ge;
    $inside =~ s{root +www}{root %DIR%/html}g;
    $inside =~ s{(access_log) +logs/}{$1 %DIR%/logs/}g;
    return $inside;
}

1;
