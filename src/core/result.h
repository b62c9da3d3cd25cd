// A value, or why there is none.

#pragma once

#include <string>
#include <utility>
#include <variant>

namespace cdn {

// What kind of failure: src/ngx/ turns each into one HTTP status.
enum class ErrorCode {
    bad_request,   // the request cannot be meant
    unauthorized,  // who asks has not said who it is
    forbidden,     // understood, and refused
    not_found,
    not_allowed,   // not with this method
    conflict,      // too late for that
    too_many,      // over a rate
    too_large,     // over a configured limit
    unsupported,   // not an image, not a listed one, or damaged beyond use
    bad_gateway,   // the source broke off
    timeout,
    overload,      // try again later
    cancelled,     // nobody waits for the answer any more
    internal,
};

// The message is one plain line without a full stop, fit for the client; the
// detail, if any, is for the log.
struct Error {
    ErrorCode   code = ErrorCode::internal;
    std::string message;
    std::string detail = {};
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::move(value)) {}
    Result(Error error) : state_(std::move(error)) {}

    explicit operator bool() const { return std::holds_alternative<T>(state_); }

    T &operator*() { return std::get<T>(state_); }
    const T &operator*() const { return std::get<T>(state_); }
    T *operator->() { return &std::get<T>(state_); }
    const T *operator->() const { return &std::get<T>(state_); }

    const Error &error() const { return std::get<Error>(state_); }

private:
    std::variant<T, Error> state_;
};

inline Error bad_request(std::string message)
{
    return {ErrorCode::bad_request, std::move(message)};
}

}  // namespace cdn
