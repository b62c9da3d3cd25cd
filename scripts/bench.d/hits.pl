# cached hits with the module, against plain proxy_cache
#
# Two nginx, one worker each: one has never heard of the module, the other has
# it loaded and on.  The bar: 0.97 of the requests per second.

use Bench;

Bench::defaults(seconds => 1.5, rounds => 10);

# What the module is to do on a hit; grows with the module.
my $in_http = 'cdn_zone 32m;';
my $in_location = 'cdn_region eu; cdn_purge on; cdn_ttl educational_content schedule=us_east;';
my $purges = 300;                                      # live ones

sub edge ($with_module)
{
    my ($http, $location) = $with_module ? ($in_http, $in_location) : ('', '');
    return server(<<"CONF", module => $with_module, http => <<"HTTP", servers => <<"ORIGIN");
    location / {
        proxy_cache        edge;
        proxy_cache_valid  200 1d;
        proxy_pass         http://127.0.0.1:%PORT_origin%;
        $location
    }
    @{[ $with_module ? 'location ^~ /cdn/purge { cdn_purge_api; }' : '' ]}
CONF
    proxy_cache_path %DIR%/cache keys_zone=edge:16m max_size=1g inactive=1d use_temp_path=off;
    $http
HTTP
    server {
        listen 127.0.0.1:%PORT_origin%;
        root %DIR%/html;
        add_header Cache-Tag "course-1, unit-7, school-42, author-5, images";
    }
ORIGIN
}

my %edge = (ours => edge(1), plain => edge(0));
my @objects = (1000, 6000);
for my $t (values %edge) {
    $t->write($_, 'x' x $_) for @objects;
}

for my $n (1 .. $purges) {
    $edge{ours}->request(POST => '/cdn/purge', body => qq({"tags":["other-$n"],"mode":"hard"}))->status == 200 or die 'no purge';
}

headline('cached hits: proxy_cache with the module / without (bar: 0.97)');
my $row = table(['object', 12], 'ours /s', 'plain /s', ['ratio', 16], ['CPU us/hit', 13], ['CPU ratio', 16]);

for my $size (@objects) {
    my $results = turns(map {
        my $t = $edge{$_};
        $_ => sub { client($t, "/$size", clients => 16) };
    } qw(ours plain));

    $row->("$size bytes", (map { sprintf '%.0f', number($results, $_, 'rate') } qw(ours plain)),
        ratio($results, 'ours', 'plain', 'rate'),
        sprintf('%.1f / %.1f', map { number($results, $_, 'cpu_ms') * 1000 } qw(ours plain)),
        ratio($results, 'ours', 'plain', 'cpu_ms'));
}
