#include "cli/signing.h"

#include "cli/command.h"
#include "cli/secret.h"
#include "cli/when.h"
#include "core/path.h"
#include "core/text.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace cdn::cli {

namespace {

constexpr const char *default_key = "env:NGX_CDN_KEY";

[[noreturn]] void refuse(const std::string &line)
{
    throw Failure(Exit::usage, line);
}

bool reads_variables(const std::string &scheme)
{
    return scheme == "secure_link" || scheme == "template";
}

Variables variables_of(const SigningOptions &options, const WebUrl &url, const std::string &target)
{
    Variables variables;
    const auto parts = sign::Url::of(target);
    const auto path = decoded_path(parts.path);
    variables["uri"] = variables["document_uri"] = path ? *path : std::string(parts.path);
    variables["request_uri"] = target;
    variables["args"] = variables["query_string"] = parts.query;
    if (!url.origin.empty()) {
        const auto colon = url.origin.find(':');
        variables["scheme"] = url.origin.substr(0, colon);
        variables["http_host"] = url.origin.substr(colon + 3);
        variables["host"] = cut(variables["http_host"], ':').before;
    }
    if (!options.ip.empty()) {
        variables["remote_addr"] = options.ip;
    }
    for (const std::string &text : options.variables) {
        const auto [name, value, has_value] = cut(text, '=');
        if (!has_value || name.empty()) {
            refuse(options.name("var") + " takes NAME=VALUE, not \"" + printable(text) + '"');
        }
        variables.insert_or_assign(std::string(name.starts_with('$') ? name.substr(1) : name), std::string(value));
    }

    return variables;
}

std::unique_ptr<sign::Scheme> make_scheme(const SigningOptions &options, const WebUrl &url, const sign::Keyring &keys)
{
    sign::SchemeOptions all;
    bool has_base = false;
    for (const std::string &option : options.options) {
        if (const auto error = all.add(option)) {
            refuse(error->message);
        }
        has_base = has_base || option.starts_with("base=");
    }
    if (!has_base && !url.origin.empty() && (options.scheme == "google" || options.scheme == "cloudfront")) {
        all.add("base=" + url.origin);
    }

    auto scheme = sign::make_scheme(options.scheme, std::move(all), keys);
    if (!scheme) {
        refuse(scheme.error().message);
    }

    return std::move(*scheme);
}

std::vector<sign::Key> read_keys(const SigningOptions &options)
{
    std::vector<std::string> places = options.keys;
    for (const std::string &file : options.key_files) {
        places.push_back("file:" + file);
    }
    if (places.empty()) {
        if (std::getenv("NGX_CDN_KEY") == nullptr) {
            const std::string key = options.name("key");
            refuse("needs a key: " + key + " file:NAME, " + key + " env:NAME, or NGX_CDN_KEY in the environment");
        }
        places.emplace_back(default_key);
    }
    if (options.ids.size() > places.size()) {
        refuse("there are more ids than keys");
    }

    std::vector<sign::Key> keys;
    for (std::size_t i = 0; i < places.size(); i++) {
        keys.push_back({i < options.ids.size() ? options.ids[i] : "", read_secret(options.name("key"), places[i]), {}});
        if (!options.salt.empty()) {
            keys.back().salt = read_secret(options.name("salt"), options.salt);
        }
    }

    return keys;
}

// Which key a URL says that it was signed with.
std::string key_named_in(const std::string &scheme, const std::string &target, std::string_view cookies)
{
    static constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"native", "key"}, {"google", "KeyName"}, {"cloudfront", "Key-Pair-Id"}};

    std::string id;
    for (const auto &[of, wanted] : names) {
        if (scheme != of) {
            continue;
        }
        sign::each_argument(sign::Url::of(target).query, [&](auto, std::string_view name, std::string_view value) {
            if (name == wanted) {
                id = value;
            }
        });
        for (const char separator : {';', ':'}) {
            for (const auto part : split(cookies, separator)) {
                const auto [name, value, has_value] = cut(trim(part), '=');
                if (has_value && (name == wanted || name == "CloudFront-" + std::string(wanted))) {
                    id = value;
                }
            }
        }
    }

    return id;
}

}  // namespace

void add_key_options(CLI::App &app, SigningOptions &options, const std::string &prefix)
{
    options.prefix = prefix;
    app.add_option("--" + prefix + "scheme", options.scheme, "how it is signed, as in cdn_sign_scheme; default: native")
        ->type_name("NAME")->check(CLI::IsMember(sign::scheme_names()));
    app.add_option("--" + prefix + "option", options.options,
                   "an option of the scheme, as in cdn_sign_scheme: ttl=1h, base=https://cdn.example.com; "
                   "may be repeated")
        ->type_name("KEY=VALUE")->allow_extra_args(false);
    app.add_option("--" + prefix + "key", options.keys,
                   std::string("the secret: file:NAME, env:NAME, or either with hex: or base64: in front")
                       + (prefix.empty() ? "; default: env:NGX_CDN_KEY" : ""))
        ->type_name("PLACE")->allow_extra_args(false);
    app.add_option("--" + prefix + "key-file", options.key_files, "the same as --" + prefix + "key file:FILE")
        ->type_name("FILE")->allow_extra_args(false);
    app.add_option("--" + prefix + "id", options.ids, "the key's name, of the key in the same place")
        ->type_name("ID")->allow_extra_args(false);
    app.add_option("--" + prefix + "salt", options.salt, "imgproxy's second secret, like --" + prefix + "key")
        ->type_name("PLACE");
    app.add_option("--" + prefix + "ip", options.ip, "the client's address, where a URL is bound to one")
        ->type_name("ADDRESS");
    app.add_option("--" + prefix + "var", options.variables,
                   "the value of a variable that the scheme's options read")
        ->type_name("NAME=VALUE")->allow_extra_args(false);
}

void add_wish_options(CLI::App &app, SigningOptions &options, const std::string &prefix)
{
    app.add_option("--" + prefix + "expires", options.expires,
                   "the last valid second: 3600, 12h, @1800000000 or 2027-01-15T08:00:00Z; "
                   "default: in an hour, where the scheme needs one")
        ->type_name("TIME");
    app.add_option("--" + prefix + "starts", options.starts, "not valid before (akamai, cloudfront)")
        ->type_name("TIME");
    app.add_option("--" + prefix + "area", options.area,
                   "what else the token opens: /videos/ (bunnycdn, google) or /videos/* (akamai, cloudfront)")
        ->type_name("PATH");
    app.add_option("--" + prefix + "hash", options.hash,
                   "of bunnycdn (default: hs256) and cloudfront (default: sha1)")
        ->type_name("NAME")->check(CLI::IsMember({"hs256", "sha256", "md5", "sha1"}));
    app.add_flag("--" + prefix + "in-path", options.in_path,
                 "bunnycdn: the token is the path's first segment, so that relative links inherit it");
}

WebUrl WebUrl::of(std::string_view text)
{
    WebUrl url;
    std::string_view rest = text;
    if (rest.starts_with("http://") || rest.starts_with("https://")) {
        const auto host = rest.find("//") + 2;
        const auto end = std::min(rest.find_first_of("/?", host), rest.size());
        if (end == host || (end < rest.size() && rest[end] == '?')) {
            refuse("not a URL: \"" + printable(text) + '"');
        }
        url.origin = rest.substr(0, end);
        rest.remove_prefix(end);
        if (rest.empty()) {
            rest = "/";
        }
    }
    if (!rest.starts_with('/')) {
        refuse("a URL begins with / or http:// or https://: \"" + printable(text) + '"');
    }
    if (std::any_of(rest.begin(), rest.end(), [](char c) { return c <= ' ' || c == '#' || c == 127; })) {
        refuse("a URL has its spaces, # and non-ASCII letters escaped: \"" + printable(text) + '"');
    }

    url.target = rest;
    return url;
}

std::string expand(std::string_view text, const Variables &variables, const SigningOptions &options)
{
    std::string out;
    while (!text.empty()) {
        if (text[0] != '$') {
            out += text[0];
            text.remove_prefix(1);
            continue;
        }

        const bool braces = text.starts_with("${");
        text.remove_prefix(braces ? 2 : 1);
        const auto end = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
                                  text.size());
        const auto name = text.substr(0, end);
        const auto found = variables.find(name);
        if (found == variables.end()) {
            refuse(name == "remote_addr" ? "the scheme reads the client's address: say " + options.name("ip") + " ADDRESS"
                                         : "the scheme reads $" + std::string(name) + ": say " + options.name("var")
                                               + ' ' + std::string(name) + "=VALUE");
        }
        out += found->second;
        text.remove_prefix(end);
        if (braces && text.starts_with('}')) {
            text.remove_prefix(1);
        }
    }

    return out;
}

Signer::Signer(SigningOptions options, std::int64_t now) : options_(std::move(options)), now_(now)
{
    auto keys = read_keys(options_);
    if (keys.size() != 1) {
        refuse("a URL is signed with one key, not with " + std::to_string(keys.size()));
    }
    key_ = std::move(keys[0]);
}

std::string Signer::operator()(std::string_view text) const
{
    const WebUrl url = WebUrl::of(text);
    const auto scheme = make_scheme(options_, url, {});
    const Variables variables = variables_of(options_, url, url.target);

    sign::Wish wish{key_, now_};
    if (!options_.expires.empty()) {
        wish.expires = read_time(options_.name("expires"), options_.expires, now_);
    }
    if (!options_.starts.empty()) {
        wish.starts = read_time(options_.name("starts"), options_.starts, now_);
    }
    wish.ip = reads_variables(options_.scheme) ? "" : options_.ip;
    wish.area = options_.area;
    wish.hash = options_.hash;
    wish.in_path = options_.in_path;

    const auto made = scheme->sign({sign::Url::of(url.target), {}, [&](std::size_t i) {
        return expand(scheme->expressions()[i], variables, options_);
    }}, wish);
    if (!made) {
        refuse(options_.scheme + ": " + made.error().message);
    }

    return url.origin + *made;
}

Verified verify(const SigningOptions &options, std::string_view text, std::string_view cookies, std::int64_t now)
{
    const WebUrl url = WebUrl::of(text);

    Verified best;
    bool first = true;
    for (sign::Key &key : read_keys(options)) {
        if (key.id.empty()) {
            key.id = key_named_in(options.scheme, url.target, cookies);
        }
        sign::Keyring keys;
        keys.add(std::move(key));
        const auto scheme = make_scheme(options, url, keys);
        const std::string clean = scheme->clean(sign::Url::of(url.target));
        Variables variables = variables_of(options, url, clean);
        if (!reads_variables(options.scheme)) {
            variables.try_emplace("remote_addr");      // only a URL that is bound to one asks
        }

        const sign::Answer answer = scheme->verify({sign::Url::of(url.target), cookies, [&](std::size_t i) {
            return expand(scheme->expressions()[i], variables, options);
        }}, now);
        if (first || answer.verdict == sign::Verdict::ok || best.answer.verdict == sign::Verdict::invalid) {
            best = {answer, url.origin + clean};
        }
        if (answer.verdict == sign::Verdict::ok) {
            break;
        }
        first = false;
    }

    return best;
}

}  // namespace cdn::cli
