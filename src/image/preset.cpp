#include "image/preset.h"

#include "core/text.h"
#include "image/dialect.h"

#include <initializer_list>
#include <utility>

namespace cdn::image {

namespace {

Options built_in(std::initializer_list<std::pair<std::string_view, std::string_view>> settings)
{
    Options options;
    for (const auto &[key, value] : settings) {
        set_option(options, key, value);
    }
    return options;
}

}  // namespace

Presets::Presets()
{
    set("avatar", built_in({{"width", "150"}, {"height", "150"}, {"crop", "center"},
                            {"quality", "85"}, {"background", "ffffff"}}));
    set("thumbnail", built_in({{"width", "300"}, {"height", "300"}, {"crop", "smart"},
                               {"quality", "80"}}));
    set("preview", built_in({{"width", "600"}, {"height", "400"}, {"crop", "scale"},
                             {"quality", "85"}}));
    set("hero", built_in({{"width", "1200"}, {"height", "600"}, {"crop", "center"},
                          {"quality", "90"}}));
    set("document_preview", built_in({{"width", "400"}, {"height", "600"}, {"crop", "fit"},
                                      {"quality", "90"}}));

    // Photographs have 140 to 530 bytes in WebP, 390 to 680 in JPEG, 380 to 850
    // in AVIF.  A blur beforehand saves a quarter more, which is not needed.
    Options placeholder = built_in({{"width", "32"}, {"quality", "60"}, {"format", "webp"}});
    placeholder.animate = false;
    placeholder.max_bytes = 1024;
    set("placeholder", placeholder);
}

void Presets::set(std::string name, Options options)
{
    if (!options.format) {
        options.format.emplace();                      // auto
    }
    presets_.insert_or_assign(std::move(name), std::move(options));
}

Result<Options> Presets::apply(Options options) const
{
    if (!options.preset) {
        return options;
    }

    const auto found = presets_.find(*options.preset);
    if (found == presets_.end()) {
        return bad_request("unknown preset: \"" + printable(*options.preset) + '"');
    }

    options.lay_over(found->second);
    return options;
}

}  // namespace cdn::image
