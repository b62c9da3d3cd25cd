# Mistakes in cdn_ttl, cdn_ttl_profile, cdn_schedule and their kin.

use lib 't/lib';
use NginxTest;

sub refused ($conf, $message, %opt)
{
    like(refuses($conf, %opt), $message, $conf || join ' ', %opt);
}
sub profile ($lines, $message)  { refused('', $message, http => "cdn_ttl_profile x { $lines }") }
sub schedule ($lines, $message) { refused('', $message, http => "cdn_schedule s { $lines }") }

# cdn_ttl
refused('cdn_ttl lecture;', qr/\[emerg\] .*"cdn_ttl": unknown profile "lecture"/);
refused('cdn_ttl default schedule=mars;', qr/"cdn_ttl": unknown schedule "mars"/);
refused('cdn_ttl default timezone=UTC;', qr/"cdn_ttl": takes schedule=, role= and per_user=, not "timezone=UTC"/);
refused('cdn_ttl default role=;', qr/"cdn_ttl": takes schedule=.* not "role="/);
refused('cdn_ttl default role=$a role=$b;', qr/"cdn_ttl": "role=" is duplicate/);
refused('cdn_ttl off role=$a;', qr/"cdn_ttl": "off" stands alone/);
refused('cdn_ttl $nothing;', qr/unknown "nothing" variable/);
refused('cdn_ttl default; cdn_ttl image;', qr/"cdn_ttl" directive is duplicate/);
refused('cdn_ttl;', qr/invalid number of arguments in "cdn_ttl" directive/);
refused('cdn_ttl long;', qr/"cdn_ttl": profile "long" keeps responses for 34646400 seconds with its stale windows, over the 34560000 of "cdn_purge_retention"/,
    http => 'cdn_ttl_profile long { ttl 400d; stale_while_revalidate 1d; }');
accepts('cdn_ttl long;', http => 'cdn_ttl_profile long { ttl 399d; stale_while_revalidate 1d; stale_if_error 1d; }');

# profiles
profile('ttl soon;', qr/"cdn_ttl_profile x": ttl must be a time like 30m or 7d: "soon" in .*nginx\.conf:\d+/);
profile('ttl 1h; lifetime 2h;', qr/"cdn_ttl_profile x": unknown directive "lifetime"/);
profile('ttl 1h 2h;', qr/"cdn_ttl_profile x": invalid number of arguments in "ttl"/);
profile('visibility secret;', qr/"visibility" is public or private: "secret"/);
profile('jitter 5;', qr/"jitter" is a share from 0% to 100%: "5"/);
profile('min_ttl 2h; max_ttl 1h;', qr/"min_ttl" is over "max_ttl"/);
profile('during school_hours hold;', qr/"during school_hours hold" has nothing to hold: set a "ttl"/);
profile('ttl 1h; during lunch hold;', qr/"during lunch" has nothing to hold: no schedule has such a phase/);
profile('ttl 1h; during lunch factor=2;', qr/"during lunch" names no phase and no term of any schedule/);
profile('ttl 1h { }', qr/unexpected "\{"/);
refused('', qr/"during fall" is a term, and only phases can hold/,
    http => 'cdn_ttl_profile x { ttl 1h; during fall hold; } cdn_schedule s { timezone UTC; term fall 2026-09-01 2026-12-20; }');
refused('', qr/"cdn_ttl_profile" directive is duplicate/, http => 'cdn_ttl_profile x { } cdn_ttl_profile x { }');
refused('', qr/"cdn_ttl_profile origin": has a meaning of its own/, http => 'cdn_ttl_profile origin { ttl 1h; }');
refused('cdn_ttl_profile x { }', qr/"cdn_ttl_profile" directive is not allowed here/);
accepts('cdn_ttl image;', http => 'cdn_ttl_profile image { ttl 1h; during off_hours factor=2; during lunch hold; } cdn_schedule s { timezone UTC; phase lunch daily 12:00-13:00; }');

# schedules
schedule('phase a daily 08:00-09:00;', qr/"cdn_schedule s": needs a "timezone", like Europe\/Berlin/);
schedule('timezone Europe/Paradise;', qr/"cdn_schedule s": unknown time zone: "Europe\/Paradise"/);
schedule('timezone UTC; phase a mon-fri 08:00-12:00; phase b wed 11:59-13:00;', qr/"cdn_schedule s": phase "b" overlaps phase "a" on wed/);
schedule('timezone UTC; phase a mon-fry 08:00-12:00;', qr/days are like mon-fri, or sat,sun, or daily: "mon-fry"/);
schedule('timezone UTC; phase a mon-fri 8-12;', qr/hours are like 08:00-18:00: "8-12"/);
schedule('timezone UTC; phase a mon-fri;', qr/are the lines of a schedule/);
schedule('timezone UTC; term fall 2026-12-20 2026-09-01;', qr/term "fall" ends before it starts/);
schedule('timezone UTC; term fall 2026-09-31 2026-12-20;', qr/not a date like 2026-09-01: "2026-09-31"/);
schedule('timezone UTC; term fall 2026-09-01 2026-12-20 factor=x;', qr/not a factor: "factor=x"/);
schedule('timezone UTC; term fall 2026-09-01 2026-12-20 factor=0;', qr/the factor of term "fall" must be over 0/);
schedule('timezone UTC; holiday 2026-12-26 2026-12-24;', qr/the holiday ends before it starts/);
schedule('timezone UTC; break daily;', qr/unknown directive "break"/);
refused('', qr/"cdn_schedule" directive is duplicate/, http => 'cdn_schedule s { timezone UTC; } cdn_schedule s { timezone UTC; }');
accepts('cdn_ttl image schedule=us_east;', http => 'cdn_schedule us_east { timezone America/New_York; phase night daily 22:00-06:00; }');

# the rest
refused('cdn_cache_query "a=b";', qr/"cdn_cache_query": not the name of an argument: "a=b"/);
refused('cdn_image cloudflare; cdn_cache_query w;', qr/"cdn_cache_query": does not go with "cdn_image"/);
accepts('cdn_cache_query w; location /i/ { cdn_image cloudflare; }');
refused('cdn_response_headers csp;', qr/"cdn_response_headers": is off, or any of hsts security cors timing: "csp"/);
refused('cdn_response_headers off cors;', qr/"cdn_response_headers": "off" stands alone/);

done();
