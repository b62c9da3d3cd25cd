// A query with only the arguments that matter, in one order.

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cdn::ttl {

// The arguments whose names, decoded, are among the `names`, sorted by name; those of
// one name keep their order.  Names and values stay as they were sent.
std::string kept_query(std::string_view query, std::span<const std::string> names);

}  // namespace cdn::ttl
