// A signed URL as the client sent it: undecoded.

#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace cdn::sign {

// "/a%20b?x=1" cut in two.
struct Url {
    std::string_view path;
    std::string_view query;
    bool             has_query = false;

    static Url of(std::string_view text);
    std::string text() const;
};

using Names = std::span<const std::string>;

// The query's arguments of these names, by exact spelling: an escaped or
// otherwise spelled name is another one.
class Arguments {
public:
    Arguments(const Url &url, Names names);

    // Of the name with this index; an argument without "=" has an empty value.
    std::string_view operator[](std::size_t index) const { return found_[index].value; }
    bool has(std::size_t index) const { return found_[index].count > 0; }

    bool any() const;
    bool repeated() const;                             // a token cannot be told from two

private:
    struct Found {
        std::string_view value;
        unsigned         count = 0;
    };

    std::array<Found, 8> found_{};                     // more names no scheme has
};

// The URL without the arguments of these names; nothing else of it changes.  A query
// that held no others goes too.
std::string without(const Url &url, Names names);

// Calls visit(argument, name, value) for each part of a query, in order.
template <typename Visit>
void each_argument(std::string_view query, Visit visit)
{
    for (bool more = true; more;) {
        const auto end = query.find('&');
        const std::string_view argument = query.substr(0, end);
        const auto equals = argument.find('=');
        visit(argument, argument.substr(0, equals),
              equals == argument.npos ? std::string_view() : argument.substr(equals + 1));

        more = end != query.npos;
        query.remove_prefix(more ? end + 1 : query.size());
    }
}

}  // namespace cdn::sign
