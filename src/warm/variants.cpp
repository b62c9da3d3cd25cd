#include "warm/variants.h"

#include "core/text.h"

#include <algorithm>
#include <array>

namespace cdn::warm {

namespace {

constexpr std::string_view image_prefix = "/cdn-cgi/image/";

bool is_picture(std::string_view path)
{
    static constexpr std::array<std::string_view, 11> extensions = {
        "jpg", "jpeg", "png", "webp", "gif", "avif", "heic", "heif", "tif", "tiff", "jfif"};

    const auto dot = path.rfind('.');
    return dot != path.npos
           && std::find(extensions.begin(), extensions.end(), lower(path.substr(dot + 1))) != extensions.end();
}

// "/w=300,h=200/photo.jpg", and the prefixes of Cloudflare's and the canonical form.
bool is_image_path(std::string_view path)
{
    if (path.starts_with(image_prefix) || path.starts_with("/cdn-image/")) {
        return true;
    }
    const auto first = split(path.substr(std::min<std::size_t>(path.size(), 1)), '/')[0];
    return first.size() > 2 && first[1] == '=' && first[0] >= 'a' && first[0] <= 'z';
}

// Of a query dialect: a size, or a name for one.
bool is_image_query(std::string_view query)
{
    static constexpr std::array<std::string_view, 8> names = {"width", "height", "w",     "h",
                                                              "crop",  "preset", "class", "format"};

    const auto arguments = split(query, '&');
    return std::any_of(arguments.begin(), arguments.end(), [](std::string_view argument) {
        return std::find(names.begin(), names.end(), cut(argument, '=').before) != names.end();
    });
}

}  // namespace

std::vector<std::string> read_list(std::string_view text)
{
    std::vector<std::string> list;
    for (std::string_view line : split(text, '\n')) {
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        line = trim(line);
        if (!line.empty() && line.front() != '#') {
            list.emplace_back(line);
        }
    }
    return list;
}

HostAndPath split_object(std::string_view name)
{
    constexpr std::size_t longest = 231;               // names as long as that may be cut

    const auto slash = name.find('/');
    if (slash == name.npos || name.size() >= longest) {
        return {};
    }
    return {std::string(name.substr(0, slash)), std::string(name.substr(slash))};
}

std::vector<std::string> variants(std::string_view path, const std::vector<std::string> &presets,
                                  const std::vector<int> &widths, std::string_view options)
{
    std::vector<std::string> list{std::string(path)};

    const auto [resource, query, has_query] = cut(path, '?');
    if (!resource.starts_with('/') || !is_picture(resource) || is_image_path(resource) || is_image_query(query)) {
        return list;
    }

    for (const std::string &preset : presets) {
        list.push_back(std::string(image_prefix) + "preset=" + preset + std::string(path));
    }
    for (const int width : widths) {
        list.push_back(std::string(image_prefix) + "width=" + std::to_string(width)
                       + (options.empty() ? "" : ',' + std::string(options)) + std::string(path));
    }
    return list;
}

}  // namespace cdn::warm
