#include "ttl/cache_control.h"

#include "core/cache_directives.h"
#include "core/text.h"

#include <functional>

namespace cdn::ttl {

namespace {

void shorten(std::optional<Seconds> &slot, Seconds value)
{
    slot = slot ? std::min(*slot, value) : value;      // told twice: the lesser counts
}

void note(CacheControl &control, std::string_view name, std::string_view value)
{
    const auto is = [&](std::string_view word) { return equal_ignoring_case(name, word); };

    // a field named in no-cache= or private= is as good as all: we cannot take it out
    if (is("no-store")) {
        control.no_store = true;
    } else if (is("no-cache")) {
        control.no_cache = true;
    } else if (is("private")) {
        control.is_private = true;
    } else if (is("public")) {
        control.is_public = true;
    } else if (is("must-revalidate") || is("proxy-revalidate")) {
        control.must_revalidate = true;
    } else if (is("max-age")) {
        shorten(control.max_age, delta_seconds(value));
    } else if (is("s-maxage")) {
        shorten(control.s_maxage, delta_seconds(value));
    } else if (is("stale-while-revalidate")) {
        shorten(control.stale_while_revalidate, delta_seconds(value));
    } else if (is("stale-if-error")) {
        shorten(control.stale_if_error, delta_seconds(value));
    }
}

// RFC 8941, as far as a dictionary of cache directives needs it.
class DictionaryReader {
public:
    explicit DictionaryReader(std::string_view text) : rest_(text) {}

    // Calls visit(name, value) for each member; false: malformed.
    bool read(const std::function<void(std::string_view, std::string_view)> &visit)
    {
        skip(" ");
        if (rest_.empty()) {
            return false;
        }

        for (;;) {
            const auto name = key();
            if (name.empty()) {
                return false;
            }

            std::string_view value;
            bool is_false = false;
            if (take('=')) {
                const auto item = bare_item();
                if (!item) {
                    return false;
                }
                value = *item;
                is_false = value == "?0";
            }
            if (!parameters()) {
                return false;
            }
            if (!is_false) {
                visit(name, value);
            }

            skip(" \t");
            if (rest_.empty()) {
                return true;
            }
            if (!take(',')) {
                return false;
            }
            skip(" \t");
        }
    }

private:
    bool take(char c)
    {
        if (rest_.empty() || rest_[0] != c) {
            return false;
        }

        rest_.remove_prefix(1);
        return true;
    }

    void skip(std::string_view set)
    {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(set), rest_.size()));
    }

    std::string_view take_all(std::string_view set)
    {
        const auto taken = rest_.substr(0, std::min(rest_.find_first_not_of(set), rest_.size()));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view key()
    {
        const bool starts = !rest_.empty() && (rest_[0] == '*' || (rest_[0] >= 'a' && rest_[0] <= 'z'));
        return starts ? take_all("abcdefghijklmnopqrstuvwxyz0123456789_-.*") : std::string_view();
    }

    std::optional<std::string_view> bare_item()
    {
        const auto start = rest_;
        if (take('"')) {
            while (!rest_.empty() && rest_[0] != '"') {
                if (rest_[0] == '\\') {
                    rest_.remove_prefix(1);
                    if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\\')) {
                        return std::nullopt;
                    }
                }
                rest_.remove_prefix(1);
            }
            return take('"') ? std::optional(taken(start)) : std::nullopt;
        }
        if (take('?')) {
            return take('0') || take('1') ? std::optional(taken(start)) : std::nullopt;
        }
        if (take(':')) {
            take_all("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
            return take(':') ? std::optional(taken(start)) : std::nullopt;
        }

        // a number or a token; which, only the reader of the name knows
        const auto word = take_all("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "!#$%&'*+-.^_`|~:/");
        return word.empty() ? std::nullopt : std::optional(word);
    }

    bool parameters()
    {
        while (take(';')) {
            skip(" ");
            if (key().empty() || (take('=') && !bare_item())) {
                return false;
            }
        }

        return true;
    }

    std::string_view taken(std::string_view start) const
    {
        return start.substr(0, start.size() - rest_.size());
    }

    std::string_view rest_;
};

}  // namespace

CacheControl parse_cache_control(std::string_view value)
{
    CacheControl control;
    if (value.empty()) {
        return control;
    }

    for (const CacheDirective &d : cache_directives(value)) {
        note(control, d.name, d.value);
    }

    return control;
}

std::optional<CacheControl> parse_cdn_cache_control(std::string_view value)
{
    CacheControl control;
    bool valid = true;

    const bool read = DictionaryReader(value).read([&](std::string_view name, std::string_view text) {
        const bool is_time = name == "max-age" || name == "s-maxage"
                             || name == "stale-while-revalidate" || name == "stale-if-error";
        valid = valid && (!is_time || parse_digits(text));
        note(control, name, text);
    });

    return read && valid ? std::optional(control) : std::nullopt;
}

CacheControl parse_surrogate_control(std::string_view value)
{
    CacheControl control;
    for (const CacheDirective &d : cache_directives(value)) {
        const auto [fresh, stale, has_stale] = cut(d.value, '+');
        if (equal_ignoring_case(d.name, "max-age")) {
            shorten(control.max_age, delta_seconds(fresh));
            if (has_stale) {
                control.stale_while_revalidate = delta_seconds(stale);
            }
        } else if (equal_ignoring_case(d.name, "no-store")
                   || equal_ignoring_case(d.name, "no-store-remote"))
        {
            control.no_store = true;
        } else {
            note(control, d.name, d.value);
        }
    }

    return control;
}

CacheControl for_this_cache(const OriginHeaders &headers)
{
    if (!headers.cdn_cache_control.empty()) {
        if (const auto control = parse_cdn_cache_control(headers.cdn_cache_control)) {
            return *control;
        }
    }
    const CacheControl surrogate = parse_surrogate_control(headers.surrogate_control);
    if (surrogate != CacheControl()) {                 // content="ESI/1.0" alone is about something else
        return surrogate;
    }

    return parse_cache_control(headers.cache_control);
}

ShortText<192> print_cache_control(const ClientControl &control)
{
    ShortText<192> out;
    out.append(control.visibility == Visibility::everybody ? "public, max-age=" : "private, max-age=");
    out.append(control.age + control.fresh);

    if (control.must_revalidate) {
        out.append(", must-revalidate");
    } else {
        if (control.stale_while_revalidate > 0) {
            out.append(", stale-while-revalidate=");
            out.append(control.stale_while_revalidate);
        }
        if (control.stale_if_error > 0) {
            out.append(", stale-if-error=");
            out.append(control.stale_if_error);
        }
    }
    if (control.immutable) {
        out.append(", immutable");
    }

    return out;
}

std::string limited_cache_control(std::string_view value, Seconds age, Seconds limit)
{
    const CacheControl said = parse_cache_control(value);
    const Seconds oldest = age + std::max<Seconds>(limit, 0);

    std::optional<Seconds> max_age;
    if (!said.no_store) {
        max_age = std::min(said.max_age.value_or(oldest), oldest);
    }
    return limited_directives(cache_directives(value), max_age, oldest);
}

std::string merged_vary(std::string_view vary, std::span<const std::string> more)
{
    std::vector<std::string_view> names;
    const auto add = [&](std::string_view name) {
        const bool known = std::any_of(names.begin(), names.end(),
                                       [&](std::string_view n) { return equal_ignoring_case(n, name); });
        if (!name.empty() && !known) {
            names.push_back(name);
        }
    };

    for (const auto part : split(vary, ',')) {
        add(trim(part));
    }
    for (const auto &name : more) {
        add(name);
    }

    std::string out;
    for (const auto name : names) {
        if (name == "*") {
            return "*";
        }
        out += out.empty() ? "" : ", ";
        out += name;
    }
    return out;
}

}  // namespace cdn::ttl
