// The header filter of purges: notes when a stored fetch began, and what clients and
// edges may see of that and of tags.

#pragma once

namespace cdn {

void install_purge_filter() noexcept;

}  // namespace cdn
