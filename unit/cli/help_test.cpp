#include "cli/help.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

class Help : public testing::Test {
protected:
    Help()
    {
        use_help(app);
        auto *sub = app.add_subcommand("make", "Makes a thing");
        sub->add_option("--kind", kind, "what it is like")->type_name("NAME")->check(CLI::IsMember({"hot", "cold"}));
        sub->add_option("--from", file, "where it is read from")->type_name("FILE");
        sub->add_flag("-q,--quiet", quiet, "says nothing, and says it at such a length that it cannot stand in one line");
        sub->add_option("THING", thing, "which")->required();
        sub->footer("Examples:\n  tool make 'a\\b' --kind hot");
    }

    CLI::App    app{"Makes things", "tool"};
    std::string kind;
    std::string file;
    std::string thing;
    bool        quiet = false;
};

TEST_F(Help, StandsBesideItsOptionWhereThereIsRoom)
{
    const std::string wide = print_help(*app.get_subcommand("make"), 80);
    EXPECT_NE(wide.find("Usage: tool make [OPTION...] THING\n"), wide.npos) << wide;
    EXPECT_NE(wide.find("\n  --kind NAME               what it is like (hot or cold)\n"), wide.npos) << wide;
    EXPECT_NE(wide.find("\nExamples:\n  tool make 'a\\b' --kind hot\n"), wide.npos) << wide;

    const std::string narrow = print_help(*app.get_subcommand("make"), 60);
    EXPECT_NE(narrow.find("\n  -q, --quiet\n      says nothing, and says it at such a length that it\n      cannot"), narrow.npos)
        << narrow;
}

TEST_F(Help, IsWrappedAtTheLastColumn)
{
    EXPECT_EQ(wrap("aaa bbb ccc", 7, 0), "aaa bbb\nccc");
    EXPECT_EQ(wrap("aaa bbb ccc", 6, 0), "aaa\nbbb\nccc");
    EXPECT_EQ(wrap("aaa bbb", 9, 2), "aaa bbb");
    EXPECT_EQ(wrap("aaa bbb", 8, 2), "aaa\n  bbb");
    EXPECT_EQ(wrap("aaaaaa b", 3, 0), "aaaaaa\nb");
}

TEST_F(Help, IsAManPageWithEveryOption)
{
    const std::string man = print_man(app);
    EXPECT_NE(man.find(".SH NGX-CDN make\nMakes a thing.\n"), man.npos) << man;
    EXPECT_NE(man.find(".B \\-\\-kind NAME\nwhat it is like (hot or cold)\n"), man.npos) << man;
    EXPECT_NE(man.find("tool make \\(aqa\\eb\\(aq \\-\\-kind hot\n"), man.npos) << man;
}

TEST_F(Help, TellsDefaultsAndWhatStandsBelow)
{
    app.get_subcommand("make")->get_option("--from")->default_str("here");
    auto *below = app.get_subcommand("make")->add_subcommand("undo", "Takes it back");
    below->add_option("ID")->required();

    const std::string text = print_help(*app.get_subcommand("make"), 80);
    EXPECT_NE(text.find("where it is read from; default: here\n"), text.npos) << text;
    EXPECT_NE(text.find("Usage: tool make [OPTION...] THING [undo ID]\n"), text.npos) << text;
    EXPECT_NE(text.find("\n  undo ID                   Takes it back\n"), text.npos) << text;
    EXPECT_NE(print_help(*below, 80).find("Usage: tool make undo [OPTION...] ID\n"), text.npos);
    EXPECT_NE(print_man(app).find(".B undo ID\nTakes it back\n"), text.npos) << print_man(app);
}

}  // namespace
}  // namespace cdn::cli
