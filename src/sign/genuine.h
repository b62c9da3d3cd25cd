// Tokens that were found genuine, remembered while they last: the links of a page are asked for
// with the same ones again and again, and to compare costs less than to verify.

#pragma once

#include "sign/scheme.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::sign {

// All that a verdict depends on but keys and time, each part told from the next.
class Question {
public:
    static constexpr std::size_t longest = 1024;       // with eight bytes for each part

    void add(std::string_view part);

    bool fits() const { return size_ <= longest; }
    std::string_view text() const { return {text_, fits() ? size_ : 0}; }

private:
    char        text_[longest];                        // as far as written
    std::size_t size_ = 0;                             // beyond `longest` once a part did not fit
};

// What Scheme::verify() and Scheme::clean() said.
struct Genuine {
    Answer      answer;
    std::string clean;                                 // URL
};

// Of one scheme and its keys.  Only what is equal to the last byte is found; what is forged is
// verified each time, as if there were no memory.
class GenuineTokens {
public:
    static constexpr std::size_t most = 512;           // about 200 KB, at most 1.1 MB

    // The seed is random: who chooses URLs does not choose whose place theirs takes.
    explicit GenuineTokens(std::uint64_t seed) : seed_(seed) {}

    // Where both would still say so; until the next add().
    const Genuine *find(const Question &question, std::int64_t now) const;

    // Answers that are not ok are not remembered, nor what is too long.
    void add(const Question &question, Genuine genuine, std::int64_t now);

private:
    struct Entry {
        std::string  text;
        Genuine      genuine;
        std::int64_t since = 0;                        // a clock that goes back may make it too early
    };

    std::size_t place(const Question &question) const;

    std::uint64_t      seed_;
    std::vector<Entry> entries_;                       // made with the first
};

}  // namespace cdn::sign
