// The keys of a location: ids and secrets, all valid at once, so that a new one
// can come before the old one goes.

#pragma once

#include "core/result.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::sign {

// Bytes that are overwritten when they go.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string &&bytes);              // which it overwrites
    Secret(const Secret &) = default;                  // each is overwritten
    Secret(Secret &&) noexcept = default;
    Secret &operator=(Secret &&other) noexcept;
    ~Secret();

    std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }

private:
    std::vector<char> bytes_;                          // a string's move may leave a copy behind
};

struct Key {
    std::string id;
    Secret      secret;
    Secret      salt;
};

using ReadFile = std::function<Result<std::string>(std::string_view name)>;

// What a secret in the configuration means: "hex:00ff", "base64:...", "file:NAME"
// (without one final newline) or the text itself.  Never empty.
Result<Secret> read_secret(std::string_view text, const ReadFile &read_file);

class Keyring {
public:
    // Refuses an id that is there already.
    std::optional<Error> add(Key key);

    std::span<const Key> keys() const { return keys_; }

private:
    std::vector<Key> keys_;
};

}  // namespace cdn::sign
