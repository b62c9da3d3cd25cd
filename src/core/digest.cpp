#include "core/digest.h"

#include <openssl/sha.h>

namespace cdn {

std::string sha256_hex(std::string_view bytes)
{
    static constexpr char hex[] = "0123456789abcdef";

    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size(), digest);

    std::string text;
    for (const unsigned char byte : digest) {
        text.push_back(hex[byte >> 4]);
        text.push_back(hex[byte & 15]);
    }

    return text;
}

}  // namespace cdn
