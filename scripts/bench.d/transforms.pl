# transforms per second, against bare libvips on two threads
#
# nginx: one worker, two pool threads, no cache.  The loop: the same work done
# as well as libvips does it, without server and client, on two threads.  The bar:
# a ratio of 0.95, at two clients and at eight.  The loop is as nice as our pool,
# so that both get the same share of a machine that others use too.

use Bench;

Bench::defaults(seconds => 2, rounds => 7);

my @cases = (
    { name => 'JPEG 6 MP to 720x588 JPEG',         file => 'w1.jpg',
      width => 720, height => 588, fit => 'inside', format => 'jpeg' },
    { name => 'JPEG 6 MP to 300x300 WebP, cut',    file => 'w1.jpg',
      width => 300, height => 300, fit => 'cover', format => 'webp' },
    { name => 'JPEG 14 MP to 1200x600 JPEG, cut',  file => 'w5-14mp.jpg',
      width => 1200, height => 600, fit => 'cover', format => 'jpeg' },
    { name => 'PNG with alpha to 300 PNG',         file => 'w4-alpha.png',
      width => 300, fit => 'inside', format => 'png' },
    { name => 'PNG with alpha to 300 WebP',        file => 'w4-alpha.png',
      width => 300, fit => 'inside', format => 'webp' },
    { name => 'GIF of 24 frames to 200 WebP',      file => 'w6-anim.gif',
      width => 200, fit => 'inside', format => 'webp' },
);

my %fit = (inside => 'scale-down', cover => 'cover');

sub path_of ($case)
{
    my $height = $case->{height} ? ",height=$case->{height}" : '';
    return "/cdn-cgi/image/width=$case->{width}$height,fit=$fit{ $case->{fit} },quality=80,"
        . "format=$case->{format}/$case->{file}";
}

headline('transforms per second: nginx with the module / bare libvips, two threads (bar: 0.95)');
my $row = table(['case', 34], 'clients', 'ours /s', 'loop /s', ['ratio', 16], ['CPU ms/op', 13],
    ['CPU ratio', 16], 'p99 ms', ['peak MiB', 9]);

my @sizes;
for my $case (@cases) {
    my $t = server(<<'CONF');
        location /cdn-cgi/image/ {
            cdn_image            cloudflare;
            cdn_image_transform  on;
        }
CONF
    my $file = photo($case->{file});
    put($t, $case->{file}, $file);
    client($t, path_of($case), clients => 2, seconds => 0.1);    # now the pool's threads exist
    my $nice = niceness($t);

    for my $clients (2, 8) {
        my $results = turns(
            ours => sub { client($t, path_of($case), clients => $clients) },
            loop => sub { loop($file, %$case, nice => $nice) },
        );
        my $of = sub ($who, $what) { number($results, $who, $what) };

        $row->($case->{name}, $clients,
            (map { sprintf '%.1f', $of->($_, 'rate') } qw(ours loop)),
            ratio($results, 'ours', 'loop', 'rate'),
            sprintf('%.1f / %.1f', $of->('ours', 'cpu_ms'), $of->('loop', 'cpu_ms')),
            ratio($results, 'ours', 'loop', 'cpu_ms'),
            sprintf('%.0f', $of->('ours', 'p99')),
            sprintf('%.0f / %.0f', peak_mib($t), $of->('loop', 'peak_mib')));

        push @sizes, sprintf '%s: %d and %d', $case->{name}, $of->('ours', 'bytes'), $of->('loop', 'bytes')
            if $clients == 2 && $of->('ours', 'bytes') != $of->('loop', 'bytes');
    }
    $t->stop;
}

note("Not the same bytes, ours and the loop's:\n" . join "\n", @sizes) if @sizes;
