#include "image/sources.h"

#include "core/path.h"
#include "core/text.h"
#include "image/url.h"

#include <algorithm>

namespace cdn::image {

std::optional<Error> SourceHosts::add(std::string_view pattern)
{
    const bool wildcard = pattern.starts_with("*.");
    const auto host = parse_host(pattern.substr(wildcard ? 2 : 0));
    if (!host) {
        return bad_request("not a host name: \"" + printable(pattern) + '"');
    }

    patterns_.push_back(wildcard ? "." + *host : *host);
    return std::nullopt;
}

bool SourceHosts::allow(std::string_view origin) const
{
    const auto scheme_end = origin.find("://");
    const auto scheme = origin.substr(0, scheme_end);
    auto host = origin.substr(scheme_end + 3);

    const std::string_view own_port = scheme == "https" ? ":443" : ":80";
    if (host.ends_with(own_port)) {
        host.remove_suffix(own_port.size());
    }

    return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string &pattern) {
        return pattern.starts_with('.') ? host.ends_with(pattern) && host.size() > pattern.size()
                                        : host == pattern;
    });
}

std::optional<Error> SourceFolders::add(std::string_view path)
{
    const auto decoded = decoded_path(path);
    if (!decoded || *decoded != path) {
        return bad_request("not a path: \"" + printable(path) + "\"; it begins with \"/\", and a folder ends so");
    }

    paths_.emplace_back(path);
    return std::nullopt;
}

bool SourceFolders::allow(std::string_view raw_path) const
{
    const auto path = decoded_path(raw_path);
    return path && std::any_of(paths_.begin(), paths_.end(), [&](const std::string &allowed) {
        return allowed.ends_with('/') ? path->starts_with(allowed) : *path == allowed;
    });
}

}  // namespace cdn::image
