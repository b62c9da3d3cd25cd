# Schedules of zones with odd clocks, walked through a real nginx whose clock is moved: half hours,
# hours that are skipped or repeated at midnight, two hours at once, a skipped day.  What should
# hold is worked out here by the C library's localtime.

use lib 't/lib';
use NginxTest;
use POSIX ();
use Time::Local 'timegm';

my @zones = (                                          # and the years whose clock changes are walked through
    ['Asia/Kathmandu'], ['America/Asuncion', 2023, 2024], ['Pacific/Apia', 2011, 2011], ['America/St_Johns', 2010, 2010],
    ['America/St_Johns', 2027, 2027], ['Australia/Lord_Howe', 2027, 2027], ['Pacific/Chatham', 2027, 2027],
    ['Africa/Casablanca', 2027, 2027], ['Antarctica/Troll', 2027, 2027], ['Asia/Beirut', 2027, 2027], ['Africa/Cairo', 2027, 2027],
    ['America/Nuuk', 2027, 2027], ['America/Havana', 2027, 2027], ['America/New_York', 2027, 2027],
);
my @phases = (                                         # name, weekdays (0: Sunday), minutes of the day
    ['midnight', '0123456', 23 * 60 + 30, 24 * 60 + 20], ['owl', '0123456', 30, 70], ['early', '0123456', 130, 170],
    ['dawn', '0123456', 175, 200], ['lessons', '12345', 8 * 60, 15 * 60],
);
my %is_held = map { $_ => 1 } qw(midnight owl early lessons);
my ($ttl, $retention) = (2 * 3600, 6 * 3600);

my %name_of = map { $_->[0] => lc($_->[0]) =~ s/\W/_/gr } @zones;
my $schedules = join '', map { <<"SCHEDULE" } sort keys %name_of;
    cdn_schedule $name_of{$_} {
        timezone $_;
        phase    midnight daily   23:30-00:20;
        phase    owl      daily   00:30-01:10;
        phase    early    daily   02:10-02:50;
        phase    dawn     daily   02:55-03:20;
        phase    lessons  mon-fri 08:00-15:00;
        term     leap     2028-01-01 2028-02-29;
        term     after    2028-03-01 2028-06-30;
        holiday  2028-03-01;
    }
SCHEDULE

my $t = nginx(<<'CONF', clock => '2027-01-01 00:00:00', http => $schedules . <<'HTTP');

    proxy_cache     edge;
    proxy_cache_key $uri;
    add_header      X-Holds "$cdn_schedule_phase/$cdn_schedule_term" always;
    location / { cdn_ttl held schedule=$arg_in;  proxy_pass http://%ORIGIN%; }

CONF

    proxy_cache_path    %DIR%/cache keys_zone=edge:4m inactive=20y;
    cdn_purge_retention 6h;
    cdn_ttl_profile held { ttl 2h;  during midnight hold;  during owl hold;  during early hold;  during lessons hold; }

HTTP
$t->origin(sub ($request) { [200, ['Content-Type' => 'text/plain'], 'x'] });

sub enter ($zone) { $ENV{TZ} = $zone; POSIX::tzset(); return }

# (year-month-day, minute of the day, weekday) on the zone's wall
sub wall ($time)
{
    my (undef, $minute, $hour, $day, $month, $year, $weekday) = localtime $time;
    return (sprintf('%04d-%02d-%02d', $year + 1900, $month + 1, $day), $hour * 60 + $minute, $weekday);
}

sub day_before ($date)
{
    my ($year, $month, $day) = split /-/, $date;
    return POSIX::strftime('%Y-%m-%d', gmtime(timegm(0, 0, 0, $day, $month - 1, $year) - 86400));
}

sub phase_at ($time)
{
    my ($date, $minute, $weekday) = wall($time);
    for (@phases) {
        my ($name, $days, $start, $end) = @$_;
        my $begins = sub ($on, $date) { $days =~ /$on/ && ($name ne 'lessons' || $date ne '2028-03-01') };
        return $name if $minute >= $start && $minute < $end && $begins->($weekday, $date);
        return $name if $minute + 1440 < $end && $begins->(($weekday + 6) % 7, day_before($date));
    }
    return 'off_hours';
}

sub term_at ($time)
{
    my ($date) = wall($time);
    return $date ge '2028-01-01' && $date le '2028-02-29' ? 'leap' : $date ge '2028-03-01' && $date le '2028-06-30' ? 'after' : '';
}

sub held ($time) { $is_held{phase_at($time)} }

# Why that expiry is wrong, if it is; all phases begin and end with a minute.
sub complaint ($now, $expiry)
{
    my @free = grep { !held($_) } map { $now - $now % 60 + 60 * $_ } 1 .. $retention / 60 - 1;
    return @free == 0 ? undef : 'not stored' if !defined $expiry;
    return 'never free, and stored' if @free == 0;
    return 'over the retention' if $expiry > $now + $retention;
    return 'in a held phase' if held($expiry);

    my $due = $now + $ttl;
    return abs($expiry - $due) > 2 ? 'it is not in a held phase then' : undef if !held($due) && !held($due - 2);
    my $end = $due - $due % 60;
    $end += 60 while held($end);
    return undef if $end + 3600 > $now + $retention;   # as late as may be, or in what is left of the hour
    my $last = $end;
    $last += 60 while !held($last) && $last < $end + 3600;
    return $expiry < $end || $expiry > $last ? 'not in the hour after the hold' : undef;
}

my $n = 0;
my %seen;
sub look ($zone, $time)
{
    $t->clock(POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime $time));
    my $r = $t->get('/' . $n++ . "?in=$name_of{$zone}");
    my ($day, $month, $year, $hour, $minute, $second) = $r->header('Date') =~ /(\d+) (\w{3}) (\d+) (\d+):(\d+):(\d+)/;
    my %month; @month{qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)} = 0 .. 11;
    my $now = timegm($second, $minute, $hour, $day, $month{$month}, $year);

    my $expected = phase_at($now) . "/" . term_at($now);
    my ($left) = $r->header('Cache-Status') =~ /stored; ttl=(\d+)/;
    my $why = $r->header('X-Holds') ne $expected ? "$expected was expected, not " . $r->header('X-Holds')
            : abs($now - $time) > 20             ? 'its clock is not there'
                                                 : complaint($now, defined $left ? $now + $left : undef);
    $seen{phase_at($now)}++;
    return defined $why ? POSIX::strftime('%F %T %z: ', localtime $now) . "$why, ttl " . ($left // 'none') : ();
}

for (@zones) {
    my ($zone, $first, $last) = @$_;
    enter($zone);

    # every clock change, each 25 minutes before and after, and half a minute
    my (@wrong, $changes);
    if ($first) {
        my $offset = sub ($time) { my @wall = localtime $time; timegm(@wall[0 .. 5]) - $time };
        for (my $time = timegm(0, 0, 0, 1, 0, $first); $time < timegm(0, 0, 0, 1, 0, $last + 1); $time += 900) {
            my $change = $time;
            next if $offset->($time) == $offset->($time - 900);
            $change -= 60 while $offset->($change - 60) == $offset->($time);
            $changes++;
            push @wrong, map { look($zone, $change + $_) } -30, 30, map { $_ * 1500 + 90 } -8 .. 8;
        }
        cmp_ok($changes, '>=', 1, "$zone: the clock changes in $first");
    }
    is_deeply(\@wrong, [], "$zone: phases and lifetimes around it");

    # the end of February, a holiday and the day after
    my $leap = timegm(0, 0, 0, 29, 1, 2028) - 14 * 3600;
    is_deeply([map { look($zone, $leap + $_ * 4 * 3600 + 90) } 0 .. 21], [], "$zone: a term that ends on February 29, a holiday");
}
is_deeply([sort keys %seen], [sort 'off_hours', map { $_->[0] } @phases], 'each phase was walked through');

# ---- what cannot be

sub refused ($http) { refuses('location / { root %DIR%/html; }', http => $http) }

for my $zone ('Mars/Phobos', 'zone.tab', 'tzdata.zi', 'leapseconds', '../../../etc/passwd', '/etc/localtime', 'Asia', '""') {
    like(refused("cdn_schedule s { timezone $zone; }"), qr/\[emerg\].*unknown time zone/, "no zone: $zone");
}
like(refused('cdn_schedule s { timezone UTC; term t 2027-01-01 2027-02-29; }'), qr/not a date/, 'February 29 of a common year');
like(refused('cdn_schedule s { timezone UTC; holiday 2100-02-29; }'), qr/not a date/, 'and of 2100');

done();
