#include "cli/completion.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

class Completion : public testing::Test {
protected:
    Completion()
    {
        auto *sub = app.add_subcommand("make", "Makes a thing: it's good");
        sub->add_option("--kind", kind, "what it is like")->type_name("NAME")->check(CLI::IsMember({"hot", "cold"}));
        sub->add_option("--from", file, "[where] it is read from")->type_name("FILE");
        sub->add_option("--key", key, "its secret")->type_name("PLACE");
        sub->add_option("--pair", pair, "two")->type_name("NAME VALUE");
        sub->add_flag("-q,--quiet", quiet, "says nothing");
        sub->add_subcommand("undo", "Takes it back")->add_option("--limit", limit, "how often")->type_name("N");

        auto *tell = app.add_subcommand("tell", "Tells it");
        tell->add_option("TO", kind)->check(CLI::IsMember({"friend", "foe"}));
    }

    CLI::App    app{"Makes things", "tool"};
    std::string kind;
    std::string file;
    std::string key;
    std::pair<std::string, std::string> pair;
    int         limit = 0;
    bool        quiet = false;
};

void expect_in(const std::string &text, const char *part)
{
    EXPECT_NE(text.find(part), text.npos) << part << "\nis not in\n" << text;
}

TEST_F(Completion, OfBashOffersNamesAndValues)
{
    const std::string bash = print_bash_completion(app);
    expect_in(bash, "compgen -W 'make tell --help'");
    expect_in(bash, "    make)\n");
    expect_in(bash, "        --kind) COMPREPLY=($(compgen -W 'hot cold' -- \"$word\")); return ;;\n");
    expect_in(bash, "        --from) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
    expect_in(bash, "        [[ $word == -* ]] || { COMPREPLY=($(compgen -W 'undo' -- \"$word\")); return; }\n");
    expect_in(bash, "        --limit) COMPREPLY=(); return ;;\n");
    expect_in(bash, "compgen -W 'friend foe'");
    EXPECT_EQ(bash.find("--quiet)"), bash.npos) << "a flag is followed by nothing";
}

TEST_F(Completion, OfZshTellsWhatIsOffered)
{
    const std::string zsh = print_zsh_completion(app);
    EXPECT_TRUE(zsh.starts_with("#compdef ngx-cdn\n"));
    expect_in(zsh, "            'make:Makes a thing\\: it'\\''s good'\n");
    expect_in(zsh, " '*--kind[what it is like]:NAME:(hot cold)' ");
    expect_in(zsh, " '*--from[\\[where\\] it is read from]:FILE:_files' ");
    expect_in(zsh, " '*--key[its secret]:PLACE:_ngx-cdn_place' ");
    expect_in(zsh, " '*--pair[two]:NAME: :VALUE: ' ");
    expect_in(zsh, " '(-q --quiet)-q[says nothing]' ");
    expect_in(zsh, " '*--limit[how often]:N: ' ");
    expect_in(zsh, " '1: :(undo)' && ret=0 ;;\n");
    expect_in(zsh, " '1: :(friend foe)' && ret=0 ;;\n");
}

TEST_F(Completion, OfFishTellsWhatIsOffered)
{
    const std::string fish = print_fish_completion(app);
    const std::string start = "complete -c ngx-cdn -n ";
    expect_in(fish, (start + "__fish_use_subcommand -f -a make -d 'Makes a thing: it\\'s good'\n").c_str());
    expect_in(fish, (start + "'__fish_seen_subcommand_from make' -l kind -x -a 'hot cold' -d 'what it is like'\n").c_str());
    expect_in(fish, (start + "'__fish_seen_subcommand_from make' -l from -r -F -d '[where] it is read from'\n").c_str());
    expect_in(fish, (start + "'__fish_seen_subcommand_from make' -s q -l quiet -d 'says nothing'\n").c_str());
    expect_in(fish, (start + "'__fish_seen_subcommand_from make' -f -a 'undo'\n").c_str());
}

}  // namespace
}  // namespace cdn::cli
