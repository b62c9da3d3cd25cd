# conf.examples/gallery: every picture that the page names is there, and is what the page says.

use lib 't/lib';
use NginxTest;
use File::Basename qw(dirname);

my $top = dirname(dirname(__FILE__));
my $t = nginx(<<'CONF', http => <<'HTTP');

    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; proxy_pass http://127.0.0.1:%PORT_tier%$cdn_image_uri; }

CONF

    server {
        listen 127.0.0.1:%PORT_tier%;
        root %DIR%/html;
        location / { cdn_image_transform on; }
    }

HTTP

my $page = NginxTest::Client::slurp("$top/conf.examples/gallery/index.html");
$t->write('gallery/index.html', $page);
$t->write('photos/daisy.jpg', photo('daisy@2x'));
is($t->get('/gallery/')->body, $page, 'the page is served');

my %uris = map { $_ => 1 } $page =~ m{\b(?:src|href)="([^"]*)"}g;
$uris{ (split)[0] } = 1 for map { split /,\s*(?=\/)/ } $page =~ m{\bsrcset="([^"]*)"}g;
my @images = sort grep { m{^/cdn-cgi/image/} } keys %uris;

is_deeply([grep { !m{^/cdn-cgi/image/} } sort keys %uris], ['/cdn/status', '/photos/daisy.jpg', 'data:,'], 'nothing is from outside');
unlike($page, qr{url\(|\@import|<script|//\w}, 'in no other way either');

my %seen;
for my $uri (@images) {
    my $r = $t->get($uri, Accept => 'image/webp');
    is($r->status, 200, $uri) or diag $r->body;
    is($r->header('Content-Type'), 'image/webp', 'is WebP where the browser shows it');
    $seen{$uri} = image_info($r->body);
    cmp_ok(length $r->body, '<=', 1024, 'a placeholder is small') if $uri =~ /placeholder/;
}

my @placed = $page =~ m{src="([^"]+)" width="(\d+)" height="(\d+)"}g;
while (my ($uri, $width, $height) = splice @placed, 0, 3) {
    is("$seen{$uri}{width}x$seen{$uri}{height}", "${width}x$height", "$uri is as large as the page says");
}

# all there is is shown
my $presets = NginxTest::Client::slurp("$top/src/image/preset.cpp");
like($page, qr{/preset=\Q$_\E/}, "preset $_") for $presets =~ /\bset\("(\w+)"/g;
my ($fits) = NginxTest::Client::slurp("$top/src/image/option_values.cpp") =~ /Result<Fit> parse_fit.*?\{(.*?)\};/s;
like($page, qr/\bfit=\Q$_\E,/, "fit $_") for $fits =~ /"([\w-]+)"/g;
like($page, qr/\bgravity=\Q$_\E,/, "gravity $_") for qw(auto entropy face left right top bottom center);
like($page, qr{/width=$_,quality=85,format=auto/photos/daisy.jpg ${_}w}, "srcset $_") for 480, 768, 1024, 1440, 1920;

done();
