// How long a response is kept, and what clients hear of it: a header filter.

#pragma once

namespace cdn {

void install_ttl_filter() noexcept;

}  // namespace cdn
