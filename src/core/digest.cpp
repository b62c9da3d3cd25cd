#include "core/digest.h"

#include "core/encoding.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace cdn {

namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

void check(bool done)
{
    if (!done) {
        ERR_clear_error();
        throw std::runtime_error("OpenSSL refuses");
    }
}

const unsigned char *octets(std::string_view text)
{
    return reinterpret_cast<const unsigned char *>(text.data());
}

}  // namespace

std::optional<Hash> Hash::named(const std::string &name)
{
    std::shared_ptr<EVP_MD> type(EVP_MD_fetch(nullptr, name.c_str(), nullptr), EVP_MD_free);
    ERR_clear_error();

    // a length of one's own choice has no place in a token
    const bool usable = type && EVP_MD_get_size(type.get()) > 0
                        && (EVP_MD_get_flags(type.get()) & EVP_MD_FLAG_XOF) == 0;
    return usable ? std::optional(Hash(std::move(type))) : std::nullopt;
}

const Hash &Hash::md5()
{
    static const Hash hash = named("MD5").value();
    return hash;
}

const Hash &Hash::sha1()
{
    static const Hash hash = named("SHA1").value();
    return hash;
}

const Hash &Hash::sha256()
{
    static const Hash hash = named("SHA256").value();
    return hash;
}

std::size_t Hash::size() const
{
    return static_cast<std::size_t>(EVP_MD_get_size(type_.get()));
}

std::string Hash::of(Parts parts) const
{
    // one is enough: a thread hashes one text at a time
    thread_local const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);

    std::string digest(size(), '\0');
    bool done = EVP_DigestInit_ex(context.get(), type_.get(), nullptr) == 1;
    for (const auto part : parts) {
        done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    check(done
          && EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char *>(digest.data()),
                                nullptr) == 1);

    return digest;
}

void Hmac::Free::operator()(evp_mac_ctx_st *context) const
{
    EVP_MAC_CTX_free(context);
}

Hmac::Hmac(const Hash &hash, std::string_view key)
{
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
    check(mac != nullptr);
    context_.reset(EVP_MAC_CTX_new(mac.get()));

    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         const_cast<char *>(EVP_MD_get0_name(hash.type_.get())), 0),
        OSSL_PARAM_construct_end(),
    };
    check(context_ != nullptr
          && EVP_MAC_init(context_.get(), octets(key), key.size(), parameters) == 1);
}

std::string Hmac::of(Parts parts) const
{
    std::string code(EVP_MAX_MD_SIZE, '\0');
    std::size_t size = 0;

    bool done = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1;
    for (const auto part : parts) {
        done = done && EVP_MAC_update(context_.get(), octets(part), part.size()) == 1;
    }
    check(done
          && EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char *>(code.data()), &size,
                           code.size()) == 1);

    code.resize(size);
    return code;
}

void PublicKey::Free::operator()(evp_pkey_st *key) const
{
    EVP_PKEY_free(key);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    PublicKey key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    ERR_clear_error();

    const int type = key.key_ ? EVP_PKEY_get_base_id(key.key_.get()) : EVP_PKEY_NONE;
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
        return bad_request("not an RSA or EC public key in PEM form");
    }

    return key;
}

bool PublicKey::signed_this(const Hash &hash, std::string_view message, std::string_view signature) const
{
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const bool genuine =
        context
        && EVP_DigestVerifyInit(context.get(), nullptr, hash.type_.get(), nullptr, key_.get()) == 1
        && EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                            message.size()) == 1;
    // a forged one leaves its reason in the queue that TLS reads too
    ERR_clear_error();
    return genuine;
}

void PrivateKey::Free::operator()(evp_pkey_st *key) const
{
    EVP_PKEY_free(key);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    // a terminal would be asked for a passphrase otherwise
    const auto no_passphrase = [](char *, int, int, void *) { return -1; };
    PrivateKey key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    ERR_clear_error();

    const int type = key.key_ ? EVP_PKEY_get_base_id(key.key_.get()) : EVP_PKEY_NONE;
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) {
        return bad_request("not an RSA or EC private key in PEM form, without a passphrase");
    }

    return key;
}

std::string PrivateKey::sign(const Hash &hash, std::string_view message) const
{
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 0;
    check(context
          && EVP_DigestSignInit(context.get(), nullptr, hash.type_.get(), nullptr, key_.get()) == 1
          && EVP_DigestSign(context.get(), nullptr, &size, octets(message), message.size()) == 1);

    std::string code(size, '\0');
    check(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(code.data()), &size,
                         octets(message), message.size()) == 1);
    code.resize(size);
    return code;
}

bool equal_in_constant_time(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint64_t random_number()
{
    std::uint64_t number = 0;
    check(RAND_bytes(reinterpret_cast<unsigned char *>(&number), sizeof(number)) == 1);
    return number;
}

void wipe(void *memory, std::size_t size)
{
    OPENSSL_cleanse(memory, size);
}

std::string sha256_hex(std::string_view bytes)
{
    return hex(Hash::sha256().of({bytes}));
}

}  // namespace cdn
