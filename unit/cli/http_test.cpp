#include "cli/http.h"

#include "cli/command.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

TEST(Address, IsASchemeAHostAndAPort)
{
    const auto plain = parse_address("http://127.0.0.1:8080/cdn/purge?x=1#y");
    EXPECT_EQ(plain.via.host, "127.0.0.1");
    EXPECT_EQ(plain.via.port, 8080);
    EXPECT_EQ(plain.rest, "/cdn/purge?x=1");

    const auto v6 = parse_address("HTTPS://[::1]");
    EXPECT_EQ(v6.via.scheme, "https");
    EXPECT_EQ(v6.via.host, "[::1]");
    EXPECT_EQ(v6.via.port, 0);
    EXPECT_EQ(v6.rest, "");
    EXPECT_EQ(parse_address("http://[::1]:81/").via.port, 81);
}

TEST(Address, MayBeASocket)
{
    const auto socket = parse_address("http://unix:/run/nginx.sock:/cdn/purge");
    EXPECT_EQ(socket.via.socket, "/run/nginx.sock");
    EXPECT_EQ(socket.rest, "/cdn/purge");
    EXPECT_EQ(parse_address("http://unix:/run/nginx.sock").rest, "");
}

TEST(Address, IsRefusedWhereItIsNone)
{
    for (const char *url : {"", "127.0.0.1", "ftp://a/", "http://", "http:///a", "http://a:0/", "http://a:65536", "http://a:b",
                            "http://user:secret@a/", "http://unix:relative:/", "http://a/ b", "http://a/\r\nX: y"})
    {
        EXPECT_THROW(parse_address(url), Failure) << url;
    }
}

TEST(Address, IsNotRepeatedWithItsPassword)
{
    try {
        parse_address("http://user:secret@a/");
        FAIL();
    } catch (const Failure &failure) {
        EXPECT_EQ(std::string(failure.what()).find("secret"), std::string::npos);
    }
}

TEST(Headers, ThatSplitARequestAreRefused)
{
    Transfers transfers;
    for (const auto &[name, value] : {std::pair("X", "a\r\nY: b"), std::pair("X\n", "a"), std::pair("", "a"), std::pair("X:", "a")}) {
        Request request;
        request.headers = {{name, value}};
        EXPECT_THROW(transfers.start(request, [](const Response &) {}), Failure);
    }
    EXPECT_EQ(transfers.in_flight(), 0);
}

}  // namespace
}  // namespace cdn::cli
