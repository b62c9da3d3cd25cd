// What tests of all schemes share: a scheme of its options and keys, and a request.

#pragma once

#include "sign/scheme.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace cdn::sign {

struct KeyText {
    std::string id;
    std::string secret;                                // as in cdn_sign_key
    std::string salt = {};
};

inline Keyring keyring(const std::vector<KeyText> &texts)
{
    const ReadFile no_files = [](std::string_view) { return Result<std::string>(bad_request("none")); };

    Keyring keys;
    for (const auto &[id, secret, salt] : texts) {
        Key key{id, std::move(*read_secret(secret, no_files)), {}};
        if (!salt.empty()) {
            key.salt = std::move(*read_secret(salt, no_files));
        }
        EXPECT_FALSE(keys.add(std::move(key)));
    }

    return keys;
}

inline Made make(std::string_view name, const std::vector<std::string> &options, const Keyring &keys)
{
    SchemeOptions all;
    for (const auto &option : options) {
        EXPECT_FALSE(all.add(option));
    }

    return make_scheme(name, std::move(all), keys);
}

// The message with which options are refused; "" if they are not.
inline std::string refusal(std::string_view name, const std::vector<std::string> &options)
{
    const auto made = make(name, options, {});
    return made ? "" : made.error().message;
}

// A scheme with keys, and a client whose address and country are $remote_addr and $country.
struct Gate {
    Gate(std::string_view name, const std::vector<std::string> &options,
         const std::vector<KeyText> &keys)
    {
        auto made = make(name, options, keyring(keys));
        if (!made) {
            ADD_FAILURE() << made.error().message;
            return;
        }
        scheme = std::move(*made);
    }

    Answer ask(std::string_view url, std::int64_t now, std::string_view cookies = {}) const
    {
        variables["$uri"] = Url::of(url).path;
        return scheme->verify({Url::of(url), cookies, [this](std::size_t i) {
            std::string text = scheme->expressions()[i];
            for (const auto &[name, value] : variables) {
                for (auto at = text.find(name); at != text.npos; at = text.find(name, at + value.size())) {
                    text.replace(at, name.size(), value);
                }
            }
            return text;
        }}, now);
    }

    std::string verdict(std::string_view url, std::int64_t now, std::string_view cookies = {}) const
    {
        return std::string(name(ask(url, now, cookies).verdict));
    }

    std::string clean(std::string_view url) const { return scheme->clean(Url::of(url)); }

    std::unique_ptr<Scheme>                    scheme;
    mutable std::map<std::string, std::string> variables = {{"$remote_addr", ""}, {"$country", ""}};
};

}  // namespace cdn::sign
