# signature checks, against nginx's own secure_link
#
# One nginx, one worker, the same small file by two gates: by one URL, as a page's
# visitors ask for it, and by as many that none is remembered.  The bar: 0.97 of
# the requests per second.

use Bench;
use Digest::MD5 'md5';
use NginxTest::Sign;

Bench::defaults(seconds => 1.5, rounds => 10);

my $t = server(<<'CONF', http => 'cdn_zone 8m;');
    location /ours/ {
        cdn_sign     required;
        cdn_sign_key k1 secret;
    }
    location /md5/ {
        cdn_sign        required;
        cdn_sign_scheme secure_link "message={expires}$uri {key}";
        cdn_sign_key    k1 secret;
    }
    location /link/ {
        secure_link     $arg_md5,$arg_expires;
        secure_link_md5 "$secure_link_expires$uri secret";
        if ($secure_link = "")  { return 403; }
        if ($secure_link = "0") { return 410; }
    }
    location /open/ { }
    location /counted/ { cdn_region here; }
CONF
$t->write("$_/file", 'x' x 1000) for qw(ours md5 link open counted);

my $expires = time + 86400;
my $many = 4096;
sub md5_of ($path, $expires) { "$path?md5=" . b64u(md5("$expires$path secret")) . "&expires=$expires" }
my %sign = (
    native => sub ($expires) { signed('/ours/file', secret => 'secret', expires => $expires) },
    'cdn_sign_scheme secure_link' => sub ($expires) { md5_of('/md5/file', $expires) },
    secure_link => sub ($expires) { md5_of('/link/file', $expires) },
);
my @ways = ('native', 'cdn_sign_scheme secure_link', 'secure_link');
my %urls = (
    (map { $_ => [$sign{$_}->($expires)] } @ways),
    (map { my $way = $_; ("$way, $many URLs" => [map { $sign{$way}->($expires + $_) } 1 .. $many]) } @ways),
    'counted, nothing signed' => ['/counted/file'],
    'nothing signed' => ['/open/file'],
);
my %url = map { $_ => $urls{$_}[0] } keys %urls;
$t->status($url{$_}) == 200 or die "$_: not served\n" for keys %url;
$t->status($url{$_} =~ s/=./=!/r) == 403 or die "$_: not refused\n" for grep { !/nothing/ } keys %url;

headline('signed URLs per second: ours / secure_link (bar: 0.97)');
my $row = table(['gate', 40], '/s', ['ratio', 16], ['CPU us', 8], ['CPU ratio', 16]);

my @gates = (@ways, (map { "$_, $many URLs" } @ways), 'counted, nothing signed', 'nothing signed');
my $results = turns(map {
    my $urls = $urls{$_};
    $_ => sub { client($t, $urls, clients => 16) };
} @gates);

for my $gate (@gates) {
    my $against = $gate =~ /URLs/ ? "secure_link, $many URLs" : 'secure_link';
    $row->($gate, sprintf('%.0f', number($results, $gate, 'rate')), ratio($results, $gate, $against, 'rate'),
        sprintf('%.1f', number($results, $gate, 'cpu_ms') * 1000), ratio($results, $gate, $against, 'cpu_ms'));
}
