# Mistakes in nginx.conf: refused with the directive's name and what to do.

use lib 't/lib';
use NginxTest;

sub refused ($conf, $message, %opt)
{
    like(refuses($conf, %opt), $message, $conf || join ' ', %opt);
}

refused('cdn_image flickr;', qr/"cdn_image": is one of off, cloudflare, bunnycdn, keycdn, fastly, custom, not "flickr"/);
refused('cdn_image_on_error 404;', qr/"cdn_image_on_error": is one of status, original, redirect, not "404"/);
refused('cdn_image cloudflare; cdn_image cloudflare;', qr/"cdn_image" directive is duplicate/);
refused('cdn_image_transform maybe;', qr/invalid value "maybe" in "cdn_image_transform" directive/);
refused('cdn_image_formats jpeg;', qr/"cdn_image_formats": can be chosen from are avif, webp and jxl, not "jpeg"/);
refused('cdn_image_inputs bmp;', qr/"cdn_image_inputs": an input is one of .* not "bmp"/);
refused('cdn_image_sources "a b";', qr/"cdn_image_sources": not a host name: "a b"/);
refused('cdn_image_sources *;', qr/"cdn_image_sources": not a host name: "\*"/);
refused('cdn_image_default width=0;', qr/"cdn_image_default": width must be a whole number from 1 to 12000: "0"/);
refused('cdn_image_default width;', qr/"cdn_image_default": expected key=value: "width"/);
refused('cdn_image_default preset=nobody; cdn_image cloudflare;', qr/"cdn_image_default": unknown preset: "nobody"/);
refused('cdn_image_max_bytes lots;', qr/"cdn_image_max_bytes" directive invalid value/);
refused('cdn_image_max_frames 0;', qr/"cdn_image_max_frames" directive invalid value|must be .* 1/);
refused("$_ 0;", qr/"$_": 0 would refuse every picture/)
    for qw(cdn_image_max_bytes cdn_image_max_pixels cdn_image_max_output_pixels cdn_image_timeout);
refused('cdn_image_timeout soon;', qr/"cdn_image_timeout" directive invalid value/);
refused('location / { cdn_status xml; }', qr/"cdn_status": is html, json, prometheus, or nothing: "xml"/);
refused('cdn_status;', qr/"cdn_status" directive is not allowed here/);
refused('', qr/"cdn_zone" needs a size of at least \d+ bytes, like 32m: "1k"/, http => 'cdn_zone 1k;');
refused('', qr/"cdn_zone" directive is duplicate/, http => 'cdn_zone 1m; cdn_zone 1m;');
refused('', qr/"cdn_image_preset": unknown option: "colour"/, http => 'cdn_image_preset x colour=red;');
refused('', qr/"cdn_image_preset": crop must be .* "left"/, http => 'cdn_image_preset x crop=left;');
refused('cdn_image_transform on;', qr/unknown thread pool "cdn_image"/, main => '');

refused('cdn_sign on;', qr/"cdn_sign": is one of off, optional, required, not "on"/);
refused('cdn_sign off; cdn_sign off;', qr/"cdn_sign" directive is duplicate/);
refused('cdn_sign required;', qr/\[emerg\].*"cdn_sign": needs at least one "cdn_sign_key"/);
refused('location / { cdn_sign optional; }', qr/"cdn_sign": needs at least one "cdn_sign_key"/);
refused('cdn_sign_key k1 secret; cdn_sign_key k1 other;', qr/"cdn_sign_key": the key "k1" is there already/);
refused('cdn_sign_key k1;', qr/invalid number of arguments in "cdn_sign_key"/);
refused('cdn_sign_key k1 "";', qr/"cdn_sign_key": the secret is empty/);
refused('cdn_sign_key k1 hex:xyz;', qr/"cdn_sign_key": the secret is no valid hex/);
refused('cdn_sign_key k1 base64:!;', qr/"cdn_sign_key": the secret is no valid base64/);
refused('cdn_sign_key k1 file:%DIR%/none;', qr/"cdn_sign_key": cannot open ".*none": No such file/);
refused('cdn_sign_key k1 file:%DIR%;', qr/"cdn_sign_key": cannot read ".*": Is a directory/);
refused('cdn_sign_key k1 file:;', qr/"cdn_sign_key": a file needs a name/);
refused('cdn_sign_key k1 secret pepper;', qr/"cdn_sign_key": takes an id, a secret, and salt=SALT/);
refused('cdn_sign_scheme cloudfare;', qr/"cdn_sign_scheme": unknown scheme "cloudfare"/);
refused('cdn_sign_scheme native; cdn_sign_scheme native;', qr/"cdn_sign_scheme" directive is duplicate/);
refused('cdn_sign_scheme native ttl=1;', qr/"cdn_sign_scheme": native: unknown option "ttl"/);
refused('cdn_sign_scheme native expired=404;', qr/"cdn_sign_scheme": expired is one of 403, 410, not "404"/);
refused('cdn_sign_scheme native expired;', qr/"cdn_sign_scheme": expected key=value: "expired"/);
refused('cdn_sign_scheme native expired=410 expired=410;', qr/"cdn_sign_scheme": the option "expired" is there twice/);
unlike(refuses('cdn_sign_key k1 hex:0ff; cdn_sign_key k2 hunter2;'), qr/0ff|hunter2/, 'no message tells a secret');

like(accepts('location / { cdn_image cloudflare; cdn_image_transform on; cdn_image_timeout 70s; proxy_pass http://127.0.0.1:1; proxy_cache z; proxy_cache_lock on; }',
    http => 'proxy_cache_path %DIR%/cache keys_zone=z:1m;'),
    qr/\[warn\].*"cdn_image_timeout".*"proxy_cache_lock_timeout"/, 'a timeout over the lock\'s is warned of');
unlike(accepts('cdn_image cloudflare; cdn_image_transform on;'), qr/\[warn\]/, 'nothing to warn of');

done();
