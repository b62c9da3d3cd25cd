# nginx's own ./configure --add-dynamic-module makes a module that Debian's nginx loads.

use lib 't/lib';
use NginxTest;
use File::Temp ();

my $tree = File::Temp->newdir;
my $status = system 'bash', '-ec', <<'SCRIPT', 'bash', "$tree", $NginxTest::root;
    exec >"$1/log" 2>&1
    cp -r /usr/share/nginx/src/. "$1"
    cd "$1"
    . ./conf_flags
    ./configure "${NGX_CONF_FLAGS[@]}" --with-cc-opt=-O0 --add-dynamic-module="$2"
    make -f objs/Makefile -j2 modules
SCRIPT

is($status, 0, 'it builds') or diag qx(tail -n 20 $tree/log);

SKIP: {
    skip 'a sanitized nginx loads sanitized modules', 1 if $ENV{ASAN_OPTIONS};

    local $ENV{NGX_CDN_MODULE} = "$tree/objs/ngx_http_cdn_module.so";
    my $t = nginx(<<'CONF', files => { 'cat.jpg' => picture() });
        location / { cdn_image cloudflare; cdn_image_transform on; }
CONF
    is($t->status('/cdn-cgi/image/width=50/cat.jpg'), 200, 'it loads, and works');
}

done();
