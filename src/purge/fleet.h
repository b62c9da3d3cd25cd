// Purges that travel between edges through Redis: the keys, the scripts, what
// comes back, and when which edge applies what.
//
//   {NS}:purges      stream; each entry has the purge, the id of the entry before it, and the
//                    time by Redis's clock
//   {NS}:last        id of the newest entry
//   {NS}:ids         sorted set: ids of purges taken, by time; none is taken twice
//   {NS}:nodes       hash: "NODE INSTANCE" -> "MILLISECONDS REGION", when it was last seen, by Redis's clock
//   {NS}:receipts:ID hash: "NODE INSTANCE" -> time it applied that purge
//   {NS}:scheduled   sorted set and {NS}:to-come hash: purges to come
//
// The stream keeps 100,000 entries.  An edge that was away for longer finds the
// chain of ids broken and does not trust what it stored before.  One whose last
// entry is not in the chain knows of purges that Redis has lost.
//
// An instance is one directory of state: two edges of the same name are two.
//
// The braces keep all of it on one node of a Redis Cluster.

#pragma once

#include "purge/api.h"
#include "purge/purge.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

struct FleetKeys {
    explicit FleetKeys(std::string_view name_space);

    std::string purges;
    std::string last;
    std::string ids;
    std::string nodes;
    std::string receipts;                              // a prefix
    std::string scheduled;
    std::string to_come;
};

using RedisCommand = std::vector<std::string>;

// Takes a purge, as print_purge() has it, into the stream, once: the answer is the entry's id, and
// the time.
RedisCommand publish_command(const FleetKeys &keys, std::string_view id, std::string text);

// A purge to come, its cancellation (the answer is its text, empty where none is to come; all edges
// read it in the stream), and the taking of those that are due into the stream, once in the whole fleet.
RedisCommand schedule_command(const FleetKeys &keys, std::string_view id, std::int64_t at_ms, std::string text);
RedisCommand cancel_command(const FleetKeys &keys, std::string_view id);
RedisCommand fire_due_command(const FleetKeys &keys);

RedisCommand read_command(const FleetKeys &keys, std::string_view cursor, int block_ms);
RedisCommand receipt_command(const FleetKeys &keys, std::string_view id, std::string_view node_key,
                             std::int64_t applied_at_ms);

// Says that this edge lives; the answer is the time, and the pairs of all nodes of the last week.
RedisCommand present_command(const FleetKeys &keys, std::string_view node_key, std::string_view region);
std::string node_key(std::string_view node, std::string_view instance);

struct Entry {
    std::string  id;
    std::optional<std::string> before;                 // id of the entry before it; nothing: not ours
    std::string  purge;                                // a purge's or a cancellation's line
    std::int64_t time_ms = 0;                          // by Redis's clock
};

// From the fields of a stream's entry; nothing where its id is none.
std::optional<Entry> parse_entry(std::string_view id,
                                 const std::map<std::string, std::string, std::less<>> &fields);

// Orders "1700000000000-3" as Redis does; what is no id comes first.
bool id_less(std::string_view a, std::string_view b);

struct Node {
    std::string  key;
    std::string  name;
    std::string  region;
    std::int64_t seen_ms = 0;
};

using Pairs = std::map<std::string, std::string, std::less<>>;
std::vector<Node> parse_nodes(const Pairs &pairs);

// Which were seen within the last 30 s.
std::vector<Node> living(std::vector<Node> nodes, std::int64_t now_ms);

// Of one purge, from the pairs of both hashes: who applied it, and who lives and has not.
struct Receipts {
    std::vector<Receipt>     edges;
    std::vector<std::string> missing;
};

Receipts read_receipts(const Pairs &nodes, const Pairs &receipts, std::int64_t now_ms);

// Whether another of them has the name of that one.
bool has_namesake(const std::vector<Node> &nodes, std::string_view self_key);

// How long after it hears of a purge this edge applies it: batches in the order of
// names, for "smart" by region first.
std::int64_t rollout_delay_ms(const Rollout &rollout, const std::vector<Node> &nodes,
                              std::string_view self_key);

}  // namespace cdn::purge
