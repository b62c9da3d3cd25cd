#include "sign/keyring.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"

#include <algorithm>

namespace cdn::sign {

namespace {

Result<std::string> decode(std::string_view text, const ReadFile &read_file)
{
    const auto [form, rest, has_form] = cut(text, ':');

    if (has_form && form == "file") {
        auto bytes = read_file(rest);
        if (bytes && bytes->ends_with('\n')) {
            bytes->pop_back();
        }
        return bytes;
    }

    if (has_form && (form == "hex" || form == "base64")) {
        auto bytes = form == "hex" ? hex_decode(rest) : base64_decode(rest);
        if (!bytes) {
            // what it is stays out of the log
            return bad_request("the secret is no valid " + std::string(form));
        }
        return std::move(*bytes);
    }

    return std::string(text);
}

}  // namespace

Secret::Secret(std::string &&bytes) : bytes_(bytes.begin(), bytes.end())
{
    wipe(bytes.data(), bytes.size());
}

Secret &Secret::operator=(Secret &&other) noexcept
{
    bytes_.swap(other.bytes_);
    return *this;
}

Secret::~Secret()
{
    wipe(bytes_.data(), bytes_.size());
}

Result<Secret> read_secret(std::string_view text, const ReadFile &read_file)
{
    auto bytes = decode(text, read_file);
    if (!bytes) {
        return bytes.error();
    }
    if (bytes->empty()) {
        return bad_request("the secret is empty");
    }

    return Secret(std::move(*bytes));
}

std::optional<Error> Keyring::add(Key key)
{
    const bool known = std::any_of(keys_.begin(), keys_.end(),
                                   [&](const Key &k) { return k.id == key.id; });
    if (known) {
        return bad_request("the key \"" + printable(key.id) + "\" is there already");
    }

    keys_.push_back(std::move(key));
    return std::nullopt;
}

}  // namespace cdn::sign
