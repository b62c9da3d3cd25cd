// Work that neither time nor memory of this process may pay for: each piece in
// a process of its own, which can be ended and takes nothing along.
//
// A process with threads cannot simply be forked, so a parent of all helpers is
// forked early; it forks one for each socket that it is sent.

#pragma once

#include <cstddef>
#include <cstdint>

namespace cdn::image {

class Stop;

// Before this process has threads that work.  The parent calls begin() once,
// each helper work() with its end of a stream socket.  It is gone as soon as
// this process is, a helper also when the other end of its socket is closed.
bool start_helpers(void (*begin)(), void (*work)(int socket));

// The other end of a new helper's socket, or -1.  From any thread.
int call_helper();

// In a helper: what it may use from now on, and that it ends with its socket,
// which it has read to the end of what it was asked.
void limit_helper(std::uint64_t memory, unsigned cpu_seconds);
void end_with_socket(int socket);

// Whole messages over a socket; false: the other end is gone.
bool send_all(int socket, const void *bytes, std::size_t size);
bool receive_all(int socket, void *bytes, std::size_t size, const Stop *stop = nullptr);

}  // namespace cdn::image
