# What README and conf.examples/ show works as it is pasted.

use lib 't/lib';
use NginxTest;
use File::Basename qw(dirname);

my $top = dirname(dirname(__FILE__));

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

# The inside of http {}, with what the harness has anyway taken out.
sub inside_http ($conf)
{
    my ($inside) = $conf =~ /^http \{\n(.*)^\}/ms or die 'no http {}';
    my %port;
    $inside =~ s/listen\s+(?:127\.0\.0\.1:)?(\d+);/$port{$1} = 1; "listen 127.0.0.1:%PORT_p$1%;"/ge;
    $inside =~ s/server 127\.0\.0\.1:(\d+)/$port{$1} ? "server 127.0.0.1:%PORT_p$1%" : 'server %ORIGIN%'/ge;
    $inside =~ s{(proxy_cache_path) +/?(\S+)}{$1 %DIR%/cache/@{[$2 =~ tr/\//_/r]}}g;
    $inside =~ s/^ *(?:include|default_type)\b.*//gm;
    $inside =~ s{root +www}{root %DIR%/html}g;
    $inside =~ s{(access_log) +logs/}{$1 %DIR%/logs/}g;
    return $inside;
}

my ($readme) = read_file("$top/README.md") =~ /```nginx\n(load_module.*?)```/s or die 'README has no configuration';

for my $example (['README', $readme, 'p80'], map { [$_ =~ s{.*/}{}r, read_file($_), 'p8080'] } glob "$top/conf.examples/*.conf") {
    my ($name, $conf, $port) = @$example;
    my $t = nginx('', http => inside_http($conf), files => { 'photos/cat.jpg' => photo() });
    $t->write_origin('photos/cat.jpg', photo());

    my $edge = $t->at($port);
    my $r = $edge->get('/cdn-cgi/image/width=640,format=auto/photos/cat.jpg', Accept => 'image/webp');
    is($r->status, 200, "$name: a photograph, resized");
    is(image_info($r->body)->{width}, 640, 'as README says');
    is($r->header('Content-Type'), 'image/webp', 'and negotiated');
    is($edge->get('/photos/cat.jpg')->body, photo(), 'and as it was');
    $edge->get('/cdn-cgi/image/width=640,format=auto/photos/cat.jpg', Accept => 'image/webp');
    is($edge->get('/cdn/status')->json->{requests}{by_status}{hit}, 1, 'the second is a hit, counted');
}

my (undef, @snippets) = read_file("$top/README.md") =~ /```nginx\n(.*?)```/sg;
for my $snippet (@snippets) {
    my %file;
    $snippet =~ s{file:(?:/etc/nginx/)?([\w.-]+)}{$file{$1} = $1 =~ /pem$/ ? public_key() : 'secret'; "file:%DIR%/html/$1"}ge;
    accepts($snippet, files => \%file);
}

# every directive is in README, in nginx's own form
my $directives = read_file("$top/src/ngx/directives.cpp");
my $text = read_file("$top/README.md");
for my $directive ($directives =~ /ngx_string\("(cdn_\w+)"\)/g) {
    like($text, qr/^### .*\b$directive\b/m, "README has $directive");
}
my $variables = read_file("$top/src/ngx/variables.cpp");
like($text, qr/^\| `\$\Q$_\E`/m, "README has \$$_") for $variables =~ /\{"(cdn_\w+)"/g;

done();
