// A recipe of the site's own, and nginx's secure_link, which is one: a digest of a
// message, as an argument, with the expiry as another.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/token.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>

namespace cdn::sign {

namespace {

enum class Encoding { hex, base64, base64url };
enum class TimeFormat { seconds, hex, iso8601 };

// Hours, minutes and seconds after "T", or an offset's "+hh:mm".
std::optional<std::int64_t> two_digits(std::string_view text, std::int64_t most)
{
    const auto value = text.size() == 2 ? parse_digits(text) : std::nullopt;
    return value && *value <= most ? value : std::nullopt;
}

// YYYY-MM-DDThh:mm:ssZ, or with an offset +hh:mm; of ".123", which JavaScript's dates have, the whole seconds.
std::optional<std::int64_t> parse_iso8601(std::string_view text)
{
    using namespace std::chrono;

    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':'
        || text[16] != ':')
    {
        return std::nullopt;
    }

    const auto year_number = parse_digits(text.substr(0, 4));
    const auto month_number = two_digits(text.substr(5, 2), 12);
    const auto day_number = two_digits(text.substr(8, 2), 31);
    const auto hour = two_digits(text.substr(11, 2), 23);
    const auto minute = two_digits(text.substr(14, 2), 59);
    const auto second = two_digits(text.substr(17, 2), 60);
    if (!year_number || !month_number || !day_number || !hour || !minute || !second) {
        return std::nullopt;
    }

    const year_month_day date(year(static_cast<int>(*year_number)),
                              month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number)));
    if (!date.ok()) {
        return std::nullopt;
    }

    std::int64_t offset = 0;
    auto zone = text.substr(19);
    if (zone.starts_with('.')) {
        const auto end = std::min(zone.find_first_not_of("0123456789", 1), zone.size());
        if (end == 1) {
            return std::nullopt;
        }
        zone.remove_prefix(end);
    }
    if (zone != "Z") {
        const auto hours = zone.size() == 6 && zone[3] == ':' ? two_digits(zone.substr(1, 2), 23) : std::nullopt;
        const auto minutes = hours ? two_digits(zone.substr(4, 2), 59) : std::nullopt;
        if (!minutes || (zone[0] != '+' && zone[0] != '-')) {
            return std::nullopt;
        }
        offset = (*hours * 60 + *minutes) * (zone[0] == '+' ? 60 : -60);
    }

    const std::int64_t days = sys_days(date).time_since_epoch().count();
    return days * 86400 + *hour * 3600 + *minute * 60 + *second - offset;
}

std::optional<std::int64_t> parse_hex_time(std::string_view text)
{
    if (text.empty() || text.size() > 15) {
        return std::nullopt;
    }

    std::int64_t value = 0;
    for (const char c : text) {
        const int digit = hex_value(c);
        if (digit < 0) {
            return std::nullopt;
        }
        value = value * 16 + digit;
    }

    return value;
}

std::string print_hex_time(std::int64_t time)
{
    char text[20];
    std::snprintf(text, sizeof text, "%" PRIx64, static_cast<std::uint64_t>(time));
    return text;
}

std::string print_iso8601(std::int64_t time)
{
    using namespace std::chrono;

    const sys_seconds when{seconds(time)};
    const auto day = floor<days>(when);
    const year_month_day date(day);
    const hh_mm_ss clock(when - day);
    char text[80];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

// A message in parts: what the scheme fills in, and texts for the web server.
struct Part {
    enum class Kind { key, expires, path, query, text };
    Kind        kind;
    std::size_t expression = 0;
};

struct Recipe {
    Hash                       hash;
    bool                       is_hmac = false;
    std::string                message;
    Encoding                   encoding = Encoding::base64url;
    std::string                param;
    std::optional<std::string> expires;
    TimeFormat                 format = TimeFormat::seconds;
};

class Template : public Scheme {
public:
    Template(Recipe recipe, const Keyring &keys)
        : recipe_(std::move(recipe)), names_{recipe_.param, recipe_.expires.value_or("")},
          keys_(keys.keys().begin(), keys.keys().end())
    {
        if (recipe_.is_hmac) {
            for (const Key &key : keys_) {
                hmacs_.emplace_back(recipe_.hash, key.secret.bytes());
            }
        }
    }

    // {name} is filled in, ${name} is a variable.
    std::optional<Error> read_message()
    {
        std::string_view rest = recipe_.message;
        std::string text;
        bool has_key = false;
        bool has_expires = false;

        const auto end_text = [&] {
            if (!text.empty()) {
                parts_.push_back({Part::Kind::text, add_expression(std::exchange(text, {}))});
            }
        };
        while (!rest.empty()) {
            if (rest.starts_with("${")) {
                const auto end = std::min(rest.find('}'), rest.size() - 1);
                text += rest.substr(0, end + 1);
                rest.remove_prefix(end + 1);
                continue;
            }
            if (rest[0] != '{') {
                text += rest[0];
                rest.remove_prefix(1);
                continue;
            }

            const auto end = rest.find('}');
            const auto name = rest.substr(1, end == rest.npos ? rest.npos : end - 1);
            const auto kind = kind_named(name);
            if (end == rest.npos || !kind) {
                return bad_request("message knows {key}, {expires}, {path} and {query}, not \""
                                   + printable(rest.substr(0, end)) + '"');
            }
            end_text();
            parts_.push_back({*kind, 0});
            has_key = has_key || *kind == Part::Kind::key;
            has_expires = has_expires || *kind == Part::Kind::expires;
            rest.remove_prefix(end + 1);
        }
        end_text();

        if (!has_key && !recipe_.is_hmac) {
            return bad_request("message needs {key}: without it anybody could sign");
        }
        if (has_expires != recipe_.expires.has_value()) {
            return bad_request(has_expires ? "message has {expires}, and expires is off"
                                           : "message needs {expires}: without it anybody could change it");
        }

        return std::nullopt;
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names());
        if (!arguments.has(0)) {
            return {Verdict::missing, !arguments.any(), std::nullopt};
        }

        const auto expires = recipe_.expires ? arguments[1] : std::string_view();
        const auto text = recipe_.format == TimeFormat::iso8601 ? percent_decode(expires)
                                                                 : std::optional<std::string>(expires);
        const std::int64_t last = text ? parse_time(*text).value_or(0) : 0;
        if (arguments.repeated() || (recipe_.expires && last <= 0)) {
            return refused(Verdict::invalid);
        }

        const std::string given = recipe_.encoding == Encoding::hex ? std::string(arguments[0])
                                                                    : unescape_base64(arguments[0]);
        bool matches = false;
        for (std::size_t i = 0; i < keys_.size(); i++) {
            const std::string digest = digest_of(asked, *text, keys_[i], recipe_.is_hmac ? &hmacs_[i] : nullptr);
            matches |= equal_in_constant_time(encoded(digest), recipe_.encoding == Encoding::hex
                                                                   ? std::string_view(given)
                                                                   : without_padding(given));
        }

        if (!matches) {
            return refused(Verdict::invalid);
        }

        return recipe_.expires ? genuine(last, now) : refused(Verdict::ok);
    }

    unsigned grants() const override { return recipe_.expires ? wish::expires : wish::nothing; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string last = recipe_.expires ? print_time(wish.last()) : "";
        const auto hmac = recipe_.is_hmac ? std::optional<Hmac>(std::in_place, recipe_.hash, wish.key.secret.bytes())
                                          : std::nullopt;
        const std::string code = encoded(digest_of(asked, last, wish.key, hmac ? &*hmac : nullptr));
        std::string url = with_argument(asked.url, recipe_.param + '=' + escape_base64(code));
        return recipe_.expires ? with_argument(url, *recipe_.expires + '=' + last) : url;
    }

    std::string clean(const Url &url) const override { return without(url, names()); }

private:
    Names names() const { return Names(names_).first(recipe_.expires ? 2 : 1); }

    static std::optional<Part::Kind> kind_named(std::string_view name)
    {
        return name == "key"       ? std::optional(Part::Kind::key)
               : name == "expires" ? std::optional(Part::Kind::expires)
               : name == "path"    ? std::optional(Part::Kind::path)
               : name == "query"   ? std::optional(Part::Kind::query)
                                   : std::nullopt;
    }

    std::optional<std::int64_t> parse_time(std::string_view text) const
    {
        switch (recipe_.format) {
        case TimeFormat::seconds: return parse_digits(text);
        case TimeFormat::hex:     return parse_hex_time(text);
        case TimeFormat::iso8601: break;
        }

        return parse_iso8601(text);
    }

    std::string print_time(std::int64_t time) const
    {
        switch (recipe_.format) {
        case TimeFormat::seconds: return std::to_string(time);
        case TimeFormat::hex:     return print_hex_time(time);
        case TimeFormat::iso8601: break;
        }

        return print_iso8601(time);
    }

    std::string query_of(const Url &url) const
    {
        return std::string(Url::of(clean({{}, url.query, url.has_query})).query);
    }

    // Of the message of this key; hmac is that key, prepared, where the recipe wants it.
    std::string digest_of(const Asked &asked, std::string_view expires, const Key &key, const Hmac *hmac) const
    {
        std::vector<std::string> own;                  // what the URL and the key do not have
        for (const Part &part : parts_) {
            own.push_back(part.kind == Part::Kind::text    ? asked.value(part.expression)
                          : part.kind == Part::Kind::query ? query_of(asked.url)
                                                           : std::string());
        }
        const auto piece = [&](std::size_t i) -> std::string_view {
            switch (parts_[i].kind) {
            case Part::Kind::key:     return key.secret.bytes();
            case Part::Kind::expires: return expires;
            case Part::Kind::path:    return asked.url.path;
            default:                  return own[i];
            }
        };

        std::size_t size = 0;
        for (std::size_t i = 0; i < parts_.size(); i++) {
            size += piece(i).size();
        }
        std::string message;
        message.reserve(size);                         // a longer one would leave the key behind, unwiped
        for (std::size_t i = 0; i < parts_.size(); i++) {
            message += piece(i);
        }

        std::string digest = hmac != nullptr ? hmac->of({message}) : recipe_.hash.of({message});
        wipe(message.data(), message.size());
        return digest;
    }

    std::string encoded(std::string_view digest) const
    {
        switch (recipe_.encoding) {
        case Encoding::hex:    return hex(digest);
        case Encoding::base64: return std::string(without_padding(base64(digest)));
        case Encoding::base64url: break;
        }

        return base64url(digest);
    }

    Recipe                     recipe_;
    std::array<std::string, 2> names_;
    std::vector<Part>          parts_;
    std::vector<Key>           keys_;
    std::vector<Hmac>          hmacs_;
};

Made make(Recipe recipe, const Keyring &keys)
{
    if (recipe.expires == recipe.param) {
        return bad_request("param and expires are the same name");
    }

    auto scheme = std::make_unique<Template>(std::move(recipe), keys);
    if (auto error = scheme->read_message()) {
        return std::move(*error);
    }

    return std::unique_ptr<Scheme>(std::move(scheme));
}

Result<std::optional<std::string>> take_expires(SchemeOptions &options)
{
    auto name = take_name(options, "expires", "expires");
    if (!name) {
        return name.error();
    }

    return *name == "off" ? std::optional<std::string>() : std::optional(std::move(*name));
}

}  // namespace

Made make_secure_link(SchemeOptions &options, const Keyring &keys)
{
    auto param = take_name(options, "param", "md5");
    auto expires = take_expires(options);
    if (!param || !expires) {
        return !param ? param.error() : expires.error();
    }

    Recipe recipe{Hash::md5()};
    recipe.message = options.take("message", *expires ? "{expires}$uri$remote_addr {key}" : "$uri$remote_addr {key}");
    recipe.param = std::move(*param);
    recipe.expires = std::move(*expires);
    return make(std::move(recipe), keys);
}

Made make_template(SchemeOptions &options, const Keyring &keys)
{
    const std::string digest = options.take("digest", "sha256");
    const auto hash = Hash::named(digest);
    if (!hash) {
        return bad_request("digest is one that OpenSSL has, like sha256, not \"" + printable(digest) + '"');
    }

    const auto message = options.take("message");
    if (!message) {
        return bad_request("needs \"message=...\", what is signed");
    }

    const auto is_hmac = options.take_flag("hmac", false);
    const auto encoding = options.take_word("encoding", {"hex", "base64", "base64url"});
    const auto format = options.take_word("expires_format", {"unix", "hex", "iso8601"});
    auto param = take_name(options, "param", "token");
    auto expires = take_expires(options);
    if (!is_hmac || !encoding || !format || !param || !expires) {
        return !is_hmac ? is_hmac.error() : !encoding ? encoding.error() : !format ? format.error()
               : !param ? param.error() : expires.error();
    }
    Recipe recipe{*hash, *is_hmac, *message, static_cast<Encoding>(*encoding), std::move(*param),
                  std::move(*expires), static_cast<TimeFormat>(*format)};
    return make(std::move(recipe), keys);
}

}  // namespace cdn::sign
