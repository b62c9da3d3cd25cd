#include "sign/keyring.h"

#include <gtest/gtest.h>

namespace cdn::sign {
namespace {

using namespace std::string_view_literals;

Result<std::string> read_file(std::string_view name)
{
    return name == "key"     ? Result<std::string>("bytes\n\n")
           : name == "empty" ? Result<std::string>("\n")
                             : Result<std::string>(bad_request("no such file"));
}

std::string bytes(std::string_view text)
{
    const auto secret = read_secret(text, read_file);
    return secret ? std::string(secret->bytes()) : "refused: " + secret.error().message;
}

TEST(ReadSecret, TakesTextHexBase64AndFiles)
{
    EXPECT_EQ(bytes("plain text"), "plain text");
    EXPECT_EQ(bytes("other:text"), "other:text");
    EXPECT_EQ(bytes("hex:00fF"), "\0\xff"sv);
    EXPECT_EQ(bytes("base64:AP8="), "\0\xff"sv);
    EXPECT_EQ(bytes("base64:AP8"), "\0\xff"sv);
    EXPECT_EQ(bytes("file:key"), "bytes\n");           // one final newline goes
}

TEST(ReadSecret, RefusesWithoutTellingWhat)
{
    EXPECT_EQ(bytes("hex:12x"), "refused: the secret is no valid hex");
    EXPECT_EQ(bytes("base64:a"), "refused: the secret is no valid base64");
    EXPECT_EQ(bytes("file:other"), "refused: no such file");
    for (const auto *text : {"", "hex:", "base64:", "file:empty"}) {
        EXPECT_EQ(bytes(text), "refused: the secret is empty") << text;
    }
}

TEST(Keyring, RefusesARepeatedId)
{
    Keyring keys;
    EXPECT_FALSE(keys.add({"a", Secret("1"), {}}));
    EXPECT_FALSE(keys.add({"b", Secret("1"), {}}));
    EXPECT_EQ(keys.add({"a", Secret("2"), {}})->message, "the key \"a\" is there already");
    EXPECT_EQ(keys.keys().size(), 2U);
}

}  // namespace
}  // namespace cdn::sign
