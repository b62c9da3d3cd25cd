// Work that would keep visitors waiting if the event loop did it: a thread of its own does it, one
// piece after the other.

#pragma once

#include <cstddef>
#include <functional>

namespace cdn {

// So much JSON is parsed in 0.2 ms; more would keep visitors waiting.
inline constexpr std::size_t most_at_once = 16 * 1024;

// `work` knows nothing of nginx; `done` runs on the event loop, also where `work` threw.
void do_aside(std::function<void()> work, std::function<void()> done);

// The same, but at once where it is about so few bytes.
void do_aside_if_large(std::size_t bytes, std::function<void()> work, std::function<void()> done);

void stop_asides();                                    // the worker ends: what waits is dropped

}  // namespace cdn
