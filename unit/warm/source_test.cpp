#include "warm/source.h"

#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::warm {
namespace {

TEST(CanonicalSource, IsThePathOfThePicture)
{
    EXPECT_EQ(canonical_source("/cdn-image/w=300,q=85/photos/a.jpg"), "/photos/a.jpg");
    EXPECT_EQ(canonical_source("/photos/a.jpg"), std::nullopt);
    EXPECT_EQ(canonical_source("/cdn-image"), std::nullopt);
    EXPECT_EQ(canonical_source("/cdn-image/q=85"), "");
    EXPECT_EQ(canonical_source(""), std::nullopt);
}

TEST(CanonicalSource, IsThatOfWhatIsPrinted)
{
    image::Request request;
    request.source.path = "/photos/a%2Fb.jpg";
    EXPECT_EQ(canonical_source(image::print_canonical(request)), "/photos/a%2Fb.jpg");
    request.source.origin = "https://img.example.com";
    EXPECT_EQ(canonical_source(image::print_canonical(request)), "");
}

}  // namespace
}  // namespace cdn::warm
