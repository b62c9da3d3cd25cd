#include "ttl/cache_status.h"

#include "core/text.h"

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

std::string print_cache_status(const CacheStatus &status)
{
    std::string out;
    out.reserve(96);                                   // on each hit's path

    out += "ngx_cdn";
    if (status.forwarded.empty()) {
        out += "; hit";
    } else {
        out += "; fwd=";
        out += status.forwarded;
    }
    if (status.forward_status) {
        out += "; fwd-status=";
        append_number(out, *status.forward_status);
    }
    if (status.stored) {
        out += "; stored";
    }
    if (status.collapsed) {
        out += "; collapsed";
    }
    if (status.ttl) {
        out += "; ttl=";
        append_number(out, *status.ttl);
    }
    if (!status.key.empty()) {
        out += "; key=" + quoted(status.key);
    }

    return out;
}

}  // namespace cdn::ttl
