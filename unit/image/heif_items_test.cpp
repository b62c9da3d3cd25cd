#include "image/heif_items.h"

#include "image/bombs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cdn::image {
namespace {

using namespace std::string_literals;

std::string u16(std::size_t value)
{
    return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string u32(std::size_t value)
{
    return u16(value >> 16) + u16(value & 0xFFFF);
}

std::string box(const std::string &type, const std::string &content)
{
    return u32(8 + content.size()) + type + content;
}

std::string full_box(const std::string &type, const std::string &content, char version = 0)
{
    return box(type, std::string{version, 0, 0, 0} + content);
}

struct Reference {
    std::string      type;
    int              from;
    std::vector<int> to;
};

// Items with the ids 1, 2 and so on.
std::string heif(const std::vector<std::string> &types, const std::vector<Reference> &references,
                 const std::string &more = {})
{
    std::string items;
    for (std::size_t i = 0; i < types.size(); i++) {
        items += full_box("infe", u16(i + 1) + u16(0) + types[i] + '\0', 2);
    }

    std::string links;
    for (const auto &[type, from, to] : references) {
        std::string ids;
        for (const int id : to) {
            ids += u16(static_cast<std::size_t>(id));
        }
        links += box(type, u16(static_cast<std::size_t>(from)) + u16(to.size()) + ids);
    }

    return box("ftyp", "avif") + full_box("meta", full_box("iinf", u16(types.size()) + items) + full_box("iref", links) + more);
}

bool entangled(const std::vector<std::string> &types, const std::vector<Reference> &references)
{
    return read_heif_items(heif(types, references)).entangled;
}

TEST(HeifItems, AreOrdinaryInWhatCamerasAndEncodersMake)
{
    EXPECT_FALSE(entangled({"av01"}, {}));
    EXPECT_FALSE(entangled({"av01", "av01"}, {{"auxl", 2, {1}}}));
    EXPECT_FALSE(entangled({"grid", "hvc1", "hvc1", "hvc1", "Exif"},
                           {{"dimg", 1, {2, 3}}, {"thmb", 4, {1}}, {"cdsc", 5, {1}}}));
    EXPECT_FALSE(entangled({"grid", "av01", "grid", "av01"}, {{"dimg", 1, {2}}, {"dimg", 3, {4}}, {"auxl", 3, {1}}}));
    EXPECT_FALSE(entangled({"iden", "grid", "hvc1", "hvc1"}, {{"dimg", 1, {2}}, {"dimg", 2, {3, 4}}}));
    EXPECT_FALSE(entangled({"iden", "grid", "hvc1", "grid", "hvc1"},
                           {{"dimg", 1, {2}}, {"dimg", 2, {3}}, {"auxl", 4, {2}}, {"dimg", 4, {5}}}));
    EXPECT_FALSE(entangled({"iovl", "hvc1"}, {{"dimg", 1, std::vector<int>(8, 2)}}));
}

TEST(HeifItems, AreEntangledInACircle)
{
    for (const auto type : {"grid", "iovl", "iden"}) {
        EXPECT_TRUE(entangled({type}, {{"dimg", 1, {1}}})) << type;
        EXPECT_TRUE(entangled({type, type}, {{"dimg", 1, {2}}, {"dimg", 2, {1}}})) << type;
    }

    EXPECT_TRUE(entangled({"av01", "av01", "av01"}, {{"auxl", 2, {1}}, {"auxl", 3, {2}}, {"auxl", 2, {3}}}));
    EXPECT_TRUE(entangled({"grid", "av01", "av01"}, {{"dimg", 1, {2}}, {"auxl", 3, {2}}, {"auxl", 1, {3}}}));
}

TEST(HeifItems, AreEntangledInAGridOfGrids)
{
    EXPECT_TRUE(entangled({"grid", "grid", "av01"}, {{"dimg", 1, {3, 2}}, {"dimg", 2, {3}}}));
    EXPECT_TRUE(entangled({"grid", "iden", "av01"}, {{"dimg", 1, {2}}, {"dimg", 2, {3}}}));
    EXPECT_TRUE(entangled({"iovl", "grid", "av01"}, {{"dimg", 1, {2}}, {"dimg", 2, {3}}}));
}

TEST(HeifItems, AreEntangledWhereMuchIsDecodedForLittle)
{
    EXPECT_TRUE(entangled({"grid", "av01", "av01"}, {{"dimg", 1, {2}}, {"auxl", 3, {2}}})) << "alpha of a tile";
    EXPECT_TRUE(entangled({"iovl", "av01"}, {{"dimg", 1, std::vector<int>(9, 2)}}));
}

TEST(HeifItems, AreEntangledWhereDecodersMayReadThemDifferently)
{
    const auto links = box("dimg", u16(1) + u16(1) + u16(2));
    const auto longer = u32(15) + "dimg" + u16(1) + u16(1) + u16(2) + '\0';
    const auto meta = [](const std::string &iref) { return full_box("meta", full_box("iref", iref)); };

    EXPECT_FALSE(read_heif_items(meta(links)).entangled);
    EXPECT_TRUE(read_heif_items(meta(longer)).entangled) << "a reference longer than its ids";
    EXPECT_TRUE(read_heif_items(heif({}, {}, full_box("iinf", u16(2) + full_box("infe", u16(1) + u16(0) + "av01", 2)
                                                                   + full_box("infe", u16(1) + u16(0) + "grid", 2))))
                    .entangled) << "an item twice";
}

TEST(HeifItems, HaveWideIdsAndBoxesToo)
{
    const auto item = [](std::size_t id, const std::string &type) {
        return full_box("infe", u32(id) + u16(0) + type, 3);
    };
    const auto link = [](std::size_t from, std::size_t to) { return box("dimg", u32(from) + u16(1) + u32(to)); };
    const auto iinf = full_box("iinf", u32(2) + item(70'000, "grid") + item(70'001, "grid"), 1);
    const auto iref = full_box("iref", link(70'000, 70'001) + link(70'001, 70'000), 1);

    EXPECT_TRUE(read_heif_items(full_box("meta", iinf + iref)).entangled);

    const auto content = "\0\0\0\0"s + iinf + iref;
    EXPECT_TRUE(read_heif_items(u32(1) + "meta" + u32(0) + u32(16 + content.size()) + content).entangled);
    EXPECT_TRUE(read_heif_items(u32(0) + "meta" + content).entangled);
}

TEST(HeifItems, AreReadAsFarAsTheyGo)
{
    const auto whole = heif({"grid", "av01", "av01"}, {{"dimg", 1, {2, 3}}}, box("iprp", full_box("ipma", u32(0))));
    for (std::size_t size = 0; size < whole.size(); size++) {
        read_heif_items(whole.substr(0, size));
        read_heif_items(whole.substr(size));
    }
    EXPECT_EQ(read_heif_items(u32(7) + "meta").bytes, 0U);
}

TEST(HeifItems, AreLimited)
{
    const auto items = [](std::size_t n) { return heif(std::vector<std::string>(n, "av01"), {}); };
    EXPECT_FALSE(check_for_bombs(items(3000), Format::avif));
    EXPECT_TRUE(check_for_bombs(items(3200), Format::avif));
    EXPECT_TRUE(check_for_bombs(items(1600) + items(1600), Format::avif));

    EXPECT_FALSE(check_for_bombs(heif({"grid", "hvc1"}, {{"dimg", 1, std::vector<int>(30'000, 2)}}), Format::heif));
    EXPECT_TRUE(check_for_bombs(heif({"grid", "hvc1"}, {{"dimg", 1, std::vector<int>(33'000, 2)}}), Format::heif));

    const auto error = check_for_bombs(heif({"av01"}, {}, box("iprp", box("ipma", std::string(70'000, '\0')))), Format::avif);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::too_large);
    EXPECT_EQ(error->message, "the source has 70031 bytes of items, more than 65536");

    EXPECT_EQ(check_for_bombs(heif({"grid"}, {{"dimg", 1, {1}}}), Format::avif)->code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace cdn::image
