# Hostile files: each is answered, with what it deserves, by a worker that lives.

use lib 't/lib';
use NginxTest;
use NginxTest::Hostile qw(bombs damaged polyglots unlisted);

my $t = nginx(<<'CONF', files => { 'cat.jpg' => picture() });
    location ^~ /cdn-cgi/image/ { cdn_image cloudflare; cdn_image_transform on; cdn_image_timeout 30s; }
    location = /status { cdn_status json; }
CONF

my ($worker) = $t->workers;

sub answer ($bytes, $options = 'width=32,height=32')
{
    $t->write('hostile', $bytes);
    return $t->get("/cdn-cgi/image/$options/hostile", timeout => 30);
}

sub answered ($bytes, $expected, $name, @options)
{
    my $r = answer($bytes, @options);
    like($r->status, ref $expected ? $expected : qr/^$expected$/, $name);
    like($r->body, qr/\A[\x20-\x7e]+\n\z/, 'in one line') if $r->status != 200;
    return $r;
}

# bombs

my %bombs = bombs;
answered($bombs{$_}->@*, $_) for sort keys %bombs;

# a small result streams; a large one, and one that is turned, want all pixels
my %large = (cover => 'width=1500,height=1500,fit=contain,format=jpeg', turned => 'width=900,rotate=90,format=png');
for my $how (sort keys %large) {
    my @odd = grep { $_->[1] !~ /^(?:200|400|413|415)$/ }
        map { [$_, answer($bombs{$_}[0], $large{$how})->status] } sort keys %bombs;
    is_deeply(\@odd, [], "none does harm, $how");
}

# damage

my %damaged = damaged(24);
my @odd = grep { $_->[1] !~ /^(?:200|413|415)$/ } map { [$_, answer($damaged{$_})->status] } sort keys %damaged;
is_deeply(\@odd, [], 'what is damaged is made, too large, or no image');

# two natures, and none

my %polyglots = polyglots;
for my $name (sort keys %polyglots) {
    my $r = answered($polyglots{$name}->@*, $name);
    unlike($r->body, qr/alert|PDF|PK/, 'nothing of its other nature comes out');
    is($r->header('X-Content-Type-Options'), $r->status == 200 ? 'nosniff' : undef, 'nor is it guessed at');
}

my %unlisted = unlisted;
answered($unlisted{$_}, 415, "$_ is not accepted") for sort keys %unlisted;

# afterwards

is(($t->workers)[0], $worker, 'the worker lives');
is($t->status('/cdn-cgi/image/width=33/cat.jpg'), 200, 'and makes pictures');
my $images = $t->get('/status')->json->{images};
is($images->{memory} . $images->{overdue_threads}, '00', 'nothing is held any more');
my ($peak) = $t->slurp("/proc/$worker/status") =~ /^VmHWM:\s+(\d+) kB/m;
cmp_ok($peak / 1024, '<', 700, 'it never held more than 700 MiB') if !$ENV{NGX_CDN_NGINX};   # a sanitizer's quarantine aside

done();
