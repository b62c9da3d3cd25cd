// What is fed with arbitrary bytes, and what must hold of the outcome whatever they are.
//
// Seeds are in corpus/NAME/.  The unit tests run each target over them and over
// seeded mutations of them; scripts/fuzz lets libFuzzer look for more.

#pragma once

#include <span>
#include <stdexcept>
#include <string_view>

namespace cdn::fuzz {

struct Target {
    std::string_view name;
    void (*run)(std::string_view bytes);
};

std::span<const Target> targets();

inline void must(bool holds, const char *what)
{
    if (!holds) {
        throw std::logic_error(what);
    }
}

void files(std::string_view bytes);                    // sniff, is_bare, check_for_bombs
void headers(std::string_view bytes);                  // prepare: libvips, started before, reads a header
void dialects(std::string_view bytes);                 // URL -> Request -> canonical URI and back
void canonical(std::string_view bytes);                // canonical URI -> Request and back
void values(std::string_view bytes);                   // options, hosts, Accept, sources
void plans(std::string_view bytes);                    // Request + header -> Plan
void signatures(std::string_view bytes);               // signed URLs
void purges(std::string_view bytes);                   // purge calls

}  // namespace cdn::fuzz
