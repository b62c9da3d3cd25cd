// Tokens that were found genuine, remembered while they last: the links of a page are asked for
// with the same ones again and again, and to compare costs less than to verify.

#pragma once

#include "sign/scheme.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::sign {

// All that a verdict depends on but keys and time, each part told from the next.
class Question {
public:
    Question() { text_.reserve(256); }

    void add(std::string_view part);
    std::string_view text() const { return text_; }

private:
    std::string text_;
};

// Of one scheme and its keys.  Only what is equal to the last byte is found; what is forged is
// verified each time, as if there were no memory.
class GenuineTokens {
public:
    static constexpr std::size_t most = 512;           // about 150 KB, at most 600
    static constexpr std::size_t longest = 1024;       // question

    // The seed is random: who chooses URLs does not choose whose place theirs takes.
    explicit GenuineTokens(std::uint64_t seed) : seed_(seed) {}

    // What verify() said, where it would still say so.
    std::optional<Answer> find(const Question &question, std::int64_t now) const;

    // Answers that are not ok are not remembered.
    void add(const Question &question, const Answer &answer, std::int64_t now);

private:
    struct Entry {
        std::string  text;
        Answer       answer;
        std::int64_t since = 0;                        // a clock that goes back may make it too early
    };

    std::size_t place(const Question &question) const;

    std::uint64_t      seed_;
    std::vector<Entry> entries_;                       // made with the first
};

}  // namespace cdn::sign
