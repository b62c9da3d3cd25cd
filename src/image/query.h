// The query dialects' common part: arguments that are image options are taken
// out, all others stay with the source as they were sent.

#pragma once

#include "image/dialect.h"
#include "image/option_values.h"

#include <cstddef>
#include <functional>
#include <optional>
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

// A dialect as a table.  `Aside` is what it keeps beside the options until it
// has seen all arguments.
template <typename Aside>
struct Argument {
    std::string_view name;
    std::optional<Error> (*set)(Options &, Aside &, std::string_view name, std::string_view value);
};

// The argument is the value of one slot.
template <auto slot, auto parse, typename Aside>
std::optional<Error> set_slot(Options &options, Aside &, std::string_view name,
                              std::string_view value)
{
    return store(options.*slot, parse(name, value));
}

// The argument is an option that changes nothing here.
template <typename Aside>
std::optional<Error> no_effect(Options &, Aside &, std::string_view, std::string_view)
{
    return std::nullopt;
}

template <typename Aside, std::size_t N>
const Argument<Aside> *find_argument(const Argument<Aside> (&table)[N], std::string_view name)
{
    for (const auto &argument : table) {
        if (argument.name == name) {
            return &argument;
        }
    }

    return nullptr;
}

template <typename Aside, std::size_t N>
Parsed parse_query_dialect(RawUrl url, const Argument<Aside> (&table)[N], Aside &aside)
{
    return parse_query_dialect(
        url, [&](Options &options, std::string_view name, std::string_view value) -> Taken {
            const auto *argument = find_argument(table, name);
            if (argument == nullptr) {
                return {false, std::nullopt};
            }

            // an empty value may not touch what is kept aside
            return {true, value.empty() ? std::nullopt : argument->set(options, aside, name, value)};
        });
}

}  // namespace cdn::image
