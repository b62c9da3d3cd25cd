// The release, as $cdn build information tells it.  README's Changes has the same number.

#pragma once

namespace cdn {

inline constexpr char version[] = "0.1.0";

}  // namespace cdn
