# Windows, ratings, alerts and advice of a real nginx.

use lib 't/lib';
use NginxTest;

my $conf = <<'CONF';

    location /          { cdn_region eu; root %DIR%/html; }
    location /cached/   { cdn_region eu; proxy_cache edge; proxy_cache_valid 200 1h; proxy_pass http://%ORIGIN%; }
    location = /status  { cdn_status; }

CONF

my $cache = 'proxy_cache_path %DIR%/cache keys_zone=edge:1m;';
my $t = nginx($conf, workers => 2, http => "$cache cdn_status_bandwidth 1k;", files => { 'cat.txt' => 'x' x 1000 },
    origin => sub ($request) { return $request->{uri} =~ /broken/ ? [502, [], 'broken'] : 'x' x 100 });

sub status ($condition) { my $json; eventually(sub { $json = $t->get('/status?format=json')->json; $condition->($json) }, 5); $json }

# with nothing
my $json = $t->get('/status')->json;
is($json->{score}, undef, 'no score without requests');
is_deeply($json->{ratings}{error_rate}, { value => undef, rating => undef }, 'and no rating');
is_deeply([@$json{qw(alerts recommendations)}, $json->{top}{objects}], [[], [], []], 'no alert, no advice, no objects');
is($json->{windows}{'5m'}{hit_ratio}, undef, 'no hit ratio');
is_deeply($json->{trends}, { hour => undef, day => undef }, 'nothing to compare with');
is($json->{series}, undef, 'no series unless asked for');

# with too few
$t->get('/cat.txt') for 1 .. 19;
$json = status(sub ($j) { $j->{windows}{'5m'}{requests} == 19 });
is($json->{score}, undef, 'no score for 19 requests');
$t->get('/cat.txt');
$json = status(sub ($j) { defined $j->{score} });
is($json->{ratings}{error_rate}{rating}, 'excellent', 'ratings for 20');
is($json->{ratings}{response_time_ms}{rating}, 'excellent', 'of the response time');
is($json->{ratings}{cache_hit_ratio}{rating}, undef, 'of no hit ratio without a cache');
is($json->{ratings}{bandwidth_utilization}{rating}, 'critical', 'and of the link');
is($json->{score}, 75, 'the score is their mean');

# misses, hits, errors
$t->get("/cached/$_?token=secret") for map { ('a') x 30, ('b') x 5, "once-$_" } 1;
$t->get('/cached/broken') for 1 .. 5;
$json = status(sub ($j) { $j->{windows}{'5m'}{requests} == 61 && @{ $j->{alerts} } >= 4 });
is($json->{windows}{$_}{requests}, 61, "the last $_") for '5m', '1h', '24h';
is($json->{windows}{'5m'}{hit_ratio}, 0.8049, 'the hit ratio');
is($json->{windows}{'5m'}{error_rate}, 0.081967, 'the error rate');
is_deeply($json->{windows}{'5m'}{by_reason}, { hit => 33, cold => 3, error => 5 }, 'the reasons');
cmp_ok($json->{windows}{'5m'}{rps}, '>', 0, 'the rate');
is_deeply([map { "$_->{url} $_->{requests}" } @{ $json->{top}{objects} }],
    ['localhost/cached/a 30', 'localhost/cat.txt 20', 'localhost/cached/b 5', 'localhost/cached/broken 5', 'localhost/cached/once-1 1'], 'top objects');
is_deeply([map { "$_->{url} $_->{requests}" } @{ $json->{top}{misses} }],
    ['localhost/cached/broken 5', 'localhost/cached/a 1', 'localhost/cached/b 1', 'localhost/cached/once-1 1'], 'and misses');
unlike($t->get('/status?format=json')->body, qr/secret/, 'without queries');

my %alert = map { ("$_->{name} $_->{severity}" => $_) } @{ $json->{alerts} };
is_deeply([grep { !/^cache/ } sort keys %alert], ['bandwidth_utilization critical', 'bandwidth_utilization warning',
    'error_rate warning', 'server_error critical'], 'alerts');
ok($alert{'cache_hit_ratio warning'}, 'of the hit ratio too');
is($alert{'error_rate warning'}{threshold}, 0.05, 'their threshold');
cmp_ok(abs($alert{'server_error critical'}{since} - time), '<', 60, 'and when they began');
is($alert{'server_error critical'}{ended}, undef, 'not when they ended');
my $text = $t->get('/status?format=prometheus')->body;
like($text, qr/^nginx_cdn_alert_active\{alert="server_error",severity="critical"\} 1$/m, 'Prometheus: active');
like($text, qr/^nginx_cdn_alert_active\{alert="error_rate",severity="critical"\} 0$/m, 'and not');

my $series = $t->get('/status?format=json&series=1')->json->{series};
is(scalar @{ $series->{'5m'}{$_} }, 300, "series by second: $_") for qw(rps hit_ratio errors p95_ms transforms);
is(scalar @{ $series->{'48h'}{$_} }, 288, "by ten minutes: $_") for qw(rps hit_ratio errors p95_ms transforms);
my $sum = 0;
$sum += $_ for @{ $series->{'5m'}{errors} };
is($sum, 5, 'they add up');

# advice
$t->get("/cached/more-$_") for 1 .. 70;
$json = status(sub ($j) { @{ $j->{recommendations} } >= 2 });
like($json->{recommendations}[0]{text}, qr/^4 % of requests end in a server error/, 'advice on errors');
is($json->{recommendations}[0]{reason}, '5 responses of 5xx, 5 of them for want of an origin', 'with its reason');
like($json->{recommendations}[0]{directive}, qr/proxy_next_upstream/, 'and the directive');
like($json->{recommendations}[1]{text}, qr/^Requests without a profile hit 30 %/, 'on a hit ratio');

# kept, and under other thresholds
$t->conf($conf, http => "$cache cdn_alert error_rate warning=0.5 critical=0.6;");
$t->reload;
$json = status(sub ($j) { 1 });
is($json->{windows}{'5m'}{requests}, 131, 'a reload keeps windows');
is($json->{top}{objects}[0]{requests}, 30, 'and objects');
ok(!exists $json->{ratings}{bandwidth_utilization}, 'no rating of an unknown link');
is($json->{ratings}{error_rate}{rating}, 'warning', 'cdn_alert: a rating follows');
is((grep { $_->{name} eq 'server_error' && !$_->{ended} } @{ $json->{alerts} }), 1, 'and alerts');
my $since = $alert{'server_error critical'}{since};
$t->upgrade;
$json = status(sub ($j) { 1 });
is($json->{windows}{'1h'}{requests}, 131, 'a binary upgrade keeps windows');
is((grep { $_->{name} eq 'server_error' && $_->{since} == $since } @{ $json->{alerts} }), 1, 'and alerts');

# alerts under other thresholds, from their beginning to their end
my $moved = nginx(<<'CONF', clock => '2026-11-02 15:00:00', http => 'cdn_alert error_rate warning=0.3 critical=0.6;', origin => sub ($request) { 'x' });

    location /ok        { cdn_region eu; return 200; }
    location /broken    { cdn_region eu; return 500; }
    location /slow      { cdn_region eu; proxy_pass http://%ORIGIN%; }
    location = /status  { cdn_status; }

CONF
sub alerts () { return [sort map { "$_->{name} $_->{severity} $_->{threshold}" . ($_->{ended} ? ' ended' : '') } grep { $_->{name} ne 'response_time_ms' } @{ $moved->get('/status')->json->{alerts} }] }
# the page's second and the alerts' are not the same: two of them have to pass
sub pass_time () { my $then = $moved->get('/status')->json->{now}; return eventually(sub { $moved->get('/status')->json->{now} >= $then + 2 }, 10) }

$moved->get($_) for ('/ok') x 14, ('/broken') x 6;
pass_time();
is_deeply(alerts(), ['server_error critical 5'], 'at its warning a value is not beyond it; six errors within a minute are');
$moved->get('/broken');
pass_time();
is_deeply(alerts(), ['error_rate warning 0.3', 'server_error critical 5'], 'beyond it is');
$moved->clock('2026-11-02 15:00:40');
pass_time();
is_deeply(alerts(), ['error_rate warning 0.3', 'server_error critical 5'], 'both last');
$moved->clock('2026-11-02 15:02:30');
pass_time();
is_deeply(alerts(), ['error_rate warning 0.3', 'server_error critical 5 ended'], 'a minute without errors later one has ended');
$moved->clock('2026-11-02 15:06:40');
pass_time();
is_deeply(alerts(), ['error_rate warning 0.3 ended', 'server_error critical 5 ended'], 'and five minutes later both');
my $slow = $moved->connect;
$slow->send("GET /slow HTTP/1.1\r\nHost: localhost\r\n");
pass_time();
$slow->send("Connection: close\r\n\r\n")->read_to_end;
pass_time();
is(scalar(grep { /high/ } @{ alerts() }), 0, 'a request of two seconds is no alert');
$slow = $moved->connect;
$slow->send("GET /slow HTTP/1.1\r\nHost: localhost\r\n");
pass_time();
$moved->clock('2026-11-02 15:06:55');
$slow->send("Connection: close\r\n\r\n")->read_to_end;
pass_time();
is(scalar(grep { $_ eq 'high_response_time warning 5000' } @{ alerts() }), 1, 'one of more than five is');

like(refuses('', http => 'cdn_alert errors warning=1;'), qr/"cdn_alert": knows response_time_ms.*not "errors"/, 'an unknown metric');
like(refuses('', http => 'cdn_alert error_rate warning=x;'), qr/takes warning=N and critical=N, not "warning=x"/, 'no number');
like(refuses('', http => 'cdn_alert error_rate warning=0.2 critical=0.1;'), qr/critical has to be over warning, which is 0.2/, 'the wrong order');
like(refuses('', http => 'cdn_alert cache_hit_ratio warning=0.5 critical=0.6;'), qr/critical has to be under warning/, 'of a ratio too');
accepts('', http => 'cdn_alert cache_hit_ratio warning=0.9 critical=0.6; cdn_alert response_time_ms warning=200; cdn_status_bandwidth 10G;');
like(refuses('', http => "cdn_status_bandwidth $_;"), qr/needs bits per second, like 10g: "$_"/, "a bandwidth of $_") for qw(0 10t fast -1 g);
like(refuses('', http => 'cdn_status_bandwidth 1g; cdn_status_bandwidth 1g;'), qr/duplicate/, 'and one only');

done();
