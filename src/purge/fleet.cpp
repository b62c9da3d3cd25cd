#include "purge/fleet.h"

#include "core/text.h"
#include "purge/line.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace cdn::purge {

namespace {

constexpr std::int64_t longest_absence_ms = 30'000;
constexpr char         receipts_kept_s[] = "86400";

// Takes one purge, given the time; nothing where its id was taken before.  What fails on the way stays
// done: its id counts as taken once it stands in the stream.
constexpr char take_function[] = R"lua(
local function take(ms, id, text)
  if redis.call('ZSCORE', KEYS[3], id) then
    return redis.call('GET', KEYS[2]) or ''
  end
  local entry = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100000, '*', 'purge', text,
    'before', redis.call('GET', KEYS[2]) or '', 'time', string.format('%d', ms))
  redis.call('SET', KEYS[2], entry)
  redis.call('ZADD', KEYS[3], ms, id)
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ms - 7 * 86400000)
  return entry
end
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
)lua";

// KEYS purges last ids; ARGV id text
constexpr char publish_script[] = R"lua(
return {take(ms, ARGV[1], ARGV[2]), string.format('%d', ms)}
)lua";

// KEYS ids scheduled to_come; ARGV id due text.  One that was fired or cancelled is not to come again.
constexpr char schedule_script[] = R"lua(
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
return 1
)lua";

// KEYS purges last ids scheduled to_come; ARGV id line.  Its id counts as taken: no edge brings it again.
constexpr char cancel_script[] = R"lua(
local text = redis.call('HGET', KEYS[5], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
if redis.call('ZREM', KEYS[4], ARGV[1]) == 0 then return '' end
take(ms, ARGV[1], ARGV[2])
return text or ''
)lua";

// KEYS nodes; ARGV key region
constexpr char present_script[] = R"lua(
local t = redis.call('TIME')
local ms = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s', ms, ARGV[2]))
local nodes = redis.call('HGETALL', KEYS[1])
for i = 1, #nodes, 2 do
  local seen = tonumber(string.match(nodes[i + 1], '^%d+'))
  if not seen or seen < ms - 7 * 86400000 then redis.call('HDEL', KEYS[1], nodes[i]) end
end
return {string.format('%d', ms), nodes}
)lua";

// KEYS purges last ids scheduled to_come
constexpr char fire_script[] = R"lua(
local due = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ms, 'LIMIT', 0, 100)
for _, id in ipairs(due) do
  local text = redis.call('HGET', KEYS[5], id)
  if text then take(ms, id, text) end
  redis.call('ZREM', KEYS[4], id)
  redis.call('HDEL', KEYS[5], id)
end
return #due
)lua";

std::pair<std::int64_t, std::int64_t> id_parts(std::string_view id)
{
    const auto [ms, sequence, has_sequence] = cut(id, '-');
    return {parse_digits(ms).value_or(-1), parse_digits(sequence).value_or(-1)};
}

// us and eu at once, asia next, others last.
int region_rank(std::string_view region)
{
    const std::string name = lower(region);
    if (name.starts_with("us") || name.starts_with("eu")) {
        return 0;
    }
    return name.starts_with("asia") || name.starts_with("ap") ? 1 : 2;
}

}  // namespace

FleetKeys::FleetKeys(std::string_view name_space)
{
    const std::string start = '{' + std::string(name_space) + "}:";
    purges = start + "purges";
    last = start + "last";
    ids = start + "ids";
    nodes = start + "nodes";
    receipts = start + "receipts:";
    scheduled = start + "scheduled";
    to_come = start + "to-come";
}

RedisCommand publish_command(const FleetKeys &keys, std::string_view id, std::string text)
{
    return {"EVAL", std::string(take_function) + publish_script, "3", keys.purges, keys.last, keys.ids,
            std::string(id), std::move(text)};
}

RedisCommand schedule_command(const FleetKeys &keys, std::string_view id, std::int64_t at_ms, std::string text)
{
    return {"EVAL", schedule_script, "3", keys.ids, keys.scheduled, keys.to_come, std::string(id),
            std::to_string(at_ms), std::move(text)};
}

RedisCommand cancel_command(const FleetKeys &keys, std::string_view id)
{
    return {"EVAL", std::string(take_function) + cancel_script, "5", keys.purges, keys.last, keys.ids, keys.scheduled, keys.to_come,
            std::string(id), print_line(Cancelled{std::string(id)})};
}

RedisCommand fire_due_command(const FleetKeys &keys)
{
    return {"EVAL", std::string(take_function) + fire_script, "5", keys.purges, keys.last, keys.ids, keys.scheduled, keys.to_come};
}

RedisCommand read_command(const FleetKeys &keys, std::string_view cursor, int block_ms)
{
    RedisCommand command{"XREAD", "COUNT", "500"};
    if (block_ms > 0) {
        command.insert(command.end(), {"BLOCK", std::to_string(block_ms)});
    }
    command.insert(command.end(), {"STREAMS", keys.purges, cursor.empty() ? "0-0" : std::string(cursor)});
    return command;
}

RedisCommand receipt_command(const FleetKeys &keys, std::string_view id, std::string_view node_key,
                             std::int64_t applied_at_ms)
{
    static constexpr char script[] = "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
                                     "return redis.call('EXPIRE', KEYS[1], ARGV[3])";
    return {"EVAL", script, "1", keys.receipts + std::string(id), std::string(node_key),
            std::to_string(applied_at_ms), receipts_kept_s};
}

RedisCommand present_command(const FleetKeys &keys, std::string_view node_key, std::string_view region)
{
    return {"EVAL", present_script, "1", keys.nodes, std::string(node_key), std::string(region)};
}

std::string node_key(std::string_view node, std::string_view instance)
{
    return std::string(node) + ' ' + std::string(instance);
}

std::optional<Entry> parse_entry(std::string_view id,
                                 const std::map<std::string, std::string, std::less<>> &fields)
{
    if (id_parts(id).first < 0) {
        return std::nullopt;
    }

    const auto purge = fields.find("purge");
    const auto before = fields.find("before");
    const auto time = fields.find("time");
    const auto time_ms = time != fields.end() ? parse_digits(time->second) : std::nullopt;
    if (purge == fields.end() || before == fields.end() || !time_ms) {
        return Entry{.id = std::string(id)};
    }
    return Entry{std::string(id), before->second, purge->second, *time_ms};
}

bool id_less(std::string_view a, std::string_view b)
{
    return id_parts(a) < id_parts(b);
}

std::vector<Node> parse_nodes(const Pairs &pairs)
{
    std::vector<Node> nodes;
    for (const auto &[key, value] : pairs) {
        const auto [name, instance, has_instance] = cut(key, ' ');
        const auto [seen, region, has_region] = cut(value, ' ');
        const auto seen_ms = parse_digits(seen);
        if (seen_ms && !name.empty()) {
            nodes.push_back({key, std::string(name), std::string(region), *seen_ms});
        }
    }
    return nodes;
}

bool has_namesake(const std::vector<Node> &nodes, std::string_view self_key)
{
    const auto name = cut(self_key, ' ').before;
    return std::any_of(nodes.begin(), nodes.end(),
                       [&](const Node &node) { return node.name == name && node.key != self_key; });
}

std::vector<Node> living(std::vector<Node> nodes, std::int64_t now_ms)
{
    std::erase_if(nodes, [&](const Node &node) { return now_ms - node.seen_ms > longest_absence_ms; });
    return nodes;
}

Receipts read_receipts(const Pairs &nodes, const Pairs &receipts, std::int64_t now_ms)
{
    std::vector<Node> known = parse_nodes(nodes);

    Receipts out;
    for (const Node &node : known) {
        const auto found = receipts.find(node.key);
        const auto time = found != receipts.end() ? parse_digits(found->second) : std::nullopt;
        if (time) {
            out.edges.push_back({node.name, node.region, *time});
        }
    }
    for (const Node &node : living(std::move(known), now_ms)) {
        if (!receipts.contains(node.key)) {
            out.missing.push_back(node.name);
        }
    }
    return out;
}

std::int64_t rollout_delay_ms(const Rollout &rollout, const std::vector<Node> &nodes, std::string_view self_key)
{
    if (rollout.strategy == Strategy::immediate) {
        return 0;
    }

    // smart: the regions named at once, then one after the other in batches
    const bool smart = rollout.strategy == Strategy::smart;
    const auto rank = [&](const Node &node) {
        if (!smart) {
            return 1;
        }
        if (rollout.regions.empty()) {
            return region_rank(node.region);
        }
        const auto &regions = rollout.regions;
        return std::find(regions.begin(), regions.end(), node.region) != regions.end() ? 0 : 1;
    };

    std::vector<std::tuple<int, std::string_view>> order;
    for (const Node &node : nodes) {
        order.emplace_back(rank(node), node.key);
    }
    std::sort(order.begin(), order.end());

    std::int64_t batches = 0;                          // that went before
    int          in_batch = 0;
    int          rank_before = 0;
    for (const auto &[own_rank, key] : order) {
        if (own_rank == 0) {
            if (key == self_key) {
                return 0;
            }
            rank_before = 0;
            continue;
        }
        // the first batch after those at once waits, and so does that of each next rank
        const bool starts = in_batch == rollout.batch || (own_rank != rank_before && (smart || batches > 0));
        if (starts) {
            batches++;
            in_batch = 0;
        }
        rank_before = own_rank;
        in_batch++;
        if (key == self_key) {
            return batches * rollout.delay_ms;
        }
    }

    return batches * rollout.delay_ms;                 // one that nobody has seen yet comes last
}

}  // namespace cdn::purge
