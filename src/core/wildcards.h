// "/a/*.jpg" against a whole text.

#pragma once

#include <string_view>

namespace cdn {

// A star is any run of bytes, slashes too; a question mark, where it is one, any single byte.
enum class Wildcards { stars, stars_and_question_marks };

// Takes no longer than the pattern's length times the text's.
bool matches(Wildcards kind, std::string_view pattern, std::string_view text);

}  // namespace cdn
