#include "ttl/cache_status.h"

namespace cdn::ttl {

namespace {

// A Structured Field's string has ASCII alone.
std::string quoted(std::string_view text)
{
    static constexpr char hex[] = "0123456789ABCDEF";

    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte > 0x7e) {
            out += {'%', hex[byte >> 4], hex[byte & 15]};
        } else {
            out += c == '"' || c == '\\' ? "\\" : "";
            out += c;
        }
    }

    return out + '"';
}

}  // namespace

ShortText<160> print_cache_status(const CacheStatus &status)
{
    ShortText<160> out;
    out.append("ngx_cdn; ");
    if (status.forwarded.empty()) {
        out.append("hit");
    } else {
        out.append("fwd=");
        out.append(status.forwarded);
    }
    if (status.forward_status) {
        out.append("; fwd-status=");
        out.append(*status.forward_status);
    }
    if (status.stored) {
        out.append("; stored");
    }
    if (status.collapsed) {
        out.append("; collapsed");
    }
    if (status.ttl) {
        out.append("; ttl=");
        out.append(*status.ttl);
    }

    return out;
}

std::string print_cache_key(std::string_view key)
{
    return "; key=" + quoted(key);
}

}  // namespace cdn::ttl
