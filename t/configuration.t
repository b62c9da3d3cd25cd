# Mistakes in nginx.conf: refused with the directive's name and what to do.

use lib 't/lib';
use NginxTest;

sub refused ($conf, $message, %opt)
{
    like(refuses($conf, %opt), $message, $conf || join ' ', %opt);
}

refused('cdn_image flickr;', qr/invalid value "flickr"/);
refused('cdn_image cloudflare; cdn_image cloudflare;', qr/"cdn_image" directive is duplicate/);
refused('cdn_image_transform maybe;', qr/invalid value "maybe" in "cdn_image_transform" directive/);
refused('cdn_image_formats jpeg;', qr/"cdn_image_formats": can be chosen from are avif and webp, not "jpeg"/);
refused('cdn_image_inputs bmp;', qr/"cdn_image_inputs": an input is one of .* not "bmp"/);
refused('cdn_image_sources "a b";', qr/"cdn_image_sources": not a host name: "a b"/);
refused('cdn_image_sources *;', qr/"cdn_image_sources": not a host name: "\*"/);
refused('cdn_image_default width=0;', qr/"cdn_image_default": width must be a whole number from 1 to 12000: "0"/);
refused('cdn_image_default width;', qr/"cdn_image_default": expected key=value: "width"/);
refused('cdn_image_default preset=nobody; cdn_image cloudflare;', qr/"cdn_image_default": unknown preset: "nobody"/);
refused('cdn_image_max_bytes lots;', qr/"cdn_image_max_bytes" directive invalid value/);
refused('cdn_image_max_frames 0;', qr/"cdn_image_max_frames" directive invalid value|must be .* 1/);
refused('cdn_image_timeout soon;', qr/"cdn_image_timeout" directive invalid value/);
refused('location / { cdn_status xml; }', qr/"cdn_status": is html, json, prometheus, or nothing: "xml"/);
refused('cdn_status;', qr/"cdn_status" directive is not allowed here/);
refused('', qr/"cdn_zone" needs a size of at least \d+ bytes, like 32m: "1k"/, http => 'cdn_zone 1k;');
refused('', qr/"cdn_zone" directive is duplicate/, http => 'cdn_zone 1m; cdn_zone 1m;');
refused('', qr/"cdn_image_preset": unknown option: "colour"/, http => 'cdn_image_preset x colour=red;');
refused('', qr/"cdn_image_preset": crop must be .* "left"/, http => 'cdn_image_preset x crop=left;');
refused('cdn_image_transform on;', qr/unknown thread pool "cdn_image"/, main => '');

like(accepts('location / { cdn_image cloudflare; cdn_image_transform on; cdn_image_timeout 70s; proxy_pass http://127.0.0.1:1; proxy_cache z; proxy_cache_lock on; }',
    http => 'proxy_cache_path %DIR%/cache keys_zone=z:1m;'),
    qr/\[warn\].*"cdn_image_timeout".*"proxy_cache_lock_timeout"/, 'a timeout over the lock\'s is warned of');
unlike(accepts('cdn_image cloudflare; cdn_image_transform on;'), qr/\[warn\]/, 'nothing to warn of');

done();
