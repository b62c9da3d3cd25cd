#include "image/negotiate.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

const std::vector<Format> wanted{Format::avif, Format::webp};

const Negotiated nothing;
const Negotiated webp{Format::webp};
const Negotiated avif{Format::avif};
const Negotiated both{Format::avif, Format::webp};

TEST(Negotiation, ReadsWhatBrowsersSend)
{
    EXPECT_EQ(negotiate("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", wanted), both);
    EXPECT_EQ(negotiate("image/webp,*/*", wanted), webp);
    EXPECT_EQ(negotiate("image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", wanted), nothing);
    EXPECT_EQ(negotiate("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", wanted), both);
    EXPECT_EQ(negotiate("image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,"
                        "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", wanted), both);
    EXPECT_EQ(negotiate("image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", wanted), webp);
    EXPECT_EQ(negotiate("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", wanted), nothing);
    EXPECT_EQ(negotiate("*/*", wanted), nothing);
    EXPECT_EQ(negotiate("", wanted), nothing);
}

TEST(Negotiation, KeepsTheServersOrder)
{
    EXPECT_EQ(negotiate("image/webp,image/avif;q=0.1", wanted), both);
    EXPECT_EQ(negotiate("image/webp,image/avif", {Format::webp, Format::avif}),
              (Negotiated{Format::webp, Format::avif}));
}

TEST(Negotiation, RefusesWithAWeightOfZero)
{
    EXPECT_EQ(negotiate("image/webp;q=0.001", wanted), webp);
    for (const std::string_view accept :
         {"image/webp;q=0", "image/webp;q=0.", "image/webp;q=0.000", "image/webp ; Q=0",
          "image/webp;v=1;q=0", "image/webp;q=", "image/webp;q=high", "image/webp;q=-1"})
    {
        EXPECT_EQ(negotiate(accept, wanted), nothing) << accept;
    }
    EXPECT_EQ(negotiate("image/avif;q=0, image/webp", wanted), webp);
}

TEST(Negotiation, IgnoresCaseSpacesAndOtherParameters)
{
    EXPECT_EQ(negotiate(" IMAGE/AVIF ;level=1;q=1.0 ,\timage/png", wanted), avif);
    EXPECT_EQ(negotiate(",,image/webp,", wanted), webp);
}

TEST(Negotiation, TakesWholeNamesOnly)
{
    EXPECT_EQ(negotiate("image/webp2,ximage/webp,image/ webp", wanted), nothing);
    EXPECT_EQ(negotiate("image/webp,image/webp", wanted), webp);
}

}  // namespace
}  // namespace cdn::image
