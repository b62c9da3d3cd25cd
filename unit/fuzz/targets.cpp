#include "targets.h"

namespace cdn::fuzz {

std::span<const Target> targets()
{
    static constexpr Target all[] = {
        {"files", files},           {"headers", headers}, {"dialects", dialects},
        {"canonical", canonical},   {"values", values},   {"plans", plans},
        {"signatures", signatures}, {"purges", purges},
    };
    return all;
}

}  // namespace cdn::fuzz
