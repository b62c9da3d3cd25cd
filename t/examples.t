# What README and conf.examples/ show works as it is pasted.

use lib 't/lib';
use NginxTest;
use NginxTest::Example qw(inside_http read_file with_keys);
use File::Basename qw(dirname);

my $top = dirname(dirname(__FILE__));

# school.conf, on a Tuesday morning in New York's fall term.
sub school ($t, $edge)
{
    $t->write_origin('courses/plan.css', 'p { }' x 200);
    $t->write_origin('courses/short.css', 'p { }');
    $t->write_origin('submissions/a', 'x');
    my $r = $edge->get('/courses/plan.css?lang=en&utm_source=mail', 'Accept-Encoding' => 'gzip');
    my ($ttl) = $r->header('Cache-Status') =~ /stored; ttl=(\d+)/;
    ok($ttl > 1.3 * 6.6 * 86400 && $ttl < 1.3 * 7 * 86400 + 11 * 3600, 'fall lengthens educational content') or diag($ttl);
    is($r->header('Cache-Control'), 'public, max-age=600, stale-while-revalidate=600', 'browsers have ten minutes');
    is($r->header('Content-Encoding'), 'gzip', 'CSS is compressed');
    is($edge->get('/courses/plan.css?lang=en')->header('Cache-Status') =~ /hit/, 1, 'tracking arguments do not count');
    is($edge->get('/courses/short.css', 'Accept-Encoding' => 'gzip')->header('Content-Encoding'), undef, 'from 500 bytes on');
    is($edge->get('/photos/cat.jpg', 'Accept-Encoding' => 'gzip')->header('Content-Encoding'), undef, 'images never');
    like($edge->get('/submissions/a')->header('Cache-Status'), qr/fwd=bypass/, 'submissions are not cached');
    is($edge->get('/cdn/status')->json->{schedules}{us_east}{term}, 'fall', 'the term is known');

    # the next morning
    $t->clock('2026-11-11 11:59:58');
    ok(eventually(sub { $edge->get('/cdn/status')->json->{warm}{us_east}{state} eq 'idle'
        && $edge->get('/cdn/status')->json->{warm}{us_east}{ended} }, 30), 'before school the cache is warmed');
    is($edge->get('/cdn/status')->json->{warm}{us_east}{failed}, 0, 'with what there is');
    my @school = (Host => 'school.example', 'Accept-Encoding' => 'gzip, deflate, br, zstd');
    like($edge->get($_, @school)->header('Cache-Status'), qr/; hit/, "$_ lies ready")
        for '/courses/short.css', '/photos/cat.jpg', '/cdn-cgi/image/width=480,quality=85/photos/cat.jpg';
    return;
}

my ($readme) = read_file("$top/README.md") =~ /```nginx\n(load_module.*?)```/s or die 'README has no configuration';

my $debian = "http {\n" . read_file("$top/conf.examples/debian/cdn.conf") . "}\n";
for my $example (['README', $readme, 'p80'], ['debian/cdn.conf', $debian, 'p80'], map { [$_ =~ s{.*/}{}r, read_file($_), 'p8080'] } glob "$top/conf.examples/*.conf") {
    my ($name, $conf, $port) = @$example;
    my ($http, $keys) = with_keys(inside_http($conf));
    my @clock = $name eq 'school.conf' ? (clock => '2026-11-10 15:00:00') : ();
    my $t = nginx('', http => $http, @clock, files => { 'photos/cat.jpg' => photo(), 'warm.txt' => read_file("$top/conf.examples/warm.txt"), %$keys });
    $t->write_origin('photos/cat.jpg', photo());

    my $edge = $t->at($port);
    my $r = $edge->get('/cdn-cgi/image/width=640,format=auto/photos/cat.jpg', Accept => 'image/webp');
    is($r->status, 200, "$name: a photograph, resized");
    is(image_info($r->body)->{width}, 640, 'as README says');
    is($r->header('Content-Type'), 'image/webp', 'and negotiated');
    is($edge->get('/photos/cat.jpg')->body, photo(), 'and as it was');
    $edge->get('/cdn-cgi/image/width=640,format=auto/photos/cat.jpg', Accept => 'image/webp');
    # a shield on the same nginx has hits of its own
    is($edge->get('/cdn/status')->json->{requests}{by_status}{hit}, $name =~ /^(?:fleet|regions)/ ? 2 : 1, 'the second is a hit, counted');
    is($edge->status('/cdn-cgi/image/width=640/protected/cat.jpg'), 403, 'no picture is a way round a signature') if $conf =~ m{/protected/};
    school($t, $edge) if $name eq 'school.conf';
}

my (undef, @snippets) = read_file("$top/README.md") =~ /```nginx\n(.*?)```/sg;
for my $snippet (@snippets) {
    my ($conf, $keys) = with_keys($snippet);
    accepts($conf =~ /^cdn_(?:schedule|ttl_profile|purge_cascade|nightly|warm)\b/ ? ('', http => "cdn_zone 1m;\n$conf") : $conf, files => $keys);
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
