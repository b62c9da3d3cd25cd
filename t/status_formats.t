# Prometheus's own tools read what the status endpoint says.

use lib 't/lib';
use NginxTest;

my $t = nginx(<<'CONF', http => 'proxy_cache_path %DIR%/cache keys_zone=edge:1m;', files => { 'cat.jpg' => picture() });

    location /origin/   { cdn_region $arg_region; proxy_cache edge; proxy_cache_valid 200 1m; proxy_pass http://%ORIGIN%; }
    location /          { cdn_image cloudflare; cdn_image_transform on; }
    location = /status  { cdn_status; }

CONF

$t->get('/origin/') for 1 .. 2;
$t->get('/cdn-cgi/image/width=20/cat.jpg');
my @hostile = ("%5c", '%22', '"', '\\', '{', '}', '<b>', "\xff\xfe", "\xfd\xfc", "\xc3\xa9", ("x" x 62) . "\xc3\xa9");
$t->get("/origin/?region=$_") for @hostile;

for my $empty (1, 0) {
    my $name = $empty ? 'without requests' : 'with hostile names';
    my $from = $empty ? nginx('location = /status { cdn_status; }') : $t;
    my $text = $from->get('/status', Accept => 'text/plain;version=0.0.4')->body;

    my $file = $from->write("$t->{dir}/metrics", $text);
    my $said = qx(promtool check metrics <$file 2>&1);
    is($?, 0, "promtool check metrics: $name") or diag($said);
    is($said, '', 'and no word of blame');
    ok(utf8::decode(my $copy = $text), 'valid UTF-8');
}

my $text = $t->get('/status', Accept => 'text/plain')->body;
my %families = map { $_ => 1 } $text =~ /^# TYPE nginx_cdn_(\S+)/mg;
my $readme = do { open my $file, '<', "$NginxTest::root/README.md" or die $!; local $/; <$file> };
like($readme, qr/`\Q$_\E`/, "README has $_") for sort keys %families;

# a series appears once
my %seen;
$seen{$_}++ for $text =~ /^([^#].*) \S+$/mg;
is_deeply([grep { $seen{$_} > 1 } keys %seen], [], 'each series once');
like($text, qr/^nginx_cdn_requests_total\{[^\n]*region="\\\\"/m, 'a backslash is escaped');
like($text, qr/region="\\""/, 'and a quote');
like($text, qr/^nginx_cdn_region_duration_seconds_count\{region="\?\?"\} 2$/m, 'what is no UTF-8 is one label');
my $json = $t->get('/status')->body;
is(scalar(() = $json =~ /"\?\?":/g), 1, 'in JSON too');

# its arguments are its own, whatever the server says of those of others
my $inherits = nginx(<<'CONF', http => <<'HTTP');
    cdn_purge on;  cdn_cache_query id;
    location = /status     { cdn_status; }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone 1m;
    server { listen 127.0.0.1:%PORT_image%;  cdn_image custom;  location = /status { cdn_status; } }
HTTP
for my $at ($inherits, $inherits->at('image')) {
    like($at->get('/status?format=prometheus')->header('Content-Type'), qr/version=0\.0\.4/, 'format=prometheus');
    ok($at->get('/status?format=json&series=1')->json->{series}, 'series=1');
}
$inherits->request(PURGE => "/$_") for 1 .. 2;
is(scalar $inherits->get('/cdn/purge?limit=1')->json->{purges}->@*, 1, 'and those of the purge API');

done();
