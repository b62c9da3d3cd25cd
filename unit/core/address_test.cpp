#include "core/address.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

using namespace std::string_view_literals;

TEST(ParseAddress, KnowsBothKinds)
{
    EXPECT_EQ(parse_address("1.2.3.4")->view(), "\1\2\3\4");
    EXPECT_EQ(parse_address("2001:db8::1")->view(), "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"sv);
    EXPECT_EQ(parse_address("::ffff:1.2.3.4"), parse_address("1.2.3.4"));
}

TEST(ParseAddress, RefusesOtherThings)
{
    for (const auto text : {""sv, "1.2.3"sv, "1.2.3.4.5"sv, "01.2.3.256"sv, "1.2.3.4 "sv, "1.2.3.4\0x"sv, "unix:"sv, "::g"sv}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

bool contains(std::string_view network, std::string_view address)
{
    return parse_network(network)->contains(*parse_address(address));
}

TEST(Network, ContainsByItsBits)
{
    EXPECT_TRUE(contains("10.1.2.0/23", "10.1.3.255"));
    EXPECT_FALSE(contains("10.1.2.0/23", "10.1.4.0"));
    EXPECT_TRUE(contains("10.1.2.3", "10.1.2.3"));
    EXPECT_FALSE(contains("10.1.2.3", "10.1.2.2"));
    EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
    EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
    EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
    EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(ParseNetwork, RefusesLengthsThatAreNone)
{
    for (const auto text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "/8", "10.0.0.0/8/8", "10.0.0/8"}) {
        EXPECT_FALSE(parse_network(text)) << text;
    }
}

}  // namespace
}  // namespace cdn
