#include "purge/target.h"

#include "core/path.h"
#include "core/text.h"

#include <algorithm>
#include <array>

namespace cdn::purge {

namespace {

struct Named {
    Kind             kind;
    std::string_view name;
};

constexpr std::array<Named, 5> names = {{{Kind::tag, "tag"},
                                         {Kind::url, "url"},
                                         {Kind::prefix, "prefix"},
                                         {Kind::pattern, "pattern"},
                                         {Kind::everything, "everything"}}};

std::string spell_path(std::string_view decoded)
{
    static constexpr char hex[] = "0123456789ABCDEF";

    std::string out;
    out.reserve(decoded.size());
    for (const char c : decoded) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '/' && out.ends_with('/')) {
            continue;
        }
        if (byte < ' ' || byte == 127 || c == '%' || c == '?' || c == '*' || c == '#') {
            out += {'%', hex[byte >> 4], hex[byte & 15]};
        } else {
            out.push_back(c);
        }
    }

    return out;
}

// "host.:8443" and "[::1]:80" without port and final dot, in lower case: as
// nginx's $host.
Result<std::string> parse_host(std::string_view text)
{
    const std::size_t name_end = text.starts_with('[') ? text.find(']') : 0;
    if (name_end == text.npos) {
        return bad_request("malformed host: \"" + printable(text) + '"');
    }

    const auto colon = text.find(':', name_end);
    std::string host = lower(text.substr(0, colon));
    if (host.ends_with('.')) {
        host.pop_back();
    }
    const bool valid = !host.empty() && host.size() <= 255 && !host.ends_with('.')
                       && host.find("..") == host.npos
                       && std::all_of(host.begin(), host.end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
                                     || std::string_view("-._[]:").find(c) != std::string_view::npos;
                          });
    if (!valid || (colon != text.npos && !parse_digits(text.substr(colon + 1)))) {
        return bad_request("malformed host: \"" + printable(text) + '"');
    }

    return host;
}

// Path and query as sent, decoded piece by piece around the wildcards.
Result<std::string> parse_pattern_text(std::string_view text)
{
    const auto [path, query, has_query] = cut(text, '?');
    std::string out;

    for (const auto piece : split(path, '*')) {
        const auto decoded = percent_decode(piece);
        if (!decoded || decoded->find('\0') != decoded->npos) {
            return bad_request("malformed percent-encoding: \"" + printable(text) + '"');
        }
        out += spell_path(*decoded);
        out += '*';
    }
    out.pop_back();

    for (const auto segment : split(out, '/')) {
        if (segment == "." || segment == "..") {
            return bad_request("a pattern has no dot segments: \"" + printable(text) + '"');
        }
    }

    if (has_query) {
        out += '?';
        out += query;
    }
    out.erase(std::unique(out.begin(), out.end(), [](char a, char b) { return a == '*' && b == '*'; }),
              out.end());
    return out;
}

Result<std::string> parse_url_text(Kind kind, std::string_view text)
{
    const auto [path, query, has_query] = cut(text, '?');
    const auto decoded = decoded_path(path);
    if (!decoded) {
        return decoded.error();
    }

    // "/." would be "/", and all there is, where "/.well-known" may be meant
    const auto last = path.substr(path.rfind('/') + 1);
    const auto end = percent_decode(last).value_or(std::string());
    if (kind == Kind::prefix && !has_query && (end == "." || end == ".." || end.ends_with("/.") || end.ends_with("/.."))) {
        return bad_request("a prefix does not end in a dot segment: \"" + printable(text) + '"');
    }

    // "/a?" is the URL "/a", but as a prefix it leaves "/ab" alone
    const bool queried = has_query && (kind == Kind::prefix || !query.empty());
    return queried ? spell_path(*decoded) + '?' + std::string(query) : spell_path(*decoded);
}

}  // namespace

std::string_view kind_name(Kind kind)
{
    return std::find_if(names.begin(), names.end(), [&](Named n) { return n.kind == kind; })->name;
}

Result<Target> parse_target(Kind kind, std::string_view text)
{
    const auto refused = [&](std::string_view why) {
        return bad_request(std::string(kind_name(kind)) + ' ' + std::string(why) + ": \""
                           + printable(text) + '"');
    };

    if (kind == Kind::everything) {
        return Target{kind, {}};
    }
    if (text.empty()) {
        return refused("is empty");
    }

    if (kind == Kind::tag) {
        if (text.size() > longest_tag) {
            return refused("is longer than 1024 bytes");
        }
        if (text.find_first_of(" ,\t\r\n") != text.npos
            || std::any_of(text.begin(), text.end(),
                           [](char c) { return static_cast<unsigned char>(c) < ' '; }))
        {
            return refused("holds a space, a comma or a control character");
        }
        return Target{kind, std::string(text)};
    }

    if (text.size() > longest_url) {
        return refused("is longer than 8192 bytes");
    }
    if (std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < ' ' || c == 127;
        }))
    {
        return refused("holds a control character");
    }

    text = text.substr(0, text.find('#'));
    for (const std::string_view scheme : {"http:", "https:"}) {
        if (equal_ignoring_case(text.substr(0, scheme.size()), scheme)
            && text.substr(scheme.size()).starts_with("//"))
        {
            text.remove_prefix(scheme.size());
            break;
        }
    }

    std::string host;
    if (text.starts_with("//")) {
        const auto end = std::min(text.find_first_of("/?", 2), text.size());
        const auto parsed = parse_host(text.substr(2, end - 2));
        if (!parsed) {
            return parsed.error();
        }
        host = "//" + *parsed;
        text.remove_prefix(end);
    }

    std::string path(text);
    if (!host.empty() && !path.starts_with('/')) {
        path.insert(0, "/");
    }
    if (!path.starts_with('/') && !(kind == Kind::pattern && path.starts_with('*'))) {
        return refused("begins with \"/\", \"//host/\" or \"https://host/\"");
    }

    const auto rest = kind == Kind::pattern ? parse_pattern_text(path) : parse_url_text(kind, path);
    if (!rest) {
        return rest.error();
    }
    const std::size_t longest = kind == Kind::prefix    ? longest_prefix
                                : kind == Kind::pattern ? longest_pattern
                                                        : longest_url;
    if (host.size() + rest->size() > longest) {
        return refused("is longer than " + std::to_string(longest) + " bytes");
    }

    return Target{kind, host + *rest};
}

TargetWord split_target_word(std::string_view word)
{
    if (word == kind_name(Kind::everything)) {
        return {Kind::everything, {}};
    }

    for (const Named &n : names) {
        if (n.kind != Kind::everything && word.size() > n.name.size() && word.starts_with(n.name)
            && word[n.name.size()] == ':')
        {
            return {n.kind, word.substr(n.name.size() + 1)};
        }
    }

    return {Kind::tag, word};
}

Result<Target> parse_target_word(std::string_view word)
{
    const auto [kind, text] = split_target_word(word);
    return parse_target(kind, text);
}

std::string print_target_word(const Target &target)
{
    return target.kind == Kind::everything
               ? std::string(kind_name(target.kind))
               : std::string(kind_name(target.kind)) + ':' + target.text;
}

std::string resource_text(std::string_view path, std::string_view query)
{
    const std::string spelled = spell_path(path);
    return query.empty() ? spelled : spelled + '?' + std::string(query);
}

std::string raw_resource_text(std::string_view path, std::string_view query)
{
    const auto decoded = decoded_path(path);
    return decoded ? resource_text(*decoded, query) : std::string();
}

}  // namespace cdn::purge
