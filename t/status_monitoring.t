# conf.examples/monitoring/: its rules are sound, and a real Prometheus that scrapes a
# real nginx answers every question of the dashboard.

use lib 't/lib';
use NginxTest;
use IO::Socket::INET;
use JSON::PP 'decode_json';

my $examples = "$NginxTest::root/conf.examples/monitoring";
for my $tool ('promtool', 'prometheus') {
    plan(skip_all => "no $tool") if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}

for (
    ['check config', 'prometheus.yml'],
    ['check rules', 'alerts.yml'],
    ['test rules', 'alerts_test.yml'],
) {
    my ($check, $file) = @$_;
    my $said = qx(cd $examples && promtool $check $file 2>&1);
    is($?, 0, "promtool $check $file") or diag($said);
}

my $t = nginx(<<'CONF', http => 'proxy_cache_path %DIR%/cache keys_zone=edge:1m max_size=10m;', files => { 'cat.jpg' => picture() },

    location /origin/       { cdn_region eu; proxy_cache edge; proxy_cache_valid 200 1m; proxy_pass http://%ORIGIN%; }
    location /              { cdn_image cloudflare; cdn_image_transform on; }
    location = /cdn/status  { cdn_status; }

CONF
    origin => sub ($request) { $request->{uri} =~ /broken/ ? [500, [], 'broken'] : 'x' });

my $dir = $t->dir;
my $port = free_port();
$t->write("$dir/prometheus.yml", <<"YAML");
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['$examples/alerts.yml']
scrape_configs:
  - job_name: ngx_cdn
    metrics_path: /cdn/status
    static_configs: [{ targets: ['127.0.0.1:$t->{port}'] }]
YAML
spawn('prometheus', "--config.file=$dir/prometheus.yml", "--storage.tsdb.path=$dir/prometheus",
    "--web.listen-address=127.0.0.1:$port", '--log.level=error');

sub ask ($path)
{
    my $answer = eval { decode_json($t->at($port)->get($path)->body) };
    return $answer && $answer->{status} eq 'success' ? $answer->{data} : undef;
}

sub query ($expression)
{
    $expression =~ s/\$__rate_interval/1m/g;
    $expression =~ s/\$instance/.*/g;
    return ask('/api/v1/query?query=' . $expression =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger);
}

ok(eventually(sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 30), 'Prometheus starts');
ok(eventually(sub { my $up = query('up'); $up && @{ $up->{result} } && $up->{result}[0]{value}[1] eq '1' }, 30), 'and scrapes');
my $n = 0;
ok(eventually(sub {
    $n++;
    $t->get($_) for '/origin/a', "/origin/$n", '/origin/broken', "/cdn-cgi/image/width=$n/cat.jpg";
    my $rate = query('min(count_over_time(nginx_cdn_image_queue_seconds_count[1m]))');
    $rate && @{ $rate->{result} } && $rate->{result}[0]{value}[1] >= 3;
}, 30), 'for a while');

my $dashboard = decode_json(do { open my $file, '<', "$examples/grafana.json" or die $!; local $/; <$file> });
for my $panel (@{ $dashboard->{panels} }) {
    for my $target (@{ $panel->{targets} }) {
        my $data = query($target->{expr});
        ok($data && @{ $data->{result} }, "the dashboard's $panel->{title}: $target->{legendFormat}")
            or diag($target->{expr});
    }
}

my $rules = ask('/api/v1/rules');
is(scalar(grep { $_->{health} ne 'err' } @{ $rules->{groups}[0]{rules} }), 10, 'the rules are evaluated');

done();
