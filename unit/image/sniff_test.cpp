#include "image/sniff.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

using namespace std::string_view_literals;

struct Beginning {
    std::string_view      bytes;
    std::optional<Format> format;
};

void expect(std::initializer_list<Beginning> beginnings)
{
    for (const auto &[bytes, format] : beginnings) {
        EXPECT_EQ(sniff(bytes), format) << testing::PrintToString(bytes);
    }
}

TEST(Sniff, KnowsEveryFormatByItsBeginning)
{
    expect({
        {"\xFF\xD8\xFF\xE0"sv, Format::jpeg},
        {"\x89PNG\r\n\x1A\n"sv, Format::png},
        {"GIF87a"sv, Format::gif},
        {"GIF89a"sv, Format::gif},
        {"RIFF\x24\0\0\0WEBPVP8 "sv, Format::webp},
        {"II*\0"sv, Format::tiff},
        {"MM\0*"sv, Format::tiff},
        {"II+\0\x08\0\0\0"sv, Format::tiff},
        {"MM\0+\0\x08\0\0"sv, Format::tiff},
        {"%PDF-1.4"sv, Format::pdf},
        {"\0\0\0\x10" "ftypavif\0\0\0\0"sv, Format::avif},
        {"\0\0\0\x10" "ftypheic\0\0\0\0"sv, Format::heif},
        {"<svg>"sv, Format::svg},
        {"\xFF\x0A"sv, Format::jxl},
        {"\0\0\0\x0CJXL \r\n\x87\n"sv, Format::jxl},
    });
}

TEST(Sniff, FindsNothingInNothing)
{
    expect({{""sv, std::nullopt}, {"\0"sv, std::nullopt}, {" \n\t"sv, std::nullopt}});
}

TEST(Sniff, NeedsTheWholeSignature)
{
    expect({
        {"\xFF\xD8"sv, std::nullopt},
        {"\xFF\xD8\xFE"sv, std::nullopt},
        {"\x89PNG\r\n\x1A"sv, std::nullopt},
        {"\x89PNG\n\n\x1A\n"sv, std::nullopt},         // a line-end conversion went over it
        {"GIF88a"sv, std::nullopt},
        {"GIF89"sv, std::nullopt},
        {"RIFF\x24\0\0\0WEBPVP8"sv, std::nullopt},
        {"RIFF\x24\0\0\0WAVEfmt "sv, std::nullopt},
        {"II*"sv, std::nullopt},
        {"II+\0\x04\0\0\0"sv, std::nullopt},          // BigTIFF has offsets of eight bytes
    });
}

TEST(Sniff, RefusesWhatOnlyAnotherDecoderWouldTake)
{
    expect({
        {"\x1F\x8B\x08\0\0\0\0\0\0\x03<svg>"sv, std::nullopt},          // hangs libvips 8.14
        {"BM\x3A\0\0\0\0\0\0\0"sv, std::nullopt},
        {"\0\0\0\x0CjP  \r\n\x87\n"sv, std::nullopt},
        {"P6\n1 1\n255\n"sv, std::nullopt},
        {"push graphic-context"sv, std::nullopt},
        {"<html><svg></svg></html>"sv, std::nullopt},
    });
}

TEST(Sniff, ReadsTheBrandsOfAFileTypeBox)
{
    expect({
        {"\0\0\0\x18" "ftypmif1\0\0\0\0mif1avif"sv, Format::avif},
        {"\0\0\0\x18" "ftypmif1\0\0\0\0mif1heic"sv, Format::heif},
        {"\0\0\0\x18" "ftypmsf1\0\0\0\0msf1avis"sv, Format::avif},
        {"\0\0\0\x14" "ftypisom\0\0\0\0mp42"sv, std::nullopt},
        {"\0\0\0\x14" "ftypisom" "avif" "mp42"sv, std::nullopt},      // a minor version
        {"\0\0\0\x14" "ftypisom\0\0\0\0mp42avif"sv, std::nullopt},    // after the box
        {"\0\0\0\x10" "moovavif\0\0\0\0"sv, std::nullopt},
    });
}

TEST(Sniff, DoesNotTrustTheSizeOfAFileTypeBox)
{
    expect({
        {"\0\0\0\x0F" "ftypavif\0\0\0\0"sv, std::nullopt},
        {"\0\0\0\0" "ftypavif\0\0\0\0"sv, std::nullopt},
        {"\0\0\0\x01" "ftypavif\0\0\0\0"sv, std::nullopt},
        {"\0\0\x02\x01" "ftypavif\0\0\0\0"sv, std::nullopt},
        {"\xFF\xFF\xFF\xFF" "ftypavif\0\0\0\0"sv, std::nullopt},
        {"\0\0\0\x10" "ftypavif\0\0\0"sv, std::nullopt},
        {"\0\0\x02\0" "ftypmif1\0\0\0\0avi"sv, Format::heif},          // cut inside a brand
    });
}

TEST(Sniff, FindsTheRootOfAnSvg)
{
    expect({
        {"\xEF\xBB\xBF <svg xmlns='x'>"sv, Format::svg},
        {"<?xml version='1.0'?>\r\n<!-- > --><!DOCTYPE svg>\n<svg\n>"sv, Format::svg},
        {"<!DOCTYPE svg PUBLIC '-' 'x' [\n <!ENTITY a 'http:>'>\n <!ENTITY b 'c'>\n] >\n<svg xmlns='&a;'>"sv, Format::svg},
        {"<svg:svg xmlns:svg='x'>"sv, Format::svg},
        {"<svg/>"sv, Format::svg},
        {"<svg"sv, std::nullopt},
        {"<svgz>"sv, std::nullopt},
        {"<svg:rect>"sv, std::nullopt},
        {"<xsvg>"sv, std::nullopt},
        {"<!DOCTYPE svg [<svg>"sv, std::nullopt},
        {"<SVG>"sv, std::nullopt},
        {"<?xml"sv, std::nullopt},
        {"<!-- <svg>"sv, std::nullopt},
        {"<!-- --"sv, std::nullopt},
        {"<?xml?>"sv, std::nullopt},
        {"x<svg>"sv, std::nullopt},
    });
}

TEST(Sniff, FindsAPdfBehindSomethingElse)
{
    EXPECT_EQ(sniff("\xEF\xBB\xBF%PDF-1.7\n"), Format::pdf);
    EXPECT_EQ(sniff(std::string(1019, 'x') + "%PDF-1.7\n"), Format::pdf);
    EXPECT_EQ(sniff(std::string(1020, 'x') + "%PDF-1.7\n"), std::nullopt);
    EXPECT_EQ(sniff("GIF89a%PDF-1.7\n"), Format::gif);
    EXPECT_EQ(sniff("<svg><!-- %PDF-1.7 -->"), Format::svg);
}

TEST(Sniff, LooksAtFourKilobytes)
{
    EXPECT_EQ(sniff(std::string(4091, ' ') + "<svg>"), Format::svg);
    EXPECT_EQ(sniff(std::string(4092, ' ') + "<svg>"), std::nullopt);
}

}  // namespace
}  // namespace cdn::image
