#include "sign/genuine.h"

#include <gtest/gtest.h>

namespace cdn::sign {
namespace {

Question question(std::initializer_list<std::string_view> parts)
{
    Question made;
    for (const auto part : parts) {
        made.add(part);
    }
    return made;
}

Genuine ok(std::optional<std::int64_t> expires)
{
    return {{Verdict::ok, false, expires}, "/clean"};
}

TEST(GenuineTokens, AreFoundWhileTheyLast)
{
    GenuineTokens tokens(1);
    const auto asked = question({"/a?token=x", "10.0.0.1"});
    EXPECT_FALSE(tokens.find(asked, 100));

    tokens.add(asked, ok(200), 100);
    for (const std::int64_t now : {100, 150, 200}) {
        const Genuine *found = tokens.find(asked, now);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->answer.verdict, Verdict::ok);
        EXPECT_EQ(found->answer.expires, 200);
        EXPECT_EQ(found->clean, "/clean");
    }
    EXPECT_FALSE(tokens.find(asked, 201));
    EXPECT_FALSE(tokens.find(asked, 99)) << "a clock that went back";
}

TEST(GenuineTokens, WithoutExpiryLast)
{
    GenuineTokens tokens(1);
    tokens.add(question({"/a"}), ok(std::nullopt), 100);
    EXPECT_TRUE(tokens.find(question({"/a"}), INT64_MAX));
}

TEST(GenuineTokens, NothingElseIsGenuine)
{
    GenuineTokens tokens(1);
    for (const Verdict verdict : {Verdict::missing, Verdict::invalid, Verdict::expired, Verdict::forbidden}) {
        tokens.add(question({"/a"}), {{verdict, false, 200}, "/a"}, 100);
        EXPECT_FALSE(tokens.find(question({"/a"}), 100)) << name(verdict);
    }
}

TEST(GenuineTokens, EachByteCounts)
{
    GenuineTokens tokens(1);
    const std::string url = "/courses/7/photo.jpg?token=abcdefghijklmnop&expires=200";
    tokens.add(question({url, "ip"}), ok(200), 100);
    for (std::size_t i = 0; i < url.size(); i++) {
        std::string forged = url;
        forged[i] = static_cast<char>(forged[i] ^ 1);
        EXPECT_FALSE(tokens.find(question({forged, "ip"}), 100)) << forged;
    }
    EXPECT_FALSE(tokens.find(question({url, "iq"}), 100));
    EXPECT_TRUE(tokens.find(question({url, "ip"}), 100));
}

TEST(GenuineTokens, PartsAreToldApart)
{
    GenuineTokens tokens(1);
    tokens.add(question({"ab", "c"}), ok(200), 100);
    EXPECT_FALSE(tokens.find(question({"a", "bc"}), 100));
    EXPECT_FALSE(tokens.find(question({"abc"}), 100));
    EXPECT_FALSE(tokens.find(question({"ab", "c", ""}), 100));
    EXPECT_FALSE(tokens.find(question({}), 100)) << "an empty place is no answer";
}

TEST(GenuineTokens, LongOnesAreNotKept)
{
    GenuineTokens tokens(1);
    const std::string fits(Question::longest - sizeof(std::uint64_t), 'x');
    tokens.add(question({fits}), ok(200), 100);
    tokens.add(question({fits + 'x'}), ok(200), 100);
    EXPECT_TRUE(tokens.find(question({fits}), 100));
    EXPECT_FALSE(tokens.find(question({fits + 'x'}), 100));
    EXPECT_FALSE(tokens.find(question({fits, ""}), 100)) << "nor is what fits of a longer one";
    EXPECT_FALSE(tokens.find(question({fits + 'x', fits}), 100));
}

TEST(GenuineTokens, TakeEachOthersPlace)
{
    GenuineTokens tokens(7);
    constexpr int many = 4 * GenuineTokens::most;
    for (int i = 0; i < many; i++) {
        tokens.add(question({"/" + std::to_string(i)}), ok(1000 + i), 100);
    }
    int found = 0;
    for (int i = 0; i < many; i++) {
        if (const Genuine *token = tokens.find(question({"/" + std::to_string(i)}), 100)) {
            EXPECT_EQ(token->answer.expires, 1000 + i);
            found++;
        }
    }
    EXPECT_GT(found, 0);
    EXPECT_LE(found, static_cast<int>(GenuineTokens::most));
}

}  // namespace
}  // namespace cdn::sign
