#include "core/fingerprint.h"

#include <cstring>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace cdn {

std::uint64_t fingerprint(const FingerprintKey &key, std::string_view bytes)
{
    // AES-GCM's tag of data that is authenticated only; the nonce may stay the
    // same, since no tag leaves the server
    static constexpr unsigned char nonce[12] = {};
    const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX *)> gcm(EVP_CIPHER_CTX_new(),
                                                                          EVP_CIPHER_CTX_free);
    unsigned char tag[16];
    bool good = gcm && EVP_EncryptInit_ex(gcm.get(), EVP_aes_128_gcm(), nullptr, key.data(), nonce) == 1;

    // lengths are of type int there
    for (int ignored = 0; good && !bytes.empty();) {
        const auto part = bytes.substr(0, 1U << 30);
        good = EVP_EncryptUpdate(gcm.get(), nullptr, &ignored,
                                 reinterpret_cast<const unsigned char *>(part.data()),
                                 static_cast<int>(part.size())) == 1;
        bytes.remove_prefix(part.size());
    }

    int none = 0;
    if (!good || EVP_EncryptFinal_ex(gcm.get(), tag, &none) != 1
        || EVP_CIPHER_CTX_ctrl(gcm.get(), EVP_CTRL_GCM_GET_TAG, sizeof(tag), tag) != 1)
    {
        throw std::runtime_error("OpenSSL computes no AES-GCM");
    }

    std::uint64_t value = 0;
    std::memcpy(&value, tag, sizeof(value));
    return value < 2 ? value + 2 : value;
}

}  // namespace cdn
