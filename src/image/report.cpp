#include "image/report.h"

#include "core/text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cdn::image {

namespace {

// ---- text

std::string print_size(const Report::Picture &picture)
{
    return std::to_string(picture.width) + 'x' + std::to_string(picture.height);
}

template <typename T>
bool read_number(T &slot, std::string_view text)
{
    const auto number = parse_digits(text);
    if (!number || *number > static_cast<std::int64_t>(std::numeric_limits<T>::max() / 2)) {
        return false;
    }

    slot = static_cast<T>(*number);
    return true;
}

bool read_size(Report::Picture &picture, std::string_view text)
{
    const auto [width, height, found] = cut(text, 'x');
    return found && read_number(picture.width, width) && read_number(picture.height, height);
}

bool read_word(std::string &slot, std::string_view text)
{
    const bool plain = !text.empty() && text.size() <= 8
                       && std::all_of(text.begin(), text.end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                          });
    slot = text;
    return plain;
}

bool read_field(Report &report, std::string_view key, std::string_view value)
{
    if (key == "ifmt") {
        return read_word(report.in.format, value);
    }
    if (key == "idim") {
        return read_size(report.in, value);
    }
    if (key == "ifsz") {
        return read_number(report.in.bytes, value);
    }
    if (key == "ofmt") {
        return read_word(report.out.format, value);
    }
    if (key == "odim") {
        return read_size(report.out, value);
    }
    if (key == "ofsz") {
        return read_number(report.out.bytes, value);
    }
    if (key == "frames") {
        return read_number(report.frames, value);
    }
    if (key == "fetch_ms") {
        return read_number(report.fetch_ms, value);
    }
    if (key == "queue_ms") {
        return read_number(report.queue_ms, value);
    }
    if (key == "ms") {
        return read_number(report.ms, value);
    }
    if (key == "skipped") {
        return read_word(report.skipped, value);
    }
    if (key == "sent") {
        report.source_sent = value == "source";
    }
    if (key == "small") {
        report.small = value == "1";
    }
    if (key == "err") {
        return read_number(report.error, value) && report.error >= 400 && report.error <= 599;
    }

    return true;                                       // a later release may tell more
}

// ---- in providers' words

// "ifmt=jpeg idim=827x788 ifsz=108501"; what is not known is left out.
std::string describe(const Report::Picture &picture, std::string_view side, std::string_view size)
{
    const std::string prefix(side);
    return prefix + "fmt=" + picture.format + ' ' + prefix + "dim=" + print_size(picture)
           + (picture.bytes > 0 ? ' ' + prefix + std::string(size) + '=' + std::to_string(picture.bytes)
                                : "");
}

std::string describe_both(const Report &report)
{
    return describe(report.in, "i", "fsz") + ' ' + describe(report.out, "o", "fsz");
}

std::string failure_of(const Report &report)
{
    return report.of_origin ? "the source was answered with " + std::to_string(report.error)
                            : report.why;
}

int cloudflare_code(const Report &report)
{
    if (report.of_origin) {
        return report.error == 404   ? 9404
               : report.error == 504 ? 9504
               : report.error < 500  ? 9408
                                     : 9509;
    }

    switch (report.error) {
    case 400:
    case 403: return 9401;
    case 413:
    case 502: return 9402;
    case 415: return 9412;
    case 503: return 9522;
    case 504: return 9529;
    default:  return 9516;
    }
}

// 0: nothing went wrong.
int bunnycdn_code(const Report &report)
{
    if (report.error == 0) {
        return report.skipped == "avif"   ? 304
               : report.skipped == "webp" ? 301
               : !report.skipped.empty()  ? 107
               : report.source_sent       ? 104
               : report.small             ? 302
                                          : 0;
    }

    return report.of_origin || report.error == 502 ? 102 : report.error == 415 ? 103 : 101;
}

// The share of bytes saved: "27.73%".
std::string saved(const Report &report)
{
    const double share = 1 - static_cast<double>(report.out.bytes) / static_cast<double>(report.in.bytes);
    return print_decimal(std::round(share * 10'000) / 100) + '%';
}

}  // namespace

std::string print_report(const Report &report)
{
    std::string text;

    if (report.error > 0) {
        text = "err=" + std::to_string(report.error);
        text += report.source_sent ? " sent=source" : "";
        return text + " why=" + report.why;
    }

    text = describe_both(report) + " frames=" + std::to_string(report.frames)
           + " fetch_ms=" + std::to_string(report.fetch_ms)
           + " queue_ms=" + std::to_string(report.queue_ms) + " ms=" + std::to_string(report.ms);
    text += report.source_sent ? " sent=source" : "";
    text += report.skipped.empty() ? "" : " skipped=" + report.skipped;
    text += report.small ? " small=1" : "";

    return text;
}

std::optional<Report> parse_report(std::string_view text)
{
    Report report;

    // the reason is all that follows
    if (const auto why = text.find("why="); why != text.npos) {
        report.why = printable(text.substr(why + 4));
        text = text.substr(0, why);
    }

    for (const auto field : split(trim(text), ' ')) {
        const auto [key, value, has_value] = cut(field, '=');
        if (!has_value || !read_field(report, key, value)) {
            return std::nullopt;
        }
    }

    const bool complete = report.error > 0 || (!report.in.format.empty() && !report.out.format.empty());
    return complete ? std::optional(std::move(report)) : std::nullopt;
}

HeaderFields cloudflare_headers(const Report &report)
{
    if (report.error > 0) {
        return {{"Cf-Resized", "err=" + std::to_string(cloudflare_code(report))}};
    }

    HeaderFields fields{{"Cf-Resized", "internal=ok/- q=" + std::to_string(report.queue_ms)
                                           + " n=" + std::to_string(report.fetch_ms)
                                           + " c=" + std::to_string(report.ms)}};
    if (report.out.bytes > 0) {
        fields[0].value += " l=" + std::to_string(report.out.bytes);
    }
    if (report.source_sent) {
        fields.push_back({"Warning", "cf-images 299 \"original is smaller\""});
    }

    return fields;
}

HeaderFields bunnycdn_headers(const Report &report)
{
    HeaderFields fields;

    if (report.in.bytes > 0) {
        fields.push_back({"X-DownloadSize", std::to_string(report.in.bytes)});
    }
    if (report.in.bytes > 0 && report.out.bytes > 0) {
        fields.push_back({"X-BO-CompressionRatio", saved(report)});
    }
    if (report.error == 0) {
        fields.push_back({"X-BO-OriginDownloadTime", std::to_string(report.fetch_ms)});
        fields.push_back({"X-BO-ProcessingTime", std::to_string(report.ms)});
    }
    if (const int code = bunnycdn_code(report); code > 0) {
        fields.push_back({"X-BO-Processing-Error", std::to_string(code)});
    }

    return fields;
}

HeaderFields keycdn_headers(const Report &report)
{
    if (report.error > 0) {
        return {{"x-ip", "0"}, {"x-ip-error", failure_of(report)}};
    }

    return {{"x-ip", report.source_sent ? "2" : "1"}, {"x-ip-info", describe(report.out, "o", "sz")}};
}

HeaderFields fastly_headers(const Report &report)
{
    HeaderFields fields{{"Fastly-Stats", "io=1"}};

    if (report.error > 0) {
        fields.push_back({"Fastly-IO-Error", failure_of(report)});
        return fields;
    }

    fields.push_back({"Fastly-IO-Info", describe_both(report)});
    if (!report.skipped.empty()) {
        fields.push_back({"Fastly-IO-Warning", "the result is too large for " + report.skipped});
    } else if (report.source_sent) {
        fields.push_back({"Fastly-IO-Warning", "the source is sent, the result is larger"});
    }

    return fields;
}

}  // namespace cdn::image
