// The query dialects' common part: arguments that are image options are taken
// out, all others stay with the source as they were sent.

#pragma once

#include "image/dialect.h"

#include <functional>
#include <string_view>

namespace cdn::image {

// What a dialect did with an argument.
struct Taken {
    bool                 is_option = true;             // false: it belongs to the source
    std::optional<Error> error;
};

// Calls take(name, value) with each argument decoded ("+" is a space), in
// order; a later one of the same name overrides by coming later.  An empty
// value means an absent option: it is taken without asking.  No argument that is an
// option at all: nothing, the URL is served as it is.
using TakeArgument = std::function<Taken(Options &, std::string_view name, std::string_view value)>;
Parsed parse_query_dialect(RawUrl url, const TakeArgument &take);

}  // namespace cdn::image
