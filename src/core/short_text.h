// A short text of known greatest length, made where it stands: for what is
// printed on each request's path, where a std::string's memory would cost most.

#pragma once

#include <cassert>
#include <charconv>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace cdn {

template <std::size_t Size>
class ShortText {
public:
    // What does not fit is a mistake of the program's, and left out.
    void append(std::string_view text)
    {
        const bool fits = text.size() <= Size - size_;
        assert(fits);
        if (fits) {
            text.copy(text_ + size_, text.size());
            size_ += text.size();
        }
    }

    void append(std::int64_t number)
    {
        const auto [end, error] = std::to_chars(text_ + size_, text_ + Size, number);
        assert(error == std::errc());
        if (error == std::errc()) {
            size_ = static_cast<std::size_t>(end - text_);
        }
    }

    operator std::string_view() const { return {text_, size_}; }

    bool operator==(std::string_view other) const { return std::string_view(*this) == other; }
    friend std::ostream &operator<<(std::ostream &out, const ShortText &text) { return out << std::string_view(text); }

private:
    char        text_[Size];
    std::size_t size_ = 0;
};

}  // namespace cdn
