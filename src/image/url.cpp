#include "image/url.h"

#include "core/path.h"
#include "core/text.h"

#include <algorithm>

namespace cdn::image {

namespace {

bool may_stand(char c)
{
    return c > ' ' && c < 127 && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
}

std::string escape(std::string_view text)
{
    static constexpr char hex[] = "0123456789ABCDEF";

    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (may_stand(c)) {
            out.push_back(c);
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out.push_back('%');
            out.push_back(hex[byte >> 4]);
            out.push_back(hex[byte & 15]);
        }
    }

    return out;
}

}  // namespace

Result<Source> site_source(std::string_view path, std::string_view query)
{
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    if (path.empty()) {
        return bad_request("the source is missing");
    }

    const std::string rooted = "/" + std::string(path);
    if (const auto decoded = decoded_path(rooted); !decoded) {
        return decoded.error();
    }

    auto resolved = resolve_dots(rooted, true);
    if (!resolved) {
        return resolved.error();
    }
    if (*resolved == "/") {
        return bad_request("the source is missing");
    }
    if (const auto decoded = decoded_path(*resolved); !decoded) {
        return decoded.error();                        // "..%2F" left of its own
    }

    return Source{{}, escape(*resolved), escape(query)};
}

Result<std::string> parse_host(std::string_view text)
{
    const std::string host = lower(text);
    const bool valid = !host.empty() && host.size() <= 260 && host.front() != '.'
                       && host.find("..") == host.npos && host.front() != '-'
                       && std::all_of(host.begin(), host.end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'
                                     || c == '-' || c == '_' || c == ':';
                          });
    const auto [name, port, has_port] = cut(host, ':');
    const auto number = parse_digits(port);

    if (!valid || name.empty() || (has_port && (!number || *number < 1 || *number > 65535))) {
        return bad_request("malformed host in the source: \"" + printable(text) + '"');
    }

    return host;
}

Result<Source> any_source(std::string_view text, std::string_view query)
{
    for (const std::string_view scheme : {"http", "https"}) {
        // nginx's merge_slashes, or a front's, may have left one slash of two
        const std::string prefix = std::string(scheme) + ":/";
        if (!equal_ignoring_case(text.substr(0, prefix.size()), prefix)) {
            continue;
        }

        text.remove_prefix(prefix.size());
        if (text.starts_with('/')) {
            text.remove_prefix(1);
        }

        const auto [authority, path, has_path] = cut(text, '/');
        const auto host = parse_host(authority);
        if (!host) {
            return host.error();
        }

        auto source = site_source(path, query);
        if (source) {
            source->origin = std::string(scheme) + "://" + *host;
        }
        return source;
    }

    return site_source(text, query);
}

Result<Source> any_source(std::string_view uri)
{
    const auto [text, query, has_query] = cut(uri, '?');
    return any_source(text, query);
}

}  // namespace cdn::image
