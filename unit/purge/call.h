// Calls as tests write them, and what becomes of them in short.

#pragma once

#include "core/text.h"
#include "purge/api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cdn::purge {

inline constexpr std::int64_t noon = 1795262400000;    // 2026-11-21T12:00:00Z

// "POST /zones/1/purge_cache?a=b" with a body.
inline Call call(std::string_view request, std::string_view body = {})
{
    const auto [method, target, has_target] = cut(request, ' ');
    const auto [path, query, has_query] = cut(target, '?');
    return {.method = method, .path = path, .query = query, .body = body, .host = "edge.example"};
}

inline Result<Purge> submitted(const Call &asked, const Expansion &expansion = {})
{
    const auto understood = understand(asked, expansion, noon);
    if (!understood) {
        return understood.error();
    }

    const auto *submit = std::get_if<Submit>(&understood->action);
    return submit != nullptr ? Result<Purge>(submit->purge) : Result<Purge>(bad_request("no submit"));
}

// "hard url:/a tag:b", or "404: why".
inline std::string outcome(const Call &asked, const Expansion &expansion = {})
{
    const auto purge = submitted(asked, expansion);
    if (!purge) {
        switch (purge.error().code) {
        case ErrorCode::bad_request: return "400: " + purge.error().message;
        case ErrorCode::not_found:   return "404: " + purge.error().message;
        case ErrorCode::not_allowed: return "405: " + purge.error().message;
        case ErrorCode::too_large:   return "413: " + purge.error().message;
        default:                     return "500: " + purge.error().message;
        }
    }

    std::string out(mode_name(purge->mode));
    for (const Target &target : purge->targets) {
        out += ' ' + print_target_word(target);
    }

    return out;
}

inline std::string outcome(std::string_view request, std::string_view body = {})
{
    return outcome(call(request, body));
}

// `count` texts, each of its own, as a JSON list.
inline std::string many(std::size_t count, std::string_view start = "t")
{
    nlohmann::json list = nlohmann::json::array();
    for (std::size_t i = 0; i < count; i++) {
        list.push_back(std::string(start) + std::to_string(i));
    }

    return list.dump();
}

inline Standing standing(std::vector<Target> targets = {{Kind::tag, "a"}})
{
    return {.purge = {.id = "17-0", .targets = std::move(targets), .time_ms = noon}};
}

}  // namespace cdn::purge
