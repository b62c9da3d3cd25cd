// Digests, message authentication and public-key signatures, through OpenSSL.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_mac_ctx_st;
struct evp_md_st;
struct evp_pkey_st;

namespace cdn {

// What is hashed, one after the other.
using Parts = std::initializer_list<std::string_view>;

// A hash function.
class Hash {
public:
    // OpenSSL's names: "sha256", "SHA3-256"; nothing for one it does not have.
    static std::optional<Hash> named(const std::string &name);
    static const Hash &md5();
    static const Hash &sha1();
    static const Hash &sha256();

    std::size_t size() const;
    std::string of(Parts parts) const;

private:
    friend class Hmac;
    friend class PublicKey;
    friend class PrivateKey;
    explicit Hash(std::shared_ptr<evp_md_st> type) : type_(std::move(type)) {}

    std::shared_ptr<evp_md_st> type_;                  // fetched: by name it costs more than to hash
};

// HMAC with one key, prepared: each message then costs its own bytes alone.
class Hmac {
public:
    Hmac(const Hash &hash, std::string_view key);

    std::string of(Parts parts) const;

private:
    struct Free {
        void operator()(evp_mac_ctx_st *context) const;
    };

    std::unique_ptr<evp_mac_ctx_st, Free> context_;    // made ready again by each message
};

// An RSA (PKCS #1 v1.5) or ECDSA key.
class PublicKey {
public:
    static Result<PublicKey> from_pem(std::string_view pem);

    bool signed_this(const Hash &hash, std::string_view message, std::string_view signature) const;

private:
    struct Free {
        void operator()(evp_pkey_st *key) const;
    };

    explicit PublicKey(evp_pkey_st *key) : key_(key) {}

    std::unique_ptr<evp_pkey_st, Free> key_;
};

// Its other half, for whoever signs.
class PrivateKey {
public:
    static Result<PrivateKey> from_pem(std::string_view pem);   // without a passphrase

    std::string sign(const Hash &hash, std::string_view message) const;

private:
    struct Free {
        void operator()(evp_pkey_st *key) const;
    };

    explicit PrivateKey(evp_pkey_st *key) : key_(key) {}

    std::unique_ptr<evp_pkey_st, Free> key_;
};

// The time does not tell where they differ.  Lengths are no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Cryptographically secure.
std::uint64_t random_number();

// Overwrites, whatever the optimiser thinks of it.
void wipe(void *memory, std::size_t size);

// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace cdn
