# The command ngx-cdn against a real edge: what it makes is served, and it says so when not.

use lib 't/lib';
use NginxTest;
use Cwd 'getcwd';
use File::Temp ();
use IPC::Open3 'open3';

my $keys = File::Temp->newdir;
sub write_key ($name, $bytes) { open my $file, '>', "$keys/$name"; print {$file} $bytes; close $file; return "$keys/$name" }
write_key(key => "correct horse\n");
write_key('salt', 'pepper');
system "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $keys/rsa.pem 2>/dev/null && openssl pkey -in $keys/rsa.pem -pubout -out $keys/rsa.pub";
system "openssl ecparam -name prime256v1 -genkey -noout -out $keys/ec.pem && openssl pkey -in $keys/ec.pem -pubout -out $keys/ec.pub";

my %schemes = (                                        # location => [cdn_sign_scheme, its options, how to ask]
    native => ['native'],
    bunny => ['bunnycdn'],
    keycdn => ['keycdn'],
    keycdnimage => ['keycdn', ['mode=image']],
    cf => ['cloudflare', ['ttl=1h']],
    cfurl => ['cloudflare', ['ttl=1h', 'encoding=base64url', 'param=v']],
    cfhosted => ['cloudflare', ['mode=hosted']],
    fastly => ['fastly'],
    akamai => ['akamai', ['algo=sha1', 'salt=s']],
    google => ['google', ['base=https://cdn.test']],
    aws => ['cloudfront', ['base=https://cdn.test'], ['--key-file', "$keys/rsa.pem", '--id', 'RSA']],
    imgix => ['imgix', [], ['--expires', '60']],
    link => ['secure_link', [], ['--ip', '127.0.0.1']],
    template => ['template', ['hmac=on', 'message={path}|{query}|{expires}']],
);

my $locations = '';
for my $name (sort keys %schemes) {
    my ($scheme, $options) = @{ $schemes{$name} };
    $locations .= "location /$name/ { cdn_sign required; cdn_sign_scheme $scheme " . join(' ', map { "\"$_\"" } @{ $options // [] }) . "; "
        . ($scheme eq 'cloudfront' ? "cdn_sign_key RSA file:$keys/rsa.pub; cdn_sign_key EC file:$keys/ec.pub; " : '')
        . "proxy_pass http://%ORIGIN%; }\n";
}

my @dialects = qw(cloudflare bunnycdn keycdn fastly custom);
my $servers = join '', map { "server { listen 127.0.0.1:%PORT_$_%; root %DIR%/html; cdn_image $_; cdn_image_transform on; }\n" } @dialects;
$servers .= <<"SERVERS";
    server { listen 127.0.0.1:%PORT_imgproxy%; cdn_sign required; cdn_sign_scheme imgproxy size=8; location / { proxy_pass http://%ORIGIN%; } }
    server { listen 127.0.0.1:%PORT_thumbor%; cdn_sign required; cdn_sign_scheme thumbor; location / { proxy_pass http://%ORIGIN%; } }
    server { listen 127.0.0.1:%PORT_directory%; cdn_sign required; cdn_sign_scheme bunnycdn; location / { proxy_pass http://%ORIGIN%; } }
    server {
        listen 127.0.0.1:%PORT_signed%;
        cdn_sign required;
        cdn_image cloudflare;
        cdn_image_transform on;
        root %DIR%/html;
    }
SERVERS

my $t = nginx($locations, files => { 'photos/one cat.jpg' => picture(width => 900, height => 600) }, origin => sub ($request) { [200, [], 'served'] }, http => "cdn_sign_key k1 file:$keys/key salt=pepper;\n$servers");

my $command = NginxTest::module() =~ s{/[^/]+$}{/ngx-cdn}r;

# (exit code, output, errors)
sub run ($input, @args)
{
    my $pid = open3(my $in, my $out, my $err = Symbol::gensym(), $command, @args);
    print {$in} $input;
    close $in;
    my ($output, $errors) = (join('', <$out>), join('', <$err>));
    waitpid $pid, 0;
    return ($? >> 8, $output, $errors);
}

sub made (@args)
{
    my ($code, $output, $errors) = run('', @args);
    is($code, 0, "ngx-cdn @args") or diag $errors;
    chomp $output;
    return $output;
}

sub error (@args)
{
    my ($code, $output, $errors) = run('', @args);
    is($output, '', "nothing but an error: @args");
    like($errors, qr/\Angx-cdn: [^\n]+\n\z/, 'of one line');
    return "$code $errors";
}

# ---- signing

for my $name (sort keys %schemes) {
    my ($scheme, $options, $ask) = @{ $schemes{$name} };
    my @how = ('--scheme', $scheme, (map { ('--option', $_) } @{ $options // [] }));
    my @key = ('--key', "file:$keys/key");
    push @key, '--id', 'k1' if $scheme eq 'google';
    my $url = made('sign', @how, ($ask && grep { /key/ } @$ask) ? @$ask : (@key, @{ $ask // [] }), "/$name/cat.jpg?x=1");
    is($t->status($url), 200, "$name: served");
    is($t->status($url =~ s/cat/dog/r), 403, 'its URL alone');

    my @public = $scheme eq 'cloudfront' ? ('--key-file', "$keys/rsa.pub") : @key;
    my ($code, $said) = run('', 'verify', @how, @public, ($ask && $ask->[0] eq '--ip' ? @$ask : ()), $url);
    is($code, 0, 'verify agrees');
    like($said, qr{^status   ok\nclean    /$name/cat\.jpg\?x=1\n}, 'and tells the URL without its token');
    is((run('', 'verify', @how, @public, ($ask && $ask->[0] eq '--ip' ? @$ask : ()), $url =~ s/cat/dog/r))[0], 1, 'a forged one has exit code 1');
}

my $by_ec = made('sign', '--scheme', 'cloudfront', '--key-file', "$keys/ec.pem", '--id', 'EC', '--hash', 'sha256', '--area', '/aws/*', 'https://cdn.test/aws/cat.jpg');
is($t->status($by_ec =~ s{^https://cdn.test}{}r), 200, 'cloudfront: ECDSA, SHA-256, a policy for an area');
is($t->status($by_ec =~ s{^https://cdn.test/aws/cat}{/aws/dog}r), 200, 'of which this is');
is($t->status($by_ec =~ s{^https://cdn.test/aws}{/native}r), 403, 'and this is not');

is($t->at('imgproxy')->status(my $imgproxy = made('sign', '--scheme', 'imgproxy', '--option', 'size=8', '--key', "file:$keys/key", '--salt', "file:$keys/salt", '--expires', '1h', '/w:40/plain/cat.jpg')), 200, 'imgproxy: served');
is($t->at('imgproxy')->status($imgproxy =~ s/cat/dog/r), 403, 'its path alone');
is($t->at('thumbor')->status(my $thumbor = made('sign', '--scheme', 'thumbor', '--key', "file:$keys/key", '/300x200/cat.jpg')), 200, 'thumbor: served');
is($t->at('thumbor')->status($thumbor =~ s/cat/dog/r), 403, 'its path alone');

my $directory = made('sign', '--scheme', 'bunnycdn', '--key', "file:$keys/key", '--area', '/videos/', '--in-path', '/videos/1.m3u8');
is($t->at('directory')->status($directory), 200, 'bunnycdn: a token in the path');
is($t->at('directory')->status($directory =~ s/1\.m3u8/2.ts/r), 200, 'is good for its area');
is($t->at('directory')->status($directory =~ s{/videos/1}{/else/1}r), 403, 'and for nothing else');
is($t->at('directory')->status(made('sign', '--scheme', 'bunnycdn', '--key', "file:$keys/key", '--ip', '127.0.0.1', '/a')), 200, 'bound to our address');
is($t->at('directory')->status(made('sign', '--scheme', 'bunnycdn', '--key', "file:$keys/key", '--ip', '127.0.0.2', '/a')), 403, 'and to another');

my $late = made('sign', '--key', "file:$keys/key", '--expires', '@1700000000', '/native/cat.jpg');
is($t->status($late), 403, 'a late one');
my ($code, $said) = run('', 'verify', '--key', "file:$keys/key", $late);
is($code, 1, 'is late for verify too');
like($said, qr/^status   expired\nclean    \/native\/cat\.jpg\nexpires  2023-11-14 22:13:20 UTC \(1700000000\), \d+ d(?: \d+ h)? ago\n\z/, 'which says since when');
is((run('', 'verify', '--key', "file:$keys/key", '--at', '@1700000000', $late))[0], 0, 'it was good then');
is((run('', 'verify', '--key', "file:$keys/key", '/native/cat.jpg'))[1], "status   missing\nclean    /native/cat.jpg\n", 'no signature');

($code, my $lines) = run("/native/a\n/native/b?x\r\n\n", 'sign', '--key', "file:$keys/key", '-');
is($code, 0, 'URLs from standard input');
is($t->status($_), 200, $_) for my @lines = split /\n/, $lines;
is(@lines, 2, 'one answer each');
is((run($lines, 'verify', '--key', "file:$keys/key", '-'))[0], 0, 'verify reads them');

# ---- secrets

like(error('sign', '--key', 'correct horse', '/a'), qr/^2 ngx-cdn: --key takes file:NAME or env:NAME: every user/, 'no secret in the arguments');
unlike(error('sign', '--key', 'correct horse', '/a'), qr/correct horse/, 'nor in the answer');
{
    local $ENV{NGX_CDN_KEY} = 'correct horse';
    is($t->status(made('sign', '/native/cat.jpg')), 200, 'the key from the environment, by its default name');
    local $ENV{OTHER} = 'hex:636f727265637420686f727365';
    is($t->status(made('sign', '--key', 'env:OTHER', '/native/cat.jpg')), 200, 'or by another, in hex');

    my $pid = open3(my $in, my $out, undef, $command, 'sign', '--key', 'env:NGX_CDN_KEY', '-');
    print {$in} "/native/cat.jpg\n";
    $in->flush;
    my $signed = <$out>;                               # by now it has the key
    my $arguments = NginxTest::Client::slurp("/proc/$pid/cmdline");
    unlike($arguments, qr/horse/, 'ps shows no secret');
    like($arguments, qr/env:NGX_CDN_KEY/, 'only where it is');
    close $in;
    waitpid $pid, 0;
}
like(error('sign', '--key', 'env:NO_SUCH_THING', '/a'), qr/^2 ngx-cdn: the environment has no NO_SUCH_THING$/m, 'an unset variable');
like(error('sign', '--key', "file:$keys/none", '/a'), qr/^2 .*none: No such file/, 'a file that is not there');
like(error('sign', '/a'), qr/^2 ngx-cdn: needs a key: --key file:NAME, /, 'no key');

# ---- pictures

my %size = (
    'width=300' => '300 x 200',
    'width=200 height=200' => '200 x 133',
    'width=150 height=50 fit=crop' => '150 x 50',
    'preset=avatar' => '150 x 150',
    'width=90 dpr=2 quality=60 format=webp' => '180 x 120',
);
for my $dialect (@dialects, 'keycdn-path') {
    for my $words (sort keys %size) {
        my ($code, $url, $errors) = run('', 'url', '--dialect', $dialect, 'photos/one cat.jpg', split / /, $words);
        if ($code == 2) {
            like($errors, qr/^ngx-cdn: \Q$dialect\E cannot say fit=crop$/m, "$dialect: no $words");
            next;
        }
        is($code, 0, "$dialect: $words");
        chomp $url;
        my $r = $t->at($dialect eq 'keycdn-path' ? 'keycdn' : $dialect)->get($url);
        is($r->status, 200, $url) or diag $r->body;
        my $info = image_info($r->body);
        is("$info->{width} x $info->{height}", $size{$words}, "is $size{$words}");
        is(image_format($r->body), 'webp', 'and WebP') if $words =~ /webp/;
    }
}

like(error('url', 'cat.jpg', 'width=0'), qr/^2 ngx-cdn: width must be a whole number from 1 to 12000: "0"$/m, 'nonsense');
like(error('url', '--dialect', 'bunnycdn', 'cat.jpg', 'colour=red'), qr/^2 ngx-cdn: bunnycdn has no option "colour"$/m, 'an unknown option');
like(error('url', '--dialect', 'myspace', 'cat.jpg', 'width=1'), qr/^2 ngx-cdn: --dialect: myspace not in /, 'an unknown dialect');

my $srcset = made('srcset', '--sign-key', "file:$keys/key", '--widths', '100,200', 'photos/one cat.jpg', 'ratio=1:1', 'fit=cover');
my @candidates = map { [split / /] } split /,\n/, $srcset;
is(join(' ', map { $_->[1] } @candidates), '100w 200w', 'a signed srcset');
for my $candidate (@candidates) {
    my $info = image_info($t->at('signed')->get($candidate->[0])->body);
    is("$info->{width}x$info->{height}w", "$1x$1w", "$candidate->[1]") if $candidate->[1] =~ /(\d+)w/;
    is($t->at('signed')->status($candidate->[0] =~ s/fit=cover/fit=crop/r), 403, 'a signature fits one size');
}

like(error('url', '--sign-expires', '1h', 'a.jpg', 'width=3'), qr/^2 ngx-cdn: needs a key: --sign-key file:NAME, /,
    'no signature without a key, by the name that the option has there');

my $html = made('srcset', '--picture', '--alt', '"Cat" & <dog>', '--art', '(max-width: 600px)', 'tall.jpg ratio=3:4', 'photos/one cat.jpg', 'ratio=3:2', 'fit=crop');
like($html, qr{\A<picture>\n  <source\n    media="\(max-width: 600px\)"\n    srcset="/cdn-cgi/image/width=480,height=640,fit=crop,quality=85/tall\.jpg 480w,}, 'art direction');
like($html, qr{alt="&quot;Cat&quot; &amp; &lt;dog&gt;">\n</picture>\z}, 'escaped');
like($html, qr{ width="1920" height="1280"$}m, 'with its proportions');
is(() = $html =~ /\.jpg \d+w/g, 10, 'five widths each');
like(error('srcset', '--img', 'a.jpg'), qr/^2 ngx-cdn: an image needs --alt TEXT/, 'no picture without words');

# ---- the command itself

is((run('', '--version'))[0], 0, '--version');
is((run('', 'sign', '--help'))[0], 0, '--help');
is(error('nonsense'), qq{2 ngx-cdn: no subcommand: "nonsense"; ngx-cdn --help lists them\n}, 'an unknown subcommand');
is(error(), "2 ngx-cdn: what? ngx-cdn --help lists the subcommands\n", 'none');
like(error('sign', '--nonsense', '/a'), qr/^2 /, 'an unknown option');
is(system("$command man >/dev/full 2>/dev/null") >> 8, 1, 'what cannot be written is not done');

my ($help, $man) = map { made(@$_) } ['--help'], ['man'];
my @subcommands = $help =~ /^  ([a-z]+) +[A-Z]/mg;
cmp_ok(@subcommands, '>=', 6, 'subcommands');
my $plain = $man =~ s/\\([-&])/$1 eq '-' ? '-' : ''/ger;
for my $name (@subcommands) {
    my $text = made($name, '--help');
    my ($section) = $plain =~ /^\.SH NGX-CDN $name\n(.*?)(?=^\.SH )/ms;
    ok(defined $section, "the man page has $name");
    my @options = $text =~ /^  (?:-\w, )?(--[\w-]+)/mg;
    is_deeply([$section =~ /^\.B (?:-\w, )?(--[\w-]+)/mg], \@options, 'and its options');
    like($text, qr/^Examples:$/m, 'with examples');
}

{
    my $page = File::Temp->new(SUFFIX => '.1');
    print {$page} $man;
    close $page;
    is(qx(groff -man -Tutf8 -ww $page 2>&1 >/dev/null), '', 'troff has no complaint');
}

# Completion by a real bash: what TAB would offer.
sub offered (@words)
{
    my $script = File::Temp->new;
    print {$script} made('completion', 'bash');
    close $script;
    open my $bash, '-|', 'bash', '-c', 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ngx_cdn; echo "${COMPREPLY[@]}"', 'bash', $script, 'ngx-cdn', @words;
    chomp(my $line = <$bash>);
    return $line;
}
is(offered('ver'), 'verify', 'TAB completes a subcommand');
is(offered('sign', '--sch'), '--scheme', 'an option');
is(offered('sign', '--scheme', 'b'), 'bunnycdn', 'its value');
is(offered('sign', '--key-file', "$keys/sa"), "$keys/salt", 'a file');
is_deeply([sort split / /, offered('')], [sort @subcommands, '--help', '--version'], 'all there are');

done();
