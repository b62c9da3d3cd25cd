#include "core/wildcards.h"

namespace cdn {

bool matches(Wildcards kind, std::string_view pattern, std::string_view text)
{
    const bool with_question_marks = kind == Wildcards::stars_and_question_marks;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = pattern.npos;                   // the last one: the only place to go back to
    std::size_t resume = 0;                            // behind what it has swallowed so far

    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == text[t] || (with_question_marks && pattern[p] == '?'))) {
            p++;
            t++;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }

    return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace cdn
