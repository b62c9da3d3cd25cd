#include "core/accept.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

TEST(AcceptWeight, IsOneWhereNothingIsSaid)
{
    EXPECT_EQ(accept_weight(""), 1);
    EXPECT_EQ(accept_weight("version=0.0.4"), 1);
    EXPECT_EQ(accept_weight("q"), 1);
}

TEST(AcceptWeight, IsReadAmongOtherParameters)
{
    EXPECT_EQ(accept_weight(" q=0.5"), 0.5);
    EXPECT_EQ(accept_weight("version=1.0.0 ; Q = 0.25"), 0.25);
    EXPECT_EQ(accept_weight("q=0;level=1"), 0);
    EXPECT_EQ(accept_weight("q=0.000"), 0);
}

TEST(AcceptWeight, IsNoneWhereItIsNoNumber)
{
    EXPECT_EQ(accept_weight("q="), 0);
    EXPECT_EQ(accept_weight("q=x"), 0);
    EXPECT_EQ(accept_weight("q=nan"), 0);
}

}  // namespace
}  // namespace cdn
