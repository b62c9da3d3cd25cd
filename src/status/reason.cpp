#include "status/reason.h"

#include "core/text.h"

#include <algorithm>
#include <iterator>

namespace cdn::status {

namespace {

constexpr std::string_view cache_status_names[] = {
    "none", "miss", "bypass", "expired", "stale", "updating", "revalidated", "hit", "scarce"};

}  // namespace

std::string_view name(CacheStatus status)
{
    return cache_status_names[static_cast<std::size_t>(status)];
}

CacheStatus cache_status_named(std::string_view name)
{
    const auto *found = std::find(std::begin(cache_status_names), std::end(cache_status_names), name);
    return found != std::end(cache_status_names)
               ? static_cast<CacheStatus>(found - std::begin(cache_status_names)) : CacheStatus::none;
}

bool is_hit(CacheStatus status)
{
    return status == CacheStatus::hit || status == CacheStatus::stale
           || status == CacheStatus::updating || status == CacheStatus::revalidated;
}

bool has_hit_ratio(CacheStatus status)
{
    return status != CacheStatus::none && status != CacheStatus::bypass;
}

std::string_view name(Reason reason)
{
    static constexpr std::string_view names[reason_count] = {
        "hit", "cold", "expired", "purged", "bypass",
        "uncacheable", "stale", "updating", "revalidated", "error"};
    return names[static_cast<std::size_t>(reason)];
}

std::optional<Reason> reason(const Outcome &outcome)
{
    switch (outcome.cache) {
    case CacheStatus::none:        return std::nullopt;
    case CacheStatus::bypass:      return Reason::bypass;
    case CacheStatus::stale:       return Reason::stale;
    case CacheStatus::updating:    return Reason::updating;
    case CacheStatus::revalidated: return Reason::revalidated;
    case CacheStatus::hit:         return Reason::hit;
    case CacheStatus::miss:
    case CacheStatus::expired:
    case CacheStatus::scarce:      break;
    }

    // what follows went to the origin
    if (outcome.status >= 500) {
        return Reason::error;
    }
    if (outcome.purged) {
        return Reason::purged;
    }
    if (outcome.cache == CacheStatus::expired) {
        return Reason::expired;
    }

    // nginx does not store a scarce one (min_uses) whatever the origin says
    return outcome.cache == CacheStatus::miss && !outcome.storable ? Reason::uncacheable
                                                                   : Reason::cold;
}

std::string_view status_class(unsigned status)
{
    static constexpr std::string_view names[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    return status >= 100 && status < 600 ? names[status / 100 - 1] : "other";
}

std::string_view content_kind(std::string_view content_type)
{
    if (content_type.empty()) {
        return "none";
    }

    // on each request's path: nothing is copied
    const auto type = trim(content_type.substr(0, content_type.find(';')));
    const auto [whole, detail, has_detail] = cut(type, '/');
    if (!has_detail) {
        return "other";
    }
    for (const std::string_view kind : {"image", "video", "audio", "font"}) {
        if (equal_ignoring_case(whole, kind)) {
            return kind;
        }
    }

    static constexpr struct {
        std::string_view detail;
        std::string_view kind;
    } known[] = {
        {"html", "html"},
        {"css", "css"},
        {"javascript", "javascript"},
        {"json", "json"},
        {"pdf", "pdf"},
        {"xhtml+xml", "html"},
        {"x-javascript", "javascript"},
        {"font-woff", "font"},
        {"vnd.ms-fontobject", "font"},
    };
    for (const auto &[word, kind] : known) {
        if (equal_ignoring_case(detail, word)) {
            return kind;
        }
    }

    if (equal_ignoring_case(whole, "text")) {
        return "text";
    }
    return detail.size() > 5 && equal_ignoring_case(detail.substr(detail.size() - 5), "+json") ? "json"
                                                                                              : "other";
}

}  // namespace cdn::status
