#include "purge/journal.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cdn::purge {
namespace {

using Lines = std::vector<std::string>;

class PurgeJournal : public testing::Test {
protected:
    PurgeJournal() : memory_(Table::least_size / 8)
    {
        std::string name = testing::TempDir() + "ngx_cdn_journal_XXXXXX";
        directory_ = mkdtemp(name.data());
    }
    ~PurgeJournal() override { std::filesystem::remove_all(directory_); }

    std::unique_ptr<Journal> open()
    {
        auto journal = Journal::open(directory_ + "/state", getuid(), getgid(), 7);
        EXPECT_TRUE(journal) << journal.error().message;
        return journal ? std::move(*journal) : nullptr;
    }

    static void append(Journal &journal, std::string_view line)
    {
        const Journal::Lock lock(journal);
        EXPECT_TRUE(journal.append(lock, line));
    }

    static std::uint32_t start_segment(Journal &journal, const Lines &standing)
    {
        const Journal::Lock lock(journal);
        return journal.start_segment(lock, standing).value_or(0);
    }

    static void compact(Journal &journal, const Table &table, const Lines &standing)
    {
        EXPECT_TRUE(journal.snapshot(table, start_segment(journal, standing)));
    }

    static Lines tail(Journal &journal, std::size_t bytes = 1 << 20)
    {
        return journal.tail(bytes);
    }

    Lines catch_up(Journal &journal, Table &table)
    {
        Lines lines;
        const Journal::Lock lock(journal);
        EXPECT_TRUE(journal.catch_up(table, [&](std::string_view line) { lines.emplace_back(line); }));
        EXPECT_EQ(table.position(), journal.end());
        return lines;
    }

    Table table() { return Table((memory_.assign(memory_.size(), 0), memory_.data()), Table::least_size, true); }

    std::string                directory_;
    std::vector<std::uint64_t> memory_;
};

TEST_F(PurgeJournal, KeepsItsLines)
{
    {
        const auto journal = open();
        append(*journal, "one");
        append(*journal, "two");
        EXPECT_EQ(tail(*journal), (Lines{"one", "two"}));
    }

    const auto journal = open();
    EXPECT_EQ(tail(*journal), (Lines{"one", "two"}));
    append(*journal, "three");
    EXPECT_EQ(tail(*journal), (Lines{"one", "two", "three"}));
}

TEST_F(PurgeJournal, IsOneNginxsAlone)
{
    const auto journal = open();

    // another process that did not inherit the lock
    const pid_t child = fork();
    if (child == 0) {
        for (int fd = 3; fd < 1024; fd++) {
            close(fd);
        }
        const auto second = Journal::open(directory_ + "/state", getuid(), getgid(), 7);
        _exit(!second && second.error().message.find("in use by another nginx") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(PurgeJournal, IsSharedWithWhoeverInheritsItsLock)
{
    const auto journal = open();
    append(*journal, "one");

    const pid_t child = fork();
    if (child == 0) {
        auto second = Journal::open(directory_ + "/state", getuid(), getgid(), 7);
        if (!second) {
            _exit(1);
        }
        const Journal::Lock lock(**second);
        _exit((*second)->append(lock, "two") ? 0 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(tail(*journal), (Lines{"one", "two"}));
}

TEST_F(PurgeJournal, SurvivesAWriterThatDiesHoldingTheLock)
{
    const auto journal = open();
    append(*journal, "one");

    const pid_t child = fork();
    if (child == 0) {
        new Journal::Lock(*journal);
        std::ofstream(directory_ + "/state/journal.1", std::ios::app) << "half a li";
        _exit(0);
    }
    waitpid(child, nullptr, 0);

    append(*journal, "2");
    EXPECT_EQ(tail(*journal), (Lines{"one", "2"}));
}

TEST_F(PurgeJournal, DropsATornLineAtItsStart)
{
    {
        const auto journal = open();
        append(*journal, "one");
    }
    std::ofstream(directory_ + "/state/journal.1", std::ios::app) << "half a li";

    const auto journal = open();
    append(*journal, "two");
    EXPECT_EQ(tail(*journal), (Lines{"one", "two"}));
}

TEST_F(PurgeJournal, TellsATableWhatItMissed)
{
    const auto journal = open();
    Table t = table();
    append(*journal, "one");
    EXPECT_EQ(catch_up(*journal, t), Lines{"one"});
    EXPECT_EQ(catch_up(*journal, t), Lines{});
    append(*journal, "two");
    append(*journal, "three");
    EXPECT_EQ(catch_up(*journal, t), (Lines{"two", "three"}));
}

TEST_F(PurgeJournal, BecomesASnapshotAndAShortTail)
{
    Object object;
    object.born_ms = 1000;
    object.tags = {"a"};

    {
        const auto journal = open();
        Table t = table();
        append(*journal, "one");
        catch_up(*journal, t);
        t.apply({{Kind::tag, "a"}}, Mode::hard, 2000);
        compact(*journal, t, {"to come"});
        append(*journal, "two");
    }

    const auto journal = open();
    Table t = table();
    EXPECT_EQ(catch_up(*journal, t), (Lines{"to come", "two"}));
    EXPECT_EQ(t.judge(object, 0), Verdict::hard);
    EXPECT_EQ(tail(*journal), (Lines{"one", "to come", "two"}));
    EXPECT_EQ(tail(*journal, 8), (Lines{"two"}));
}

TEST_F(PurgeJournal, LeadsATableOverSeveralCompactions)
{
    const auto journal = open();
    Table t = table();
    append(*journal, "one");
    catch_up(*journal, t);

    std::vector<std::uint64_t> memory(Table::least_size / 8);
    Table ahead(memory.data(), Table::least_size, true);
    ahead.set_seed(7);
    for (int i = 0; i < 4; i++) {
        ahead.apply({{Kind::tag, "t" + std::to_string(i)}}, Mode::soft, 1000 + i);
        compact(*journal, ahead, {});
    }

    catch_up(*journal, t);
    Object object;
    object.born_ms = 1000;
    object.stored_ms = 1000;
    object.tags = {"t3"};
    EXPECT_EQ(t.judge(object, 0), Verdict::soft);
}

TEST_F(PurgeJournal, LosesNothingWhereASnapshotIsNotFinished)
{
    {
        const auto journal = open();
        append(*journal, "one");
        start_segment(*journal, {"to come"});
        append(*journal, "two");
        std::ofstream(directory_ + "/state/snapshot.123") << "half";
    }

    const auto journal = open();
    Table t = table();
    EXPECT_EQ(catch_up(*journal, t), (Lines{"one", "to come", "two"}));
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/state/snapshot.123"));
}

TEST_F(PurgeJournal, KeepsTheSnapshotThatGoesFurther)
{
    const auto journal = open();
    Table t = table();
    append(*journal, "one");
    const auto earlier = start_segment(*journal, {});
    append(*journal, "two");
    EXPECT_TRUE(journal->snapshot(t, start_segment(*journal, {})));
    EXPECT_FALSE(journal->snapshot(t, earlier)) << "by a leader that was slow";
    append(*journal, "three");
    EXPECT_EQ(catch_up(*journal, t), Lines{"three"});
}

TEST_F(PurgeJournal, IsReadInPiecesOfWholeLines)
{
    const auto journal = open();
    append(*journal, "one");
    append(*journal, std::string(1000, 'x'));
    start_segment(*journal, {});
    append(*journal, "three");

    std::vector<Lines> pieces;
    auto at = journal->tail_start(1 << 20);
    for (int i = 0; at != journal->end(); i++) {
        ASSERT_LT(i, 10);
        pieces.emplace_back();
        const auto next = journal->read_some(at, journal->end(), 5, [&](std::string_view line, Journal::Position) {
            pieces.back().emplace_back(line);
        });
        ASSERT_TRUE(next);
        at = *next;
    }
    EXPECT_EQ(pieces, (std::vector<Lines>{{"one"}, {std::string(1000, 'x')}, {}, {"three"}}));
}

TEST_F(PurgeJournal, OrdersFetchesAndPurgesWithinAMillisecond)
{
    const auto journal = open();
    const Journal::Lock lock(*journal);

    const auto fetch = journal->birth(5000);
    const auto purge = journal->purge_time(lock, 5000);
    EXPECT_LE(fetch, purge);
    const auto again = journal->birth(5000);
    EXPECT_GT(again, purge);
    EXPECT_GE(journal->purge_time(lock, 5000), again);
    EXPECT_GE(journal->purge_time(lock, 4000), again) << "a clock that steps back";
    EXPECT_EQ(journal->birth(9000), 9000);
}

TEST(PurgeBorn, FitsTheSpareBitsOfACacheFile)
{
    EXPECT_EQ(decode_born(100, *encode_born(100, 100'000)), 100'000);
    EXPECT_EQ(decode_born(100, *encode_born(100, 99'321)), 99'321);
    EXPECT_EQ(decode_born(100, *encode_born(100, 100'999)), 100'998) << "0 is taken";
    EXPECT_EQ(decode_born(100, *encode_born(100, 101'500)), 100'998) << "never later than the date";
    EXPECT_EQ(decode_born(100, *encode_born(100, 100'999 - 65'535)), 100'999 - 65'535);
    EXPECT_EQ(encode_born(100, 100'999 - 65'536), std::nullopt);
    EXPECT_EQ(decode_born(100, 0), std::nullopt);
}

}  // namespace
}  // namespace cdn::purge
