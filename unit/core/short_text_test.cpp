#include "core/short_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace cdn {
namespace {

TEST(ShortText, HoldsTextAndNumbers)
{
    ShortText<64> line;
    EXPECT_EQ(line, "");

    line.append("max-age=");
    line.append(600);
    line.append(", a=");
    line.append(-1);
    EXPECT_EQ(line, "max-age=600, a=-1");
}

TEST(ShortText, HoldsAsMuchAsItSays)
{
    ShortText<20> line;
    line.append(std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(line, "-9223372036854775808");

    ShortText<3> word;
    word.append("abc");
    EXPECT_EQ(word, "abc");
}

TEST(ShortText, LeavesOutWhatDoesNotFit)
{
#ifdef NDEBUG
    ShortText<3> line;
    line.append("ab");
    line.append("cd");
    line.append(1000);
    EXPECT_EQ(line, "ab");
    line.append(7);
    EXPECT_EQ(line, "ab7");
#else
    GTEST_SKIP() << "an assertion there";
#endif
}

}  // namespace
}  // namespace cdn
