// The purge endpoint's language: calls of our own and of four providers, in;
// answers in the shape that the caller's plugin expects, out.

#pragma once

#include "purge/expand.h"
#include "purge/purge.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cdn::purge {

// What an HTTP request to the endpoint says; of method PURGE, what the request
// to be purged would say.
struct Call {
    std::string_view method;                           // GET POST DELETE PURGE ...
    std::string_view path;                             // what follows the endpoint, "" or "/...", undecoded
    std::string_view query;
    std::string_view body;
    std::string_view surrogate_key;                    // Fastly: header of a batch purge
    bool             soft = false;                     // Fastly-Soft-Purge
    std::string_view host;                             // of the request
};

// In whose words the call came, and the answer goes.
enum class Dialect { native, cloudflare, fastly, fastly_keys, bunnycdn, bunnycdn_url, keycdn };

struct Submit {
    Purge        purge;                                // cascades included; without id, who and time
    std::int64_t wait_ms = 0;                          // ?wait=2s: for other edges, 0..30,000
};
struct Show { std::string id; };
struct List { int limit = 100; };                      // 1..1000
struct Cancel { std::string id; };
// A plugin looks a zone or a service up before it purges, or tries its token: this is it.
struct Told { std::string body; };

struct Understood {
    Dialect                                  dialect = Dialect::native;
    std::variant<Submit, Show, List, Cancel, Told> action;
};

inline constexpr std::size_t longest_body = 1024 * 1024;

// Which provider's call this is, by method and path alone: refusals speak its
// language too.
Dialect dialect_of(const Call &call);

// For the Allow header of a 405.
std::string_view allowed_methods(const Call &call);

// Refused: bad_request with one line; other ErrorCodes where a path or a method
// does not exist (not_found, not_allowed) or the body is too_large.
Result<Understood> understand(const Call &call, const Expansion &expansion, std::int64_t now_ms);

// ---- answers

enum class Status { applied, scheduled, pending };

struct Receipt {
    std::string  node;
    std::string  region;
    std::int64_t applied_at_ms = 0;
};

// A purge as it stands, for GET.
struct Standing {
    Purge                purge;
    Status               status = Status::applied;
    bool                 cancelled = false;
    bool                 published = false;            // the fleet has it
    std::vector<Receipt> edges;
    std::vector<std::string> missing;                  // edges that were waited for in vain
};

struct Answer {
    int         status = 200;
    std::string content_type = "application/json";     // none without a body
    std::string body;
};

// Accepted: 200 (a pull zone of BunnyCDN 204) applied and scheduled, 202 pending, in the caller's shape; native:
// {"id":…,"status":…,"effective_at":…[,"edges":[…]][,"missing":[…]]}.
Answer accepted(Dialect dialect, const Standing &standing);
Answer refused(Dialect dialect, int status, const Error &error);
Answer shown(const Standing &standing);
Answer listed(const std::vector<Standing> &standings);
Answer cancelled(const Standing &standing);

}  // namespace cdn::purge
