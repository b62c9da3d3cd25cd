# A worker that has made pictures gives their memory back once there are none to make.

use lib 't/lib';
use NginxTest;

if ($ENV{NGX_CDN_NGINX}) {
    pass('a sanitizer keeps what was freed');
    done();
    exit;
}

my $t = nginx(<<'CONF', files => { 'film.gif' => picture(format => 'gif', width => 400, height => 400, frames => 24) });
    location /cdn-cgi/image/ { cdn_image cloudflare;  cdn_image_transform on; }
CONF

sub mib ($what) { $t->slurp('/proc/' . ($t->workers)[0] . '/status') =~ /^$what:\s+(\d+) kB/m ? $1 / 1024 : die $what }

is($t->status('/cdn-cgi/image/width=8/film.gif'), 200, 'a first picture');
ok(eventually(sub { mib('VmRSS') < 60 }, 20), 'and rest');
my $before = mib('VmRSS');

for my $turn (1 .. 4) {
    my @answers = map { $_->finish } map { $t->begin("/cdn-cgi/image/width=@{[100 + 10 * $turn + $_]},format=webp/film.gif", timeout => 60) } 1 .. 4;
    is(join(' ', map { $_->status } @answers), '200 200 200 200', 'four at once');
}
cmp_ok(mib('VmHWM'), '>', $before + 40, 'pictures take memory');
ok(eventually(sub { mib('VmRSS') < $before + 20 }, 20), 'which goes back') or diag($before, ' before, now ', mib('VmRSS'));

done();
