#include "warm/jobs.h"

#include <gtest/gtest.h>

using namespace cdn::warm;

namespace {

std::vector<std::string> urls(const Wishes &wishes)
{
    std::vector<std::string> out;
    for (const Job &job : make_jobs(wishes).jobs) {
        out.push_back(job.host + job.path + (job.accept > 0 ? " #" + std::to_string(job.accept) : ""));
    }
    return out;
}

using List = std::vector<std::string>;

}  // namespace

TEST(Jobs, TakePathsAndAbsoluteUrlsInOrderEachOnce)
{
    Wishes wishes;
    wishes.list = {"/a?b=c", "https://School.example/x", "http://school.example/x", "//school.example:8080", "/a?b=c",
                   "/a#part", "http://school.example?q"};
    wishes.objects = {"school.example/x", "school.example/y"};
    EXPECT_EQ(urls(wishes), (List{"/a?b=c", "school.example/x", "school.example:8080/", "/a",
                                  "school.example/?q", "school.example/y"}));
}

TEST(Jobs, LeaveOutWhatIsNoUrl)
{
    Wishes wishes;
    wishes.list = {"a.html", "ftp://host/x", "/a b", "http://user@host/", "/a\x01", "http:///x", "/ok",
                   "/" + std::string(longest_url, 'a')};
    wishes.objects = {"", "host", "a@b/x"};
    const Jobs made = make_jobs(wishes);
    EXPECT_EQ(made.jobs.size(), 1U);
    EXPECT_EQ(made.left_out, 10U);
}

TEST(Jobs, TakeThePicturesVariantsForEachAccept)
{
    Wishes wishes;
    wishes.list = {"/a.css", "http://h/a.jpg"};
    wishes.presets = {"hero"};
    wishes.widths = {480};
    wishes.options = "quality=85,format=auto";
    wishes.accepts = 2;
    EXPECT_EQ(urls(wishes),
              (List{"/a.css", "/a.css #1", "h/a.jpg", "h/a.jpg #1", "h/cdn-cgi/image/preset=hero/a.jpg",
                    "h/cdn-cgi/image/preset=hero/a.jpg #1", "h/cdn-cgi/image/width=480,quality=85,format=auto/a.jpg",
                    "h/cdn-cgi/image/width=480,quality=85,format=auto/a.jpg #1"}));
}

TEST(Jobs, AreAtMostAHundredThousand)
{
    Wishes wishes;
    for (std::size_t i = 0; i < most_jobs + 1; i++) {
        wishes.list.push_back('/' + std::to_string(i));
    }
    Jobs made = make_jobs(wishes);
    EXPECT_EQ(made.jobs.size(), most_jobs);
    EXPECT_EQ(made.left_out, 1U);

    wishes.accepts = 3;
    made = make_jobs(wishes);
    EXPECT_EQ(made.jobs.size(), most_jobs / 3 * 3);
    EXPECT_EQ(made.jobs.size() / 3 + made.left_out, wishes.list.size());
}

TEST(Jobs, AreTheSameWhenReadBack)
{
    const std::vector<Job> jobs = {{"", "/a?b=c d", 0}, {"h:80", "/", 2}};
    EXPECT_EQ(parse_jobs(print_jobs(jobs)), jobs);
    EXPECT_EQ(parse_jobs(""), std::vector<Job>{});
    for (const auto *text : {"0  /a", "x h /a\n", "0 h a\n", "0 /a\n", "\n", "0 h /a\n\n"}) {
        EXPECT_FALSE(parse_jobs(text)) << text;
    }
}
