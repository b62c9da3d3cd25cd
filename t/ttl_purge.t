# Where lifetimes and purges meet: a profile's tags can be purged, and "during"
# rules that shorten apply to what is already stored.

use lib 't/lib';
use NginxTest;

my $http = <<'HTTP';
    cdn_zone 1m;
    proxy_cache_path %DIR%/cache keys_zone=edge:1m inactive=2y;
    proxy_cache edge;
    proxy_cache_key $uri;
    proxy_cache_lock on;
    cdn_schedule campus { timezone UTC;  phase lectures daily 08:00-18:00; }
HTTP
my $conf = <<'CONF';
    add_header X-Cache "$upstream_cache_status $cdn_cache_reason" always;
    location /media/   { cdn_purge on;  cdn_ttl media_resource;  proxy_pass http://%ORIGIN%; }
    location /content/ { cdn_purge on;  cdn_ttl user_content;  proxy_pass http://%ORIGIN%; }
    location /private/ { cdn_purge on;  cdn_ttl student_submission per_user=$http_x_user_id;  proxy_pass http://%ORIGIN%; }
    location /notes/   { cdn_ttl notes schedule=campus;  proxy_pass http://%ORIGIN%; }
    location ^~ /purge { cdn_purge_api; }
CONF

my $t = nginx($conf, clock => '2026-11-03 20:00:00', origin => sub ($r) {
        [200, ['X-Cache-Tag' => 'own'], "n$r->{n}"];
    }, http => $http . 'cdn_ttl_profile notes { ttl 4h;  stale_while_revalidate 1m; }');

sub cache ($uri) { $t->get($uri)->header('X-Cache') }
sub purge (%body) { $t->request(POST => '/purge', body => JSON::PP->new->encode(\%body))->json }

# tags

$t->get('/media/a');
my $hit = $t->get('/media/a');
is($hit->header('X-Cache'), 'HIT hit', 'a response is cached');
is($hit->header('X-Cache-Tag'), 'media', 'clients see the profile\'s tag, not the origin\'s');
purge(tags => ['avatars'], mode => 'hard');
is(cache('/media/a'), 'HIT hit', 'another profile\'s tag is another');
purge(tags => ['media'], mode => 'hard');
is(cache('/media/a'), 'MISS purged', 'the profile\'s tag is purged');
$t->get('/content/a') for 1 .. 2;
purge(urls => ['/content/a'], mode => 'soft');
is(cache('/content/a'), 'MISS purged', 'a profile with must_revalidate serves nothing stale, softly purged or not');
is(cache('/media/a'), 'HIT hit', 'once');
purge(tags => ['own'], mode => 'hard');
is(cache('/media/a'), 'MISS purged', 'the origin\'s too');

# a bypassed response that is stored after all knows when it was fetched
is($t->get('/private/a')->header('X-Cache'), 'BYPASS bypass', 'nobody\'s submission passes the cache by');

# rules that shorten

$t->get("/notes/$_") for qw(a b);
$t->conf($conf, http => $http . 'cdn_ttl_profile notes { ttl 4h;  stale_while_revalidate 1m;  during lectures ttl=1h; }');
$t->clock('2026-11-04 06:00:00');
$t->get('/notes/c');
is($t->get('/notes/c')->header('Cache-Control'), 'public, max-age=14400, stale-while-revalidate=60', 'before the reload: four hours');
$t->reload;
is(cache('/notes/c'), 'HIT hit', 'a reload alone ends nothing');
$t->clock('2026-11-04 08:01:00');
isnt(cache('/notes/c'), 'HIT hit', 'but the lectures do');
ok(eventually(sub { cache('/notes/c') eq 'HIT hit' }, 5), 'after which it is fresh');
is(scalar($t->origin_requests(qr{/notes/c})), 2, 'fetched once more');
my ($left) = $t->get('/notes/c')->header('Cache-Status') =~ /ttl=(\d+)/;
ok($left <= 3600 && $left > 3500, 'for an hour now');

done();
