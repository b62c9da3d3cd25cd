#include "cli/warm_totals.h"

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/text.h"

#include <algorithm>
#include <cmath>

namespace cdn::cli {

namespace {

CacheAnswer from_cache_status(std::string_view list)
{
    // the last member is the cache nearest to the client
    const auto members = split(list, ',');
    const auto parameters = split(members.back(), ';');
    for (std::size_t i = 1; i < parameters.size(); i++) {
        const auto name = cut(trim(parameters[i]), '=').before;
        if (name == "hit") {
            return CacheAnswer::hit;
        }
        if (name == "fwd") {
            return CacheAnswer::miss;
        }
    }
    return CacheAnswer::unknown;
}

CacheAnswer from_word(std::string_view word)
{
    const std::string text = lower(word);
    for (const char *hit : {"hit", "stale", "updating", "revalidated"}) {
        if (text.starts_with(hit)) {
            return CacheAnswer::hit;
        }
    }
    for (const char *miss : {"miss", "expired", "bypass"}) {
        if (text.starts_with(miss)) {
            return CacheAnswer::miss;
        }
    }
    return CacheAnswer::unknown;
}

}  // namespace

CacheAnswer cache_answer(const Response &response)
{
    if (const auto list = response.header("cache-status"); !list.empty()) {
        return from_cache_status(list);
    }
    const auto word = response.header("x-cache-status");
    return from_word(!word.empty() ? word : response.header("x-cache"));
}

void WarmTotals::add(const Response &response)
{
    bytes += response.bytes;
    if (!failure_of(response).empty()) {
        failed++;
        return;
    }

    succeeded++;
    switch (cache_answer(response)) {
    case CacheAnswer::hit:
        hits++;
        break;
    case CacheAnswer::miss:
        misses++;
        break;
    case CacheAnswer::unknown:
        break;
    }
}

std::string failure_of(const Response &response)
{
    if (!response.error.empty()) {
        return response.error;
    }
    return response.status >= 200 && response.status < 400 ? std::string() : std::to_string(response.status);
}

std::string print_totals(const WarmTotals &totals)
{
    const auto of = [](std::uint64_t count) { return number(static_cast<double>(count)); };

    std::string text = of(totals.succeeded) + " fetched, " + of(totals.failed) + " failed";
    if (totals.not_fetched > 0) {
        text += ", " + of(totals.not_fetched) + " not fetched";
    }
    text += "; " + bytes(static_cast<double>(totals.bytes)) + " in " + duration(totals.seconds) + '\n';
    if (totals.hits + totals.misses > 0) {
        text += of(totals.misses) + " are new in the cache, " + of(totals.hits) + " were there";
        const std::uint64_t unknown = totals.succeeded - totals.hits - totals.misses;
        text += (unknown > 0 ? ", of " + of(unknown) + " it is not known" : "") + '\n';
    }
    return text;
}

nlohmann::json totals_json(const WarmTotals &totals)
{
    return {{"succeeded", totals.succeeded}, {"failed", totals.failed},   {"not_fetched", totals.not_fetched},
            {"bytes", totals.bytes},         {"hits", totals.hits},       {"misses", totals.misses},
            {"seconds", std::round(totals.seconds * 1000) / 1000}};
}

std::string progress_line(const WarmTotals &totals, std::uint64_t all, double seconds, int width, bool utf8)
{
    const auto   done = totals.succeeded + totals.failed;
    const double share = all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 1;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;

    std::string left = std::to_string(static_cast<int>(share * 100)) + "% " + std::to_string(done) + '/' + std::to_string(all);
    if (totals.failed > 0) {
        left += ", " + std::to_string(totals.failed) + " failed";
    }
    std::string right = number(rate, rate < 10 ? 1 : 0) + "/s";
    if (rate > 0 && done < all) {
        right += ", " + duration(static_cast<double>(all - done) / rate) + " left";
    }

    constexpr int narrowest_bar = 10, widest_bar = 50;
    const int     whole = static_cast<int>(left.size() + right.size()) + 2;
    if (whole > width) {
        return fit(left, std::min(width, static_cast<int>(left.size())));
    }
    const int bar = std::min(width - whole - 3, widest_bar);
    if (bar < narrowest_bar) {
        return left + "  " + right;
    }

    const int   full = static_cast<int>(share * bar);
    std::string line = left + " [";
    for (int i = 0; i < bar; i++) {
        line += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
    }
    return line + "] " + right;
}

WarmUrl warm_url(std::string_view entry, const std::string &host)
{
    const auto visible = [](char c) { return c > ' ' && c != 127; };
    if (!std::all_of(entry.begin(), entry.end(), [&](char c) { return visible(c) || static_cast<unsigned char>(c) >= 0x80; })) {
        throw Failure(Exit::usage, "no path or URL: \"" + printable(entry) + "\" (a blank is %20)");
    }
    entry = entry.substr(0, entry.find('#'));
    if (entry.starts_with('/') && !entry.starts_with("//")) {
        return {host, std::string(entry), false, false};
    }

    const bool https = lower(entry.substr(0, 8)) == "https://";
    if (!https && lower(entry.substr(0, 7)) != "http://") {
        throw Failure(Exit::usage, "no path or URL: \"" + printable(entry) + '"');
    }
    const auto rest = entry.substr(https ? 8 : 7);
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (end == 0 || rest.substr(0, end).find('@') != rest.npos) {
        throw Failure(Exit::usage, "no URL: \"" + printable(entry) + '"');
    }
    std::string target(rest.substr(end));
    return {std::string(rest.substr(0, end)), target.starts_with('/') ? target : '/' + target, https, true};
}

}  // namespace cdn::cli
