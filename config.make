# Sourced by nginx's auto/make.  $NGX_MAKEFILE compiles C++ with $(CC) and
# $(CFLAGS) alone; a target-specific value adds the standard for our objects.

for ngx_src in $(find "$ngx_addon_dir/src" -mindepth 1 -type d); do
    echo "$NGX_OBJS/addon/$(basename "$ngx_src")/%.o: CFLAGS += -std=gnu++20 -fvisibility=hidden -Wno-missing-field-initializers"
done >> $NGX_MAKEFILE
