# Purges on one nginx: by tag, URL, prefix, pattern and all at once, hard and soft.

use lib 't/lib';
use NginxTest;

my %version;                                           # of each path, as the origin has it

my $t = nginx(<<'CONF', http => <<'HTTP', workers => 2, origin => sub ($r) {
    location / {
        proxy_cache  c;
        cdn_purge    on;
        proxy_pass   http://%ORIGIN%;
        add_header   X-Cache $upstream_cache_status always;
    }
    location ^~ /exposed/ { proxy_cache c; cdn_purge on; cdn_tag_expose on; proxy_pass http://%ORIGIN%; }
    location ^~ /cdn/purge { cdn_purge_api; }
CONF
    cdn_zone          1m;
    proxy_cache_path  %DIR%/cache/c keys_zone=c:1m;
    proxy_cache_lock  on;
    cdn_purge_cascade list home prefix:/lists/;
    cdn_purge_event   user-changed "tag:user-{id}" "prefix:/users/{id}/";
HTTP
    my $path = $r->{uri} =~ s/\?.*//r;
    my ($tags) = $r->{uri} =~ /tags=([^&]*)/;
    return [200, ['Cache-Control' => $path =~ /strict/ ? 'max-age=600, must-revalidate' : 'max-age=600',
        $tags ? ('Surrogate-Key' => $tags =~ s/\+/ /gr) : ()], 'version ' . ++$version{$r->{uri}}];
});

sub cached ($uri, @headers)
{
    my $r = $t->get($uri, @headers);
    return $r->header('X-Cache') . ' ' . $r->body =~ s/version //r;
}

sub purge (%body)
{
    return $t->request(POST => '/cdn/purge', body => JSON::PP->new->encode(\%body));
}

sub fill (@uris)
{
    for my $uri (@uris) {
        $t->get($uri);
        is((split ' ', cached($uri))[0], 'HIT', "$uri is cached");
    }
}

# ---- what is named goes, and nothing else

my @hard = (mode => 'hard');
fill('/a?tags=red+big', '/b?tags=red', '/c?tags=blue');
my $r = purge(tags => ['red'], @hard);
is($r->status, 200, 'a purge is accepted');
is($r->json->{status}, 'applied', 'and applied');
like($r->json->{id}, qr/^[\w-]+$/, 'and has an id');
is(cached('/a?tags=red+big'), 'MISS 2', 'a response with the tag is fetched again');
is(cached('/b?tags=red'), 'MISS 2', 'and another');
is(cached('/c?tags=blue'), 'HIT 1', 'one without is not');
is(cached('/a?tags=red+big'), 'HIT 2', 'what was fetched after the purge is cached');

fill('/u/1', '/u/1?x=1', '/u/12', '/v/1');
purge(urls => ['/u/1'], @hard);
is(cached('/u/1'), 'MISS 2', 'a URL');
is(cached('/u/1?x=1'), 'HIT 1', 'counts with its query');
purge(prefixes => ['/u/'], @hard);
is(cached('/u/1'), 'MISS 3', 'a prefix');
is(cached('/u/12'), 'MISS 2', 'takes all below it');
is(cached('/v/1'), 'HIT 1', 'and nothing else');

fill('/p/a.jpg', '/p/a.png', '/p/q/b.jpg');
purge(patterns => ['/p/*.jpg'], @hard);
is(cached('/p/a.jpg'), 'MISS 2', 'a pattern');
is(cached('/p/q/b.jpg'), 'MISS 2', 'goes over slashes');
is(cached('/p/a.png'), 'HIT 1', 'and matches to the end');

fill('/h/1');
purge(urls => ['//other.example/h/1'], @hard);
is(cached('/h/1'), 'HIT 1', "another host's URL is another");
purge(urls => ['https://LOCALHOST:8443/h/1'], @hard);
is(cached('/h/1'), 'MISS 2', 'the same host counts without its port');

fill('/s/a%20b', '/s//x', '/s/%7Ey');
purge(urls => ['/s/a b', '/s/x', '/s/~y'], @hard);
is(cached('/s/a%20b'), 'MISS 2', 'spellings of one URL are one URL');
is(cached('/s//x'), 'MISS 2', 'slashes');
is(cached('/s/%7Ey'), 'MISS 2', 'and percent-encoding');

purge(everything => JSON::PP::true, @hard);
is(cached('/c?tags=blue'), 'MISS 2', 'everything is everything');

fill('/home?tags=home', '/lists/1', '/users/7/x', '/users/77/x', '/me?tags=user-7');
purge(tags => ['list'], @hard);
is(cached('/home?tags=home'), 'MISS 2', 'a cascade takes a tag along');
is(cached('/lists/1'), 'MISS 2', 'and a prefix');
purge(event => 'user-changed', data => { id => 7 }, @hard);
is(cached('/users/7/x'), 'MISS 2', 'an event fills in its targets');
is(cached('/me?tags=user-7'), 'MISS 2', 'all of them');
is(cached('/users/77/x'), 'HIT 1', 'and no more');

# ---- soft

fill('/soft?tags=s', '/strict?tags=s');
purge(tags => ['s']);
is(cached('/soft?tags=s'), 'STALE 1', 'soft-purged content is served once more');
ok(eventually(sub { cached('/soft?tags=s') eq 'HIT 2' }), 'while it is fetched anew');
is(cached('/strict?tags=s'), 'MISS 2', 'but not where the origin forbids it');

fill('/soft?tags=s');
purge(tags => ['s']);
is($t->get('/soft?tags=s', 'CDN-Loop' => 'ngx_cdn')->body, 'version 3', 'nor to an edge, which has stale content of its own');

# ---- what clients see

is($t->get('/a?tags=red')->header('Surrogate-Key'), undef, 'clients see no tags');
$t->get('/exposed/a?tags=red+big');
is($t->get('/exposed/a?tags=red+big')->header('Surrogate-Key'), 'red big', 'unless they are exposed');
is($t->get('/c?tags=blue')->header('X-CDN-Born'), undef, 'nor births');
is($t->get('/c?tags=blue', 'CDN-Loop' => 'ngx_cdn')->header('Surrogate-Key'), 'blue', 'an edge sees both');
like($t->get('/c?tags=blue', 'CDN-Loop' => 'ngx_cdn')->header('X-CDN-Born'), qr/^\d{13}$/, 'in milliseconds');
cached('/loop');
is(($t->origin_requests(qr{/loop}))[-1]{headers}{'cdn-loop'}, 'ngx_cdn', 'requests upstream name this CDN');

# ---- PURGE, and the endpoint

fill('/m/1?q=1');
$r = $t->request(PURGE => '/m/1?q=1');
is($r->status, 200, 'the method PURGE');
is(cached('/m/1?q=1'), 'MISS 2', 'purges that URL');

my $later = purge(tags => ['later'], at => time + 3600)->json;
is($later->{status}, 'scheduled', 'a purge may come later');
is($t->get("/cdn/purge/$later->{id}")->json->{status}, 'scheduled', 'and can be looked at');
is($t->request(DELETE => "/cdn/purge/$later->{id}")->status, 200, 'and cancelled');
is($t->request(DELETE => "/cdn/purge/$later->{id}")->status, 409, 'once');
my $soon = purge(tags => ['blue'], at => time + 1, @hard)->json;
fill('/c?tags=blue');
ok(eventually(sub { $t->get("/cdn/purge/$soon->{id}")->json->{status} eq 'applied' }, 10), 'its time comes');
like(cached('/c?tags=blue'), qr/^MISS/, 'and it is purged');

is($t->request(POST => '/cdn/purge', body => '{"tags":')->status, 400, 'bad JSON is refused');
is($t->request(POST => '/cdn/purge', body => ' ' x (1 << 20 | 1))->status, 413, 'and a body over a megabyte');
is($t->get('/cdn/purge/nothing')->status, 404, 'an unknown purge is not found');
is($t->request(PATCH => '/cdn/purge')->status, 405, 'a method that means nothing');
is($t->request(PATCH => '/cdn/purge')->header('Allow'), 'GET, HEAD, POST', 'and which do');

my $list = $t->get('/cdn/purge?limit=2')->json->{purges};
is(scalar @$list, 2, 'the latest can be listed');

my $metrics = $t->at($t->{port})->get('/cdn/purge')->status;
is($metrics, 200, 'as often as one likes');

# ---- what holds

fill('/k?tags=keep');
purge(tags => ['keep'], @hard);
$t->stop;
$t->start;
is(cached('/k?tags=keep'), 'MISS 2', 'a purge holds after a restart');
fill('/k2?tags=keep2');
purge(tags => ['keep2'], @hard);
$t->reload;
is(cached('/k2?tags=keep2'), 'MISS 2', 'and after a reload');

done();
