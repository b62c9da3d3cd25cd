# All together: signed URLs of negotiated pictures under a profile that holds, through an
# edge and a tier, purged by their source; and every number of it on the status page.
# What is expected is what this test did, what came over its wire, and what the tier's log says.

use lib 't/lib';
use NginxTest;
use NginxTest::Sign;

my %photo = map { ($_ => picture(width => 90 + $_, height => 60, color => [60 * $_, 100, 50])) } 1 .. 3;

my $t = nginx(<<'CONF', workers => 2, clock => '2026-11-02 15:00:00', origin => { 'photos/cat.jpg' => $photo{1} }, http => <<'HTTP');

    proxy_cache       edge;
    proxy_cache_key   $scheme$host$request_uri;
    proxy_cache_lock  on;
    cdn_purge         on;
    cdn_region        $http_x_region;
    add_header        X-Was $upstream_cache_status always;
    add_header        X-Uri $cdn_uri always;

    location ^~ /cdn-cgi/image/ {
        cdn_sign    required;
        cdn_image   cloudflare;
        cdn_ttl     media_resource schedule=us_east;
        proxy_pass  http://127.0.0.1:%PORT_tier%$cdn_image_uri;
    }
    location = /cdn/status  { cdn_status; }
    location ^~ /cdn/purge  { cdn_purge_api; }

CONF

    cdn_zone 4m;
    cdn_node edge-1;
    cdn_sign_key k1 secret;
    cdn_ttl_profile media_resource { ttl 2h;  stale_while_revalidate 10m;  during school_hours hold; }
    proxy_cache_path %DIR%/cache/edge keys_zone=edge:1m max_size=8m;
    proxy_cache_path %DIR%/cache/originals keys_zone=originals:1m max_size=4m;
    log_format tier '$upstream_cache_status $status $bytes_sent $body_bytes_sent';

    server {
        listen 127.0.0.1:%PORT_tier%;
        access_log %DIR%/logs/tier.log tier;
        location / {
            cdn_image_transform on;
            proxy_cache         originals;
            proxy_cache_valid   200 1h;
            proxy_pass          http://%ORIGIN%;
        }
    }

HTTP

# New York on a Monday, 10:00: school hours, until 18:00
my $morning = 1793631600;
my %accept = (avif => 'image/avif,image/webp,*/*', webp => 'image/webp,*/*', jpeg => 'image/jpeg');
my ($cat, $none, $bad) = map { "/cdn-cgi/image/$_" } 'width=40,f=auto/photos/cat.jpg', 'width=40,f=auto/photos/none.jpg', 'width=0/photos/cat.jpg';

sub fresh ($url) { return signed($url, secret => 'secret', expires => $morning + 12 * 3600) }

sub status () { return $t->get('/cdn/status')->json }

# What the tier was asked since the last time: its log's lines.
my $log_lines = 0;
sub tier_log ()
{
    my @lines = split /\n/, $t->slurp('logs/tier.log');
    return map { my %l; @l{qw(cache status bytes body)} = split; \%l } splice @lines, $log_lines;
}

my %content = (image => 'image', 'text/html' => 'html', 'text/plain' => 'text', '' => 'none');

my $shown = 1;
sub change_to ($photo) { $shown = $photo; return $t->write_origin('photos/cat.jpg', $photo{$photo}) }

# A request, and all that it is to be counted as.
my @asked;
sub asks ($what, $url, $was, $code, %opt)
{
    my ($cache, $reason) = $was eq '' ? ('none', undef) : map { lc } split / /, $was;
    my $format = $opt{as} // 'avif';
    my $region = $opt{from} // 'eu';
    my $r = $t->request($opt{method} // 'GET', $url, headers => [Accept => $accept{$format}, 'X-Region' => $region]);

    is(join(' ', $r->status, lc($r->header('X-Was') // 'none')), "$code $cache", $what);
    is($r->header('Content-Type'), "image/$format", "as $format") if $code == 200;
    my $counted = @asked + 1;
    my $fetched = $cache =~ /^(?:miss|stale|expired|bypass)$/;
    eventually(sub { status()->{requests}{total} >= $counted && (!$fetched || tier_log()) }, 10);

    my @fetches = tier_log();
    $log_lines += @fetches;
    my $upstream = 0;
    $upstream += $_->{bytes} for @fetches;
    push @asked, {
        photo => $shown, cache => $cache, reason => $reason, code => $code, format => $format, region => $region,
        zone => $cache eq 'none' ? 'none' : 'edge', profile => 'media_resource', class => int($code / 100) . 'xx',
        content => $content{ ($r->header('Content-Type') // '') =~ m{^(image|text/\w+)} ? $1 : '' },
        sent => length $r->raw, upstream => $upstream, fetches => \@fetches,
        object => $code == 200 || $code == 404 ? 'localhost' . $r->header('X-Uri') : undef,
        missed => !!($cache =~ /^(?:miss|expired)$/), hit => !!($cache =~ /^(?:hit|stale)$/),
        asks_tier => !!($cache =~ /^(?:miss|expired|bypass)$/), sign => 'ok', image => 'ok', %opt,
    };
    return $r;
}

# Sums over what was asked.
sub sums ($of, $value = sub { 1 })
{
    my %sums;
    for my $one (@asked) {
        my $name = $of->($one) // next;
        $sums{$name} += $value->($one);
    }
    return \%sums;
}
sub total ($value) { return sums(sub { 'all' }, $value)->{all} // 0 }
sub rounded ($value, $places) { return 0 + sprintf "%.${places}f", $value }
sub ratio ($of)
{
    my @cached = grep { $of->($_) && $_->{cache} !~ /^(?:none|bypass)$/ } @asked;
    return @cached ? rounded(grep({ $_->{hit} } @cached) / @cached, 4) : undef;
}

# ---- what happens

my $first = asks('one who takes AVIF: never asked for', fresh($cat), 'MISS cold', 200);
asks('the next one', fresh($cat), 'HIT hit', 200);
asks('one who takes WebP', fresh($cat), 'MISS cold', 200, as => 'webp', from => 'us');
asks('from elsewhere', fresh($cat), 'HIT hit', 200, as => 'webp', from => 'us') for 1 .. 2;
asks('one who takes neither', fresh($cat), 'MISS cold', 200, as => 'jpeg');
asks('or the header alone', fresh($cat), 'HIT hit', 200, as => 'jpeg', method => 'HEAD');
asks('a tampered signature', fresh($cat) =~ s/width=40/width=50/r, '', 403, sign => 'invalid');
asks('an expired one', signed($cat, secret => 'secret', expires => $morning - 1), '', 403, sign => 'expired');
asks('none', $cat, '', 403, sign => 'missing');
asks('what is no picture\'s size', fresh($bad), '', 400, image => 'refused');
asks('what is not there', fresh($none), 'MISS uncacheable', 404);
asks('and was not a moment ago', fresh($none), 'BYPASS bypass', 404);

cmp_ok($first->header('Cache-Control') =~ /max-age=(\d+)/ && $1, '>=', 8 * 3600 - 60, 'held until school is over');

sub purge ($mode)
{
    my $r = $t->request('POST', '/cdn/purge', body => qq({"urls":["/photos/cat.jpg"],"mode":"$mode"}));
    is($r->json->{status}, 'applied', "the source is purged, $mode");
}

purge('soft');
change_to(2);
asks('served once more while it is fetched', fresh($cat), 'STALE stale', 200);
my $second = asks('then anew', fresh($cat), 'HIT hit', 200);
isnt($second->body, $first->body, 'the new picture');
purge('hard');
change_to(3);
my $third = asks('fetched at once', fresh($cat), 'MISS purged', 200);
isnt($third->body, $second->body, 'the next');
asks('in each format', fresh($cat), 'MISS purged', 200, as => 'webp', from => 'us');
asks('once', fresh($cat), 'HIT hit', 200, as => 'webp', from => 'us');

# ---- what is said of it

# The labels of a family's series, in their order, joined by spaces.
my %labels = (
    requests => [qw(zone profile region status)], cache_reasons => ['reason'], responses => ['class'], content_requests => [qw(content status)],
    profile_misses => [qw(profile reason)], response_bytes => [qw(profile status)], upstream_bytes => [qw(profile status)],
    image_requests => [qw(dialect outcome)], image_transforms => [qw(format outcome)], image_bytes => ['direction'], image_pixels => ['direction'], signatures => [qw(scheme verdict)],
    purges => [qw(type mode source)], purge_matches => ['mode'], phase_requests => [qw(profile phase)],
);

sub check ($when, $phases, $purged)
{
    my $json = status();
    my $text = $t->get('/cdn/status?format=prometheus')->body;
    my $by = sub ($key) { sums(sub ($a) { $a->{$key} }) };
    my $every = sub ($a) { 1 };
    my @cached = grep { $_->{cache} ne 'none' } @asked;
    my @transforms = map { my $a = $_; map { +{ format => $a->{format}, %$_ } } grep { $_->{status} == 200 } @{ $a->{fetches} } } @asked;
    my %fetched_as = map { ($_->{format} => 1) } @transforms;

    my $sent = total(sub ($a) { $a->{sent} });
    my $upstream = total(sub ($a) { $a->{upstream} });
    my $made = { map { my $format = $_; ($format => { ok => scalar grep { $_->{format} eq $format } @transforms }) } keys %fetched_as };
    my $image_bytes = { in => 0, out => 0 };
    my $pixels = { in => 0, out => 0 };
    for my $one (@asked) {
        for my $fetch (grep { $_->{status} == 200 } @{ $one->{fetches} }) {
            $image_bytes->{in} += length $photo{ $one->{photo} };
            $image_bytes->{out} += $fetch->{body};
            my $width = 90 + $one->{photo};
            $pixels->{in} += $width * 60;
            $pixels->{out} += 40 * int(40 * 60 / $width + 0.5);
        }
    }

    # JSON
    is($json->{node}, 'edge-1', "$when: the node");
    is_deeply($json->{requests}, {
        total => scalar @asked,
        by_status => $by->('cache'), by_reason => $by->('reason'), by_class => $by->('class'),
        by_profile => { media_resource => { requests => scalar @asked, hits => scalar(grep { $_->{hit} } @asked), hit_ratio => ratio($every), bytes => $sent } },
        by_region => { map { my $name = $_; ($name => { requests => scalar(grep { $_->{region} eq $name } @asked), hit_ratio => ratio(sub ($a) { $a->{region} eq $name }),
            mean_ms => $json->{requests}{by_region}{$name}{mean_ms} }) } qw(eu us) },
        by_content => { map { my $name = $_; ($name => { requests => scalar(grep { $_->{content} eq $name } @asked), hit_ratio => ratio(sub ($a) { $a->{content} eq $name }) }) } keys %{ $by->('content') } },
    }, 'requests');
    is_deeply($json->{bytes}, { sent => $sent, upstream => $upstream, saved => $sent > $upstream ? $sent - $upstream : 0 }, 'bytes');
    is_deeply($json->{signatures}, { native => $by->('sign') }, 'signatures');
    is_deeply([@{ $json->{images} }{qw(requests transforms bytes pixels degraded memory overdue_threads)}],
        [{ cloudflare => $by->('image') }, $made, $image_bytes, $pixels, {}, 0, 0], 'images');
    is_deeply([@{ $json->{purges} }{qw(accepted matches records patterns evictions floor)}], [{ url => 2 }, $purged, 1, 0, 0, 0], 'purges');
    is_deeply($json->{redis}, {}, 'no Redis');
    is($json->{schedules}{us_east}{phase}, (sort { $phases->{$a} <=> $phases->{$b} } keys %$phases)[0], 'the phase that holds');
    is($json->{cache}{edge}{max}, 8 << 20, 'the edge\'s cache');
    is($json->{cache}{originals}{max}, 4 << 20, 'the tier\'s');

    my (%objects, %misses);
    for (grep { defined $_->{object} } @asked) {
        $objects{ $_->{object} }++;
        $misses{ $_->{object} }++ if $_->{missed};
    }
    is_deeply({ map { ($_->{url} => "$_->{requests} $_->{error}") } @{ $json->{top}{objects} } }, { map { ($_ => "$objects{$_} 0") } keys %objects }, 'top objects');
    is_deeply({ map { ($_->{url} => "$_->{requests} $_->{error}") } @{ $json->{top}{misses} } }, { map { ($_ => "$misses{$_} 0") } keys %misses }, 'top misses');

    my $window = $json->{windows}{'24h'};
    is_deeply([@$window{qw(requests hit_ratio error_rate origin_share bytes_sent bytes_saved transforms by_reason)}],
        [scalar @asked, ratio($every), 0, rounded(grep({ $_->{asks_tier} } @asked) / @asked, 4), $sent, $json->{bytes}{saved}, scalar @transforms, $by->('reason')], 'the last 24 hours');
    is($json->{score}, undef, 'no score yet') if @asked < 20;
    is_deeply([grep { $_->{name} !~ /^response_time_ms|^high_response_time|^cache_hit_ratio/ } @{ $json->{alerts} }], [], 'no alerts');

    # Prometheus
    my (%series, %histograms);
    for (grep { /^[^#]/ } split /\n/, $text) {
        my ($name, $labels, $value) = /^nginx_cdn_(\w+?)(?:\{(.*)\})? (\S+)$/ or fail("no sample: $_");
        my %label = $labels ? $labels =~ /(\w+)="((?:[^"\\]|\\.)*)"/g : ();
        my $le = delete $label{le};
        my $base = $name =~ s/_(?:total|bucket|sum|count)$//r;
        my $key = $labels{$base} ? join ' ', map { $label{$_} } @{ $labels{$base} } : join ' ', map { $label{$_} } sort keys %label;
        if ($name =~ /_(bucket|count)$/ && $base =~ /_seconds$/) {
            $histograms{$base}{$key}{ $le // 'count' } = $value;
        } else {
            $series{$name}{$key} = $value;
        }
    }

    my %expected = (
        requests_total => sums(sub ($a) { "$a->{zone} $a->{profile} $a->{region} $a->{cache}" }),
        cache_reasons_total => $by->('reason'),
        responses_total => $by->('class'),
        content_requests_total => sums(sub ($a) { "$a->{content} $a->{cache}" }),
        profile_misses_total => sums(sub ($a) { $a->{missed} || $a->{cache} eq 'bypass' ? "$a->{profile} $a->{reason}" : undef }),
        response_bytes_total => sums(sub ($a) { "$a->{profile} $a->{cache}" }, sub ($a) { $a->{sent} }),
        upstream_bytes_total => sums(sub ($a) { @{ $a->{fetches} } ? "$a->{profile} $a->{cache}" : undef }, sub ($a) { $a->{upstream} }),
        image_requests_total => { map { ("cloudflare $_" => $by->('image')->{$_}) } keys %{ $by->('image') } },
        image_transforms_total => { map { ("$_ ok" => $made->{$_}{ok}) } keys %$made },
        image_bytes_total => $image_bytes, image_pixels_total => $pixels,
        signatures_total => { map { ("native $_" => $by->('sign')->{$_}) } keys %{ $by->('sign') } },
        purges_total => { 'url soft api' => 1, 'url hard api' => 1 },
        purge_matches_total => $purged,
        phase_requests_total => { map { ("media_resource $_" => $phases->{$_}) } keys %$phases },
        image_memory_bytes => { '' => 0 }, purge_records => { '' => 1 }, purge_patterns => { '' => 0 }, purge_evictions_total => { '' => 0 },
        purge_floor_timestamp_seconds => { '' => 0 }, unknown_profile_total => { '' => 0 }, purge_swept_files_total => { '' => 0 }, purge_swept_bytes_total => { '' => 0 },
    );
    is_deeply($series{$_}, $expected{$_}, "nginx_cdn_$_") for sort keys %expected;

    my $by_duration = sums(sub ($a) { "$a->{profile} $a->{cache}" });
    my $to_origin = sums(sub ($a) { $a->{asks_tier} ? $a->{profile} : undef });
    my %observed = (
        request_duration_seconds => $by_duration, time_to_first_byte_seconds => $by_duration, upstream_duration_seconds => $to_origin, region_duration_seconds => $by->('region'),
        image_duration_seconds => { map { ($_ => $made->{$_}{ok}) } keys %$made }, image_queue_seconds => { '' => scalar @transforms },
        purge_propagation_seconds => { '' => 0 },
    );
    for my $name (sort keys %observed) {
        is_deeply({ map { ($_ => $histograms{$name}{$_}{'+Inf'}) } keys %{ $histograms{$name} } }, $observed{$name}, "nginx_cdn_$name");
        is_deeply([grep { $_->{count} != $_->{'+Inf'} } values %{ $histograms{$name} }], [], 'its count is its last bucket');
    }
    is_deeply([sort keys %histograms], [sort keys %observed], 'and no other histogram');

    # one and the same
    my $sum = sub ($name) { my $all = 0; $all += $_ for values %{ $series{$name} }; $all };
    is($sum->($_), scalar @asked, "the labels of $_ add up") for qw(requests_total responses_total content_requests_total phase_requests_total);
    is($sum->('cache_reasons_total'), scalar @cached, 'the reasons add up');
    is($sum->('response_bytes_total'), $json->{bytes}{sent}, 'bytes sent are those of JSON');
    is($sum->('upstream_bytes_total'), $json->{bytes}{upstream}, 'and those received');
    my ($ms, $mean) = (0, $json->{latency_ms}{mean});
    $ms += $_ * 1000 for values %{ $series{request_duration_seconds_sum} };
    cmp_ok(abs($ms / @asked - $mean), '<', 0.002, 'the mean is that of the histogram');

    return $json;
}

my $json = check('in the morning', { school_hours => scalar @asked }, { soft => 1, hard => 4 });
is_deeply({ map { ($_ => $json->{windows}{$_}{requests}) } qw(5m 1h 24h) }, { '5m' => 18, '1h' => 18, '24h' => 18 }, 'every window has it all');

# ---- after school

# Windows go by the second: what is counted before a jump of the clock has to have had one.
sub pass_time () { my $then = status()->{now}; return eventually(sub { status()->{now} >= $then + 2 }, 10) }

pass_time();
$t->clock('2026-11-02 22:59:00');
asks('held: past its two hours it is fresh', fresh($cat), 'HIT hit', 200);
pass_time();
$t->clock('2026-11-03 00:20:00');
pass_time();
asks('and no longer than an hour after school', fresh($cat), 'EXPIRED expired', 200);
$json = check('in the evening', { school_hours => 19, after_school => 1 }, { soft => 1, hard => 4 });
is($json->{windows}{'5m'}{requests}, 1, 'the last five minutes are their own');

$t->reload;
is_deeply([map { $_->{requests}{total} } status()], [scalar @asked], 'and after a reload');

done();
