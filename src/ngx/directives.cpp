#include "ngx/directives.h"

#include "image/render.h"
#include "ngx/bridge.h"
#include "ngx/conf.h"
#include "ngx/nightly.h"
#include "ngx/purge_conf.h"
#include "ngx/setters.h"
#include "ngx/sign_conf.h"
#include "ngx/status_handler.h"
#include "ngx/warm_conf.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

constexpr ngx_uint_t any_block = NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF;

ngx_conf_enum_t dialects[] = {
    {ngx_string("off"), dialect_off},
    {ngx_string("cloudflare"), dialect_cloudflare},
    {ngx_string("bunnycdn"), dialect_bunnycdn},
    {ngx_string("keycdn"), dialect_keycdn},
    {ngx_string("fastly"), dialect_fastly},
    {ngx_string("custom"), dialect_custom},
    {ngx_null_string, 0},
};

ngx_conf_enum_t on_error_words[] = {
    {ngx_string("status"), on_error_status},
    {ngx_string("original"), on_error_original},
    {ngx_string("redirect"), on_error_redirect},
    {ngx_null_string, 0},
};

ngx_conf_enum_t sign_modes[] = {
    {ngx_string("off"), sign_off},
    {ngx_string("optional"), sign_optional},
    {ngx_string("required"), sign_required},
    {ngx_null_string, 0},
};

ngx_conf_num_bounds_t at_least_one = {ngx_conf_check_num_bounds, 1, 1'000'000};

// Zero is "no limit" to some of nginx's own directives; here nothing would pass.
template <typename Number>
char *check_positive(ngx_conf_t *cf, void *, void *value)
{
    return guarded(cf->log, failed, [&]() -> char * {
        return *static_cast<const Number *>(value) > 0 ? NGX_CONF_OK : complain(cf, "0 would refuse every picture");
    });
}

ngx_conf_post_t positive_off = {check_positive<off_t>};
ngx_conf_post_t positive_size = {check_positive<size_t>};
ngx_conf_post_t positive_time = {check_positive<ngx_msec_t>};

// One of the words in the command's table: nginx's own setter names neither the directive nor them.
char *set_word(ngx_conf_t *cf, ngx_command_t *command, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = *reinterpret_cast<ngx_uint_t *>(static_cast<char *>(data) + command->offset);
        if (slot != NGX_CONF_UNSET_UINT) {
            return const_cast<char *>("is duplicate");
        }

        const auto word = view(arguments(cf)[0]);
        std::string all;
        for (const auto *known = static_cast<const ngx_conf_enum_t *>(command->post); known->name.len > 0; known++) {
            if (view(known->name) == word) {
                slot = known->value;
                return NGX_CONF_OK;
            }
            all += all.empty() ? "" : ", ";
            all += view(known->name);
        }
        return complain(cf, "is one of " + all + ", not \"" + printable(word) + '"');
    });
}

// With none at all whatever is cached would count as purged.
char *check_retention(ngx_conf_t *cf, void *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        return *static_cast<const ngx_msec_t *>(data) > 0 ? NGX_CONF_OK : complain(cf, "is a time over 0, like 400d");
    });
}

ngx_conf_post_t retention_check = {check_retention};

// key=value ... in this project's own words.
Result<image::Options> read_options(std::span<const ngx_str_t> settings)
{
    image::Options options;

    for (const ngx_str_t &setting : settings) {
        const auto [key, value, has_value] = cut(view(setting), '=');
        if (!has_value) {
            return bad_request("expected key=value: \"" + printable(view(setting)) + '"');
        }
        if (const auto error = image::set_option(options, key, value)) {
            return *error;
        }
    }

    return options;
}

// cdn_image_preset NAME key=value ...
char *set_preset(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        const auto words = arguments(cf);
        auto options = read_options(words.subspan(1));
        if (!options) {
            return complain(cf, options.error().message);
        }
        if (options->preset) {
            return complain(cf, "a preset cannot name another preset");
        }

        static_cast<MainConf *>(data)->presets->set(std::string(view(words[0])), *options);
        return NGX_CONF_OK;
    });
}

// cdn_image_default key=value ...
char *set_default(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->image.defaults;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        auto options = read_options(arguments(cf));
        if (!options) {
            return complain(cf, options.error().message);
        }

        slot = pool_new<image::Options>(cf->pool, std::move(*options));
        return NGX_CONF_OK;
    });
}

std::string not_linked(image::Format format)
{
    return "the libvips installed here was built without " + std::string(image::name(format))
           + ": leave it out";
}

// cdn_image_formats FORMAT ...
char *set_formats(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->image.formats;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        image::Negotiated formats;
        for (const ngx_str_t &word : arguments(cf)) {
            const auto format = image::format_named(view(word));
            if (format != image::Format::avif && format != image::Format::webp
                && format != image::Format::jxl)
            {
                return complain(cf, "can be chosen from are avif, webp and jxl, not \""
                                        + printable(view(word)) + '"');
            }
            if (!image::render_links(*format)) {
                return complain(cf, not_linked(*format));
            }
            formats.push_back(*format);
        }

        slot = pool_new<image::Negotiated>(cf->pool, std::move(formats));
        return NGX_CONF_OK;
    });
}

// cdn_image_inputs FORMAT ...
char *set_inputs(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->image.inputs;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        image::FormatSet formats;
        for (const ngx_str_t &word : arguments(cf)) {
            const auto format = image::format_named(view(word));
            if (!format) {
                return complain(cf, "an input is one of jpeg png webp gif avif heif tiff svg pdf jxl, not \""
                                        + printable(view(word)) + '"');
            }
            if (!image::render_links(*format)) {
                return complain(cf, not_linked(*format));
            }
            formats.add(*format);
        }

        slot = pool_new<image::FormatSet>(cf->pool, formats);
        return NGX_CONF_OK;
    });
}

// cdn_image_sources HOST ..., cdn_image_overlays PATH ...
template <auto member>
char *set_allowed(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->image.*member;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        slot = pool_new<std::remove_pointer_t<std::remove_reference_t<decltype(slot)>>>(cf->pool);
        for (const ngx_str_t &word : arguments(cf)) {
            if (const auto error = slot->add(view(word))) {
                return complain(cf, error->message);
            }
        }

        return NGX_CONF_OK;
    });
}

// cdn_image_origin URL
char *set_origin(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->image.origin;
        if (slot.data != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        const auto url = view(arguments(cf)[0]);
        if (!url.starts_with("http://") && !url.starts_with("https://")) {
            return complain(cf, "a URL begins with http:// or https://, not \"" + printable(url) + '"');
        }

        slot = copy(cf->pool, url.ends_with('/') ? url.substr(0, url.size() - 1) : url);
        return NGX_CONF_OK;
    });
}

// cdn_status [html | json | prometheus]
char *set_status(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto *core = static_cast<ngx_http_core_loc_conf_t *>(
            ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
        auto &format = static_cast<LocConf *>(data)->status.format;

        if (!arguments(cf).empty()) {
            const auto word = view(arguments(cf)[0]);
            format = word == "html"         ? status_html
                     : word == "json"       ? status_json
                     : word == "prometheus" ? status_prometheus
                                            : status_by_request;
            if (format == status_by_request) {
                return complain(cf, "is html, json, prometheus, or nothing: \"" + printable(word)
                                        + '"');
            }
        }

        core->handler = status_handler;
        static_cast<LocConf *>(data)->status.is_endpoint = true;
        return add_counters_zone(cf) ? NGX_CONF_OK : failed;
    });
}

// cdn_node NAME [region=REGION]
char *set_node(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto *conf = static_cast<MainConf *>(data);
        if (conf->node.len > 0) {
            return const_cast<char *>("is duplicate");
        }

        const auto words = arguments(cf);
        if (words[0].len == 0 || view(words[0]).starts_with("region=")) {
            return complain(cf, "needs a name: cdn_node NAME [region=REGION]");
        }
        if (!purge::is_node(view(words[0]))) {
            return complain(cf, "a name is one word of up to 255 bytes of UTF-8, not \""
                                    + printable(view(words[0])) + '"');
        }
        conf->node = words[0];

        if (words.size() > 1) {
            const auto [key, value, has_value] = cut(view(words[1]), '=');
            if (key != "region" || value.empty()) {
                return complain(cf, "after the name goes region=REGION, not \""
                                        + printable(view(words[1])) + '"');
            }
            if (!purge::is_name(value)) {              // else no purge's "regions" could name it
                return complain(cf, "a region has 1 to 64 of A-Z a-z 0-9 . _ -, not \"" + printable(value) + '"');
            }
            conf->node_region = borrow(value);
        }
        return NGX_CONF_OK;
    });
}

// cdn_alert METRIC [warning=N] [critical=N]
char *set_alert(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        const auto words = arguments(cf);
        const auto measure = status::measure_named(view(words[0]));
        if (!measure) {
            return complain(cf, "knows response_time_ms, cache_hit_ratio, error_rate and "
                                "bandwidth_utilization, not \"" + printable(view(words[0])) + '"');
        }

        status::Bounds &bounds = static_cast<MainConf *>(data)->thresholds->of(*measure);
        for (const ngx_str_t &word : words.subspan(1)) {
            const auto [key, text, has_value] = cut(view(word), '=');
            const auto value = parse_decimal(text);
            if ((key != "warning" && key != "critical") || !value || *value < 0) {
                return complain(cf, "takes warning=N and critical=N, not \"" + printable(view(word)) + '"');
            }
            (key == "warning" ? bounds.warning : bounds.critical) = *value;
        }

        if (bounds.is_beyond(bounds.warning, bounds.critical)) {
            return complain(cf, "critical has to be " + std::string(bounds.more_is_better ? "under" : "over")
                                    + " warning, which is " + print_decimal(bounds.warning));
        }
        return NGX_CONF_OK;
    });
}

// cdn_status_bandwidth BITS: k, m and g are thousands, as on cables
char *set_bandwidth(ngx_conf_t *cf, ngx_command_t *, void *data)
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &bandwidth = static_cast<MainConf *>(data)->thresholds->bandwidth;
        if (bandwidth != 0) {
            return const_cast<char *>("is duplicate");
        }

        const auto text = view(arguments(cf)[0]);
        const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
        const std::string unit = lower(text.substr(digits.size()));
        const std::uint64_t factor = unit == ""    ? 1
                                     : unit == "k" ? 1000
                                     : unit == "m" ? 1'000'000
                                     : unit == "g" ? 1'000'000'000
                                                   : 0;
        const auto number = factor != 0 ? parse_digits(digits) : std::nullopt;
        if (!number || *number == 0 || *number > 1'000'000'000) {
            return complain(cf, "needs bits per second, like 10g: \"" + printable(text) + '"');
        }
        bandwidth = static_cast<std::uint64_t>(*number) * factor;
        return NGX_CONF_OK;
    });
}

#define CDN_PURGE_SLOT(field) NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, purge.field)
#define CDN_IMAGE_SLOT(field) NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, image.field)

}  // namespace

ngx_command_t directives[] = {

    // shared by all

    { ngx_string("cdn_zone"),                          // SIZE
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      set_zone, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_node"),                          // NAME [region=REGION]
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE12,
      set_node, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    // images

    { ngx_string("cdn_image"),                         // off | DIALECT
      any_block | NGX_CONF_TAKE1,
      set_word, CDN_IMAGE_SLOT(dialect), &dialects },

    { ngx_string("cdn_image_transform"),               // on | off
      any_block | NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, CDN_IMAGE_SLOT(transform), nullptr },

    { ngx_string("cdn_image_preset"),                  // NAME key=value ...
      NGX_HTTP_MAIN_CONF | NGX_CONF_2MORE,
      set_preset, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_default"),                 // key=value ...
      any_block | NGX_CONF_1MORE,
      set_default, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_formats"),                 // FORMAT ...
      any_block | NGX_CONF_1MORE,
      set_formats, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_inputs"),                  // FORMAT ...
      any_block | NGX_CONF_1MORE,
      set_inputs, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_sources"),                 // HOST ...
      any_block | NGX_CONF_1MORE,
      set_allowed<&ImageConf::sources>, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_overlays"),                // PATH ...
      any_block | NGX_CONF_1MORE,
      set_allowed<&ImageConf::overlays>, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_origin"),                  // URL
      any_block | NGX_CONF_TAKE1,
      set_origin, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_image_max_bytes"),               // SIZE
      any_block | NGX_CONF_TAKE1,
      ngx_conf_set_off_slot, CDN_IMAGE_SLOT(max_bytes), &positive_off },

    { ngx_string("cdn_image_max_pixels"),              // NUMBER, k and m as in sizes
      any_block | NGX_CONF_TAKE1,
      ngx_conf_set_off_slot, CDN_IMAGE_SLOT(max_pixels), &positive_off },

    { ngx_string("cdn_image_max_frames"),              // NUMBER
      any_block | NGX_CONF_TAKE1,
      ngx_conf_set_num_slot, CDN_IMAGE_SLOT(max_frames), &at_least_one },

    { ngx_string("cdn_image_max_output_pixels"),       // NUMBER, k and m as in sizes
      any_block | NGX_CONF_TAKE1,
      ngx_conf_set_off_slot, CDN_IMAGE_SLOT(max_output_pixels), &positive_off },

    { ngx_string("cdn_image_memory"),                  // SIZE
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      ngx_conf_set_size_slot, NGX_HTTP_MAIN_CONF_OFFSET, offsetof(MainConf, image_memory), &positive_size },

    { ngx_string("cdn_image_timeout"),                 // TIME
      any_block | NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, CDN_IMAGE_SLOT(timeout), &positive_time },

    { ngx_string("cdn_image_on_error"),                // status | original | redirect
      any_block | NGX_CONF_TAKE1,
      set_word, CDN_IMAGE_SLOT(on_error), &on_error_words },

    // signed URLs

    { ngx_string("cdn_sign"),                          // off | optional | required
      any_block | NGX_CONF_TAKE1,
      set_word, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, sign.mode), &sign_modes },

    { ngx_string("cdn_sign_scheme"),                   // NAME key=value ...
      any_block | NGX_CONF_1MORE,
      set_sign_scheme, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_sign_key"),                      // ID SECRET [salt=SALT]
      any_block | NGX_CONF_TAKE23,
      set_sign_key, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    // lifetimes

    { ngx_string("cdn_ttl"),                           // PROFILE | origin | off [schedule= role= per_user=]
      any_block | NGX_CONF_TAKE1234,
      set_ttl, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_ttl_profile"),                   // NAME { }
      NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1,
      set_ttl_profile, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_schedule"),                      // NAME { }
      NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1,
      set_schedule, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_nightly"),                       // [NAME] { }
      NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
      set_nightly, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_warm"),                          // NAME { }
      NGX_HTTP_MAIN_CONF | NGX_CONF_BLOCK | NGX_CONF_TAKE1,
      set_warm, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_cache_query"),                   // off | NAME ...
      any_block | NGX_CONF_1MORE,
      set_cache_query, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_response_headers"),              // off | SET ...
      any_block | NGX_CONF_1MORE,
      set_response_headers, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    // purge

    { ngx_string("cdn_purge"),                         // on | off
      any_block | NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, CDN_PURGE_SLOT(on), nullptr },

    { ngx_string("cdn_tag_header"),                    // NAME ...
      any_block | NGX_CONF_1MORE,
      set_tag_header, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_tag_expose"),                    // on | off
      any_block | NGX_CONF_FLAG,
      ngx_conf_set_flag_slot, CDN_PURGE_SLOT(exposes_tags), nullptr },

    { ngx_string("cdn_purge_upstream"),                // trusted | untrusted
      any_block | NGX_CONF_TAKE1,
      set_purge_upstream, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_purge_api"),                     // [open]
      NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
      set_purge_api, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_purge_token"),                   // SECRET | file:NAME
      any_block | NGX_CONF_TAKE1,
      set_purge_token, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_purge_cascade"),                 // TARGET DEPENDENT ...
      NGX_HTTP_MAIN_CONF | NGX_CONF_2MORE,
      set_purge_cascade, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_purge_event"),                   // NAME TARGET ...
      NGX_HTTP_MAIN_CONF | NGX_CONF_2MORE,
      set_purge_event, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_purge_retention"),               // TIME
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot, NGX_HTTP_MAIN_CONF_OFFSET, offsetof(MainConf, purge_retention), &retention_check },

    { ngx_string("cdn_purge_rate"),                    // N [burst=N]
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE12,
      set_purge_rate, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_redis"),                         // URL ... [sentinel=NAME] [namespace=NAME] [password=SECRET]
      NGX_HTTP_MAIN_CONF | NGX_CONF_1MORE,
      set_redis, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_state"),                         // DIRECTORY
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      set_state, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    // status

    { ngx_string("cdn_status"),                        // [html | json | prometheus]
      NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS | NGX_CONF_TAKE1,
      set_status, NGX_HTTP_LOC_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_region"),                        // NAME | $variable
      any_block | NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(LocConf, status.region),
      nullptr },

    { ngx_string("cdn_alert"),                         // METRIC [warning=N] [critical=N]
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE23,
      set_alert, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

    { ngx_string("cdn_status_bandwidth"),              // BITS
      NGX_HTTP_MAIN_CONF | NGX_CONF_TAKE1,
      set_bandwidth, NGX_HTTP_MAIN_CONF_OFFSET, 0, nullptr },

      ngx_null_command
};

}  // namespace cdn
