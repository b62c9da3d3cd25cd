#include "sign/scheme.h"

#include "core/text.h"
#include "sign/schemes.h"

#include <algorithm>

namespace cdn::sign {

namespace {

struct Entry {
    std::string_view name;
    Made (*make)(SchemeOptions &options, const Keyring &keys);
};

constexpr Entry table[] = {
    {"native", make_native},         {"bunnycdn", make_bunnycdn},   {"keycdn", make_keycdn},
    {"cloudflare", make_cloudflare}, {"fastly", make_fastly},       {"akamai", make_akamai},
    {"google", make_google},         {"cloudfront", make_cloudfront}, {"imgproxy", make_imgproxy},
    {"thumbor", make_thumbor},       {"imgix", make_imgix},         {"secure_link", make_secure_link},
    {"template", make_template},
};

}  // namespace

std::string_view name(Verdict verdict)
{
    switch (verdict) {
    case Verdict::ok:        return "ok";
    case Verdict::missing:   return "missing";
    case Verdict::invalid:   return "invalid";
    case Verdict::expired:   return "expired";
    case Verdict::forbidden: break;
    }

    return "forbidden";
}

std::optional<Error> SchemeOptions::add(std::string_view text)
{
    const auto [name, value, has_value] = cut(text, '=');
    if (!has_value || name.empty()) {
        return bad_request("expected key=value: \"" + printable(text) + '"');
    }

    const bool known = std::any_of(options_.begin(), options_.end(),
                                   [&](const auto &o) { return o.first == name; });
    if (known) {
        return bad_request("the option \"" + std::string(name) + "\" is there twice");
    }

    options_.emplace_back(name, value);
    return std::nullopt;
}

std::optional<std::string> SchemeOptions::take(std::string_view name)
{
    const auto found = std::find_if(options_.begin(), options_.end(),
                                    [&](const auto &o) { return o.first == name; });
    if (found == options_.end()) {
        return std::nullopt;
    }

    std::string value = std::move(found->second);
    options_.erase(found);
    return value;
}

std::string SchemeOptions::take(std::string_view name, std::string_view otherwise)
{
    return take(name).value_or(std::string(otherwise));
}

Result<std::size_t> SchemeOptions::take_word(std::string_view name,
                                             std::initializer_list<std::string_view> words)
{
    const auto value = take(name);
    if (!value) {
        return std::size_t{0};
    }

    const auto found = std::find(words.begin(), words.end(), *value);
    if (found != words.end()) {
        return static_cast<std::size_t>(found - words.begin());
    }

    std::string all;
    for (const auto word : words) {
        all += all.empty() ? "" : ", ";
        all += word;
    }
    return bad_request(std::string(name) + " is one of " + all + ", not \"" + printable(*value) + '"');
}

Result<bool> SchemeOptions::take_flag(std::string_view name, bool otherwise)
{
    const auto word = otherwise ? take_word(name, {"on", "off"}) : take_word(name, {"off", "on"});
    if (!word) {
        return word.error();
    }

    return (*word == 0) == otherwise;
}

std::optional<Error> SchemeOptions::rest() const
{
    if (options_.empty()) {
        return std::nullopt;
    }

    return bad_request("unknown option \"" + printable(options_[0].first) + '"');
}

Result<std::string> take_name(SchemeOptions &options, std::string_view option,
                              std::string_view otherwise)
{
    std::string name = options.take(option, otherwise);
    if (name.empty() || name.find_first_of("&=?#~; ") != name.npos) {
        return bad_request(std::string(option) + " is the name of an argument, not \""
                           + printable(name) + '"');
    }

    return name;
}

Result<std::string> take_base(SchemeOptions &options)
{
    std::string base = options.take("base", "");
    if (!base.starts_with("http://") && !base.starts_with("https://") && !base.starts_with('$')) {
        return bad_request("needs base=URL, scheme and host of the URLs that were signed, "
                           "like base=https://cdn.example.com");
    }
    if (base.ends_with('/')) {
        base.pop_back();
    }

    return base;
}

std::vector<std::string> scheme_names()
{
    std::vector<std::string> names;
    for (const Entry &entry : table) {
        names.emplace_back(entry.name);
    }

    return names;
}

Made make_scheme(std::string_view name, SchemeOptions options, const Keyring &keys)
{
    const auto *entry = std::find_if(std::begin(table), std::end(table),
                                     [&](const Entry &e) { return e.name == name; });
    if (entry == std::end(table)) {
        return bad_request("unknown scheme \"" + printable(name) + '"');
    }

    auto made = entry->make(options, keys);
    if (made) {
        if (auto error = options.rest()) {
            error->message = std::string(name) + ": " + error->message;
            return std::move(*error);
        }
        return made;
    }

    return bad_request(std::string(name) + ": " + made.error().message);
}

Result<std::string> Scheme::sign(const Asked &asked, const Wish &wish) const
{
    const std::pair<bool, std::string_view> wishes[] = {
        {wish.expires.has_value(), "an expiry"},
        {wish.starts.has_value(), "a time of beginning"},
        {!wish.ip.empty(), "a client's address"},
        {!wish.area.empty(), "an area"},
        {!wish.hash.empty(), "a choice of hash"},
        {wish.in_path, "a token in the path"},
    };
    for (std::size_t i = 0; i < std::size(wishes); i++) {
        if (wishes[i].first && (grants() & 1U << i) == 0) {
            return bad_request("such a URL cannot have " + std::string(wishes[i].second));
        }
    }

    if (is_signed(asked.url)) {
        return bad_request("the URL has a token already: \"" + printable(asked.url.text()) + '"');
    }

    return signed_url(asked, wish);
}

std::string with_argument(const Url &url, std::string_view argument)
{
    return url.text() + (url.has_query ? '&' : '?') + std::string(argument);
}

std::string with_argument(std::string_view url, std::string_view argument)
{
    return with_argument(Url::of(url), argument);
}

Answer genuine(std::int64_t expires, std::int64_t now)
{
    return {now <= expires ? Verdict::ok : Verdict::expired, false, expires};
}

Answer refused(Verdict verdict)
{
    return {verdict, false, std::nullopt};
}

}  // namespace cdn::sign
