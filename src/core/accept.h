// The weights of Accept and its kin (RFC 9110, section 12.4.2).

#pragma once

#include <string_view>

namespace cdn {

// Of one member, by what follows its first semicolon: 1 where nothing is said, 0 where
// what is said is no number.
double accept_weight(std::string_view parameters);

}  // namespace cdn
