#include "image/report.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

Report success()
{
    Report report;
    report.in = {"jpeg", 827, 788, 108'501};
    report.out = {"webp", 300, 286, 13'066};
    report.fetch_ms = 2;
    report.queue_ms = 1;
    report.ms = 31;
    return report;
}

Report failure(int status, std::string why = "the source is not an image")
{
    Report report;
    report.error = status;
    report.why = std::move(why);
    return report;
}

Report of_origin(int status)
{
    Report report = failure(status, "");
    report.of_origin = true;
    return report;
}

std::string value(const HeaderFields &fields, std::string_view name)
{
    for (const auto &field : fields) {
        if (field.name == name) {
            return field.value;
        }
    }

    return "none";
}

TEST(Report, IsOneLine)
{
    EXPECT_EQ(print_report(success()),
              "ifmt=jpeg idim=827x788 ifsz=108501 ofmt=webp odim=300x286 ofsz=13066 frames=1 "
              "fetch_ms=2 queue_ms=1 ms=31");
    EXPECT_EQ(print_report(failure(415)), "err=415 why=the source is not an image");

    Report kept = failure(504, "late");
    kept.source_sent = true;
    EXPECT_EQ(print_report(kept), "err=504 sent=source why=late");
}

TEST(Report, IsReadBack)
{
    Report noted = success();
    noted.source_sent = true;
    noted.skipped = "avif";
    noted.small = true;
    Report unmodified = success();
    unmodified.out.bytes = 0;
    Report kept = failure(413, "a=b why=c");
    kept.source_sent = true;

    for (const Report &report : {success(), noted, unmodified, failure(400), failure(599, ""), kept}) {
        EXPECT_EQ(parse_report(print_report(report)), report) << print_report(report);
    }
    EXPECT_EQ(parse_report(print_report(success()) + " later=1"), success());
}

TEST(Report, IsNotBelievedBlindly)
{
    for (const std::string_view text :
         {"", " ", "err", "err=", "err=0", "err=200", "err=600", "err=x", "err=99999999999", "x=1",
          "ifmt=jpeg idim=1x1 ifsz=1", "ifmt=jpeg ofmt=<b>", "ifmt= ofmt=webp", "ifmt=jpeg ofmt=webp idim=1",
          "ifmt=jpeg ofmt=webp idim=1xx1", "ifmt=jpeg ofmt=webp ifsz=-1", "ifmt=jpeg  ofmt=webp",
          "ifmt=verylongname ofmt=webp", "ifmt=jpeg ofmt=webp odim=99999999999x1"})
    {
        EXPECT_EQ(parse_report(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_report("err=400 why=a\r\nSet-Cookie: b")->why, "a??Set-Cookie: b");
    EXPECT_LT(parse_report("err=400 why=" + std::string(5000, 'x'))->why.size(), 100U);
}

TEST(CloudflareHeaders, TellSuccess)
{
    const HeaderFields fields{{"Cf-Resized", "internal=ok/- q=1 n=2 c=31 l=13066"}};
    EXPECT_EQ(cloudflare_headers(success()), fields);

    Report kept = success();
    kept.source_sent = true;
    EXPECT_EQ(value(cloudflare_headers(kept), "Warning"), "cf-images 299 \"original is smaller\"");
}

TEST(CloudflareHeaders, HaveCloudflaresCodes)
{
    const std::pair<int, const char *> ours[] = {
        {400, "err=9401"}, {403, "err=9401"}, {413, "err=9402"}, {415, "err=9412"},
        {500, "err=9516"}, {502, "err=9402"}, {503, "err=9522"}, {504, "err=9529"},
    };
    for (const auto &[status, code] : ours) {
        EXPECT_EQ(value(cloudflare_headers(failure(status)), "Cf-Resized"), code) << status;
    }

    const std::pair<int, const char *> origins[] = {
        {401, "err=9408"}, {404, "err=9404"}, {410, "err=9408"}, {500, "err=9509"},
        {502, "err=9509"}, {504, "err=9504"},
    };
    for (const auto &[status, code] : origins) {
        EXPECT_EQ(value(cloudflare_headers(of_origin(status)), "Cf-Resized"), code) << status;
    }
}

TEST(BunnyHeaders, TellSizesAndTimes)
{
    const HeaderFields fields{{"X-DownloadSize", "108501"},
                              {"X-BO-CompressionRatio", "87.96%"},
                              {"X-BO-OriginDownloadTime", "2"},
                              {"X-BO-ProcessingTime", "31"}};
    EXPECT_EQ(bunnycdn_headers(success()), fields);

    Report unmodified = success();
    unmodified.out.bytes = 0;
    EXPECT_EQ(value(bunnycdn_headers(unmodified), "X-BO-CompressionRatio"), "none");
}

TEST(BunnyHeaders, HaveBunnysCodes)
{
    const auto code = [](const Report &report) {
        return value(bunnycdn_headers(report), "X-BO-Processing-Error");
    };
    const auto noted = [](auto change) {
        Report report = success();
        change(report);
        return report;
    };

    EXPECT_EQ(code(success()), "none");
    EXPECT_EQ(code(noted([](Report &r) { r.source_sent = true; })), "104");
    EXPECT_EQ(code(noted([](Report &r) { r.skipped = "avif"; })), "304");
    EXPECT_EQ(code(noted([](Report &r) { r.skipped = "webp"; })), "301");
    EXPECT_EQ(code(noted([](Report &r) { r.skipped = "jpeg"; })), "107");
    EXPECT_EQ(code(noted([](Report &r) { r.small = true; })), "302");
    EXPECT_EQ(code(failure(415)), "103");
    EXPECT_EQ(code(failure(502)), "102");
    EXPECT_EQ(code(failure(504)), "101");
    EXPECT_EQ(code(of_origin(404)), "102");
    EXPECT_EQ(bunnycdn_headers(failure(400)).size(), 1U);
}

TEST(KeyCdnHeaders, TellWhetherItWasProcessed)
{
    const HeaderFields fields{{"x-ip", "1"}, {"x-ip-info", "ofmt=webp odim=300x286 osz=13066"}};
    EXPECT_EQ(keycdn_headers(success()), fields);

    Report kept = success();
    kept.source_sent = true;
    EXPECT_EQ(value(keycdn_headers(kept), "x-ip"), "2");

    EXPECT_EQ(keycdn_headers(failure(415)),
              (HeaderFields{{"x-ip", "0"}, {"x-ip-error", "the source is not an image"}}));
    EXPECT_EQ(value(keycdn_headers(of_origin(404)), "x-ip-error"), "the source was answered with 404");
}

TEST(FastlyHeaders, TellBothPictures)
{
    const HeaderFields fields{
        {"Fastly-Stats", "io=1"},
        {"Fastly-IO-Info", "ifmt=jpeg idim=827x788 ifsz=108501 ofmt=webp odim=300x286 ofsz=13066"}};
    EXPECT_EQ(fastly_headers(success()), fields);

    Report noted = success();
    noted.skipped = "avif";
    EXPECT_EQ(value(fastly_headers(noted), "Fastly-IO-Warning"), "the result is too large for avif");
    noted = success();
    noted.source_sent = true;
    EXPECT_EQ(value(fastly_headers(noted), "Fastly-IO-Warning"),
              "the source is sent, the result is larger");
    EXPECT_EQ(value(fastly_headers(failure(415)), "Fastly-IO-Error"), "the source is not an image");
    EXPECT_EQ(value(fastly_headers(failure(415)), "Fastly-IO-Info"), "none");
}

}  // namespace
}  // namespace cdn::image
