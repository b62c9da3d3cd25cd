#include "image/sources.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

SourceFolders folders(std::initializer_list<std::string_view> paths)
{
    SourceFolders made;
    for (const auto path : paths) {
        EXPECT_FALSE(made.add(path)) << path;
    }

    return made;
}

TEST(SourceFolders, AllowWhatLiesBelowThem)
{
    const auto brand = folders({"/brand/"});
    for (const auto path : {"/brand/l.png", "/brand/a/b.png", "/brand/%6c.png", "/%62rand/l.png", "/x/../brand/l.png"}) {
        EXPECT_TRUE(brand.allow(path)) << path;
    }
    for (const auto path : {"/brand", "/brandy/l.png", "/Brand/l.png", "/l.png", "/brand/../l.png", "/brand/%2e%2e/l.png",
                            "/brand/..%2fl.png", "/brand/%2e.%2Fl.png", "/x/brand/l.png", "/brand/%zz", ""})
    {
        EXPECT_FALSE(brand.allow(path)) << path;
    }
    EXPECT_TRUE(folders({"/"}).allow("/l.png"));
    EXPECT_FALSE(SourceFolders().allow("/l.png"));
}

TEST(SourceFolders, AllowAFileThatIsNamed)
{
    const auto logo = folders({"/a/", "/logo.png"});
    EXPECT_TRUE(logo.allow("/logo.png"));
    EXPECT_TRUE(logo.allow("/a/l.png"));
    EXPECT_FALSE(logo.allow("/logo.png/x"));
    EXPECT_FALSE(logo.allow("/logo.pngx"));
}

TEST(SourceFolders, ArePathsAsTheyAreDecoded)
{
    SourceFolders made;
    for (const auto path : {"", "brand/", "/a/../b/", "/%62rand/", "https://h/", "/a/..", "/a/./b"}) {
        EXPECT_TRUE(made.add(path)) << path;
    }
}

}  // namespace
}  // namespace cdn::image
