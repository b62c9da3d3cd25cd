#include "purge/table.h"

#include "core/wildcards.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace cdn::purge {

namespace {

using Time = std::atomic<std::int64_t>;

constexpr std::uint32_t both_count = 2;                // the other half is full, and read too
constexpr std::uint64_t cleared_at_once = 8;           // done long before it is needed
constexpr std::size_t length_words = (longest_prefix + 1) / 64;

// A request's time for patterns: a step takes 0.2 ns with ordinary ones, 2 to 5 ns at worst (measured
// with glibc 2.36): 256 patterns "*aaa...b*" hold a URL of 8 KiB "a" for about a millisecond, not for seconds.
constexpr std::size_t most_steps = 250'000;

void raise(Time &time, std::int64_t value)
{
    if (value > time.load(std::memory_order_relaxed)) {
        time.store(value, std::memory_order_release);  // one writer
    }
}

}  // namespace

struct Table::Slot {
    std::atomic<std::uint64_t> hash;                   // 0: free
    Time                       hard;
    Time                       soft;
};

// Written between two steps of `sequence`, odd meanwhile.
struct Table::Pattern {
    std::atomic<std::uint32_t> sequence;
    std::atomic<std::uint32_t> length;                 // 0: free
    Time                       hard;
    Time                       soft;
    char                       text[longest_pattern];
};

struct Table::Head {
    std::uint64_t              seed;
    std::uint64_t              slots;                  // of each half
    std::uint64_t              pattern_slots;
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> generation;
    std::atomic<std::uint64_t> used[2];                // slots of each half
    Time                       newest_in[2];           // of each half, hard or soft
    Time                       newest_hard_in[2];
    std::uint64_t              to_clear;               // slots of the half not written to
    std::atomic<std::uint64_t> patterns;
    std::atomic<std::uint64_t> evictions;
    std::atomic<std::uint32_t> active;                 // the half written to, and both_count
    Time                       newest;
    Time                       newest_hard;
    Time                       swept;
    Time                       floor;
    Time                       strict_floor;
    Time                       any_tag_hard;
    Time                       any_tag_soft;
    std::atomic<std::uint64_t> prefix_lengths[length_words];
};

Table::Table(void *memory, std::size_t size, bool fresh) : head_(static_cast<Head *>(memory))
{
    if (!fresh) {
        return;
    }

    head_ = new (memory) Head{};
    head_->generation = 1;
    head_->pattern_slots = std::clamp<std::size_t>(size / 8 / sizeof(Pattern), 8, 256);
    head_->slots = (size - sizeof(Head) - head_->pattern_slots * sizeof(Pattern)) / 2 / sizeof(Slot);
}

Table::Pattern *Table::pattern_slots() const
{
    return reinterpret_cast<Pattern *>(head_ + 1);
}

Table::Slot *Table::half(unsigned which) const
{
    auto *first = reinterpret_cast<Slot *>(pattern_slots() + head_->pattern_slots);
    return first + which * head_->slots;
}

void Table::set_seed(std::uint64_t seed)
{
    head_->seed = seed;
}

std::uint64_t Table::position() const
{
    return head_->position.load(std::memory_order_acquire);
}

void Table::set_position(std::uint64_t position)
{
    head_->position.store(position, std::memory_order_release);
}

std::uint64_t Table::hash(Kind kind, std::string_view text) const
{
    const std::uint64_t h =
        XXH3_64bits_withSeed(text.data(), text.size(), head_->seed + static_cast<unsigned>(kind));
    return h != 0 ? h : 1;
}

void Table::Times::raise(Times other)
{
    hard = std::max(hard, other.hard);
    soft = std::max(soft, other.soft);
}

Table::Times Table::find_in(const Slot *slots, std::uint64_t wanted) const
{
    for (std::uint64_t i = 0; i < head_->slots; i++) {
        const Slot &slot = slots[(wanted + i) % head_->slots];
        const std::uint64_t found = slot.hash.load(std::memory_order_acquire);
        if (found == wanted) {
            return {slot.hard.load(std::memory_order_acquire), slot.soft.load(std::memory_order_acquire)};
        }
        if (found == 0) {
            break;
        }
    }

    return {};
}

Table::Times Table::find(Kind kind, std::string_view text) const
{
    const std::uint64_t wanted = hash(kind, text);
    const std::uint32_t active = head_->active.load(std::memory_order_acquire);

    Times times = find_in(half(active & 1), wanted);
    if (active & both_count) {
        times.raise(find_in(half(1 - (active & 1)), wanted));
    }
    return times;
}

// ---- writing

void Table::put(std::uint64_t wanted, Times times)
{
    raise(head_->newest_hard, times.hard);
    make_room();

    const unsigned active = head_->active & 1;
    raise(head_->newest_in[active], std::max(times.hard, times.soft));
    raise(head_->newest_hard_in[active], times.hard);

    Slot *slots = half(active);
    for (std::uint64_t i = 0;; i++) {
        Slot &slot = slots[(wanted + i) % head_->slots];
        const std::uint64_t found = slot.hash.load(std::memory_order_relaxed);

        if (found == wanted || found == 0) {
            raise(slot.hard, times.hard);
            raise(slot.soft, times.soft);
            if (found == 0) {
                slot.hash.store(wanted, std::memory_order_release);
                head_->used[active]++;
            }
            return;
        }
    }
}

// For one target more.
void Table::make_room()
{
    const std::uint32_t active = head_->active;
    const unsigned writing = active & 1;
    const unsigned other = 1 - writing;
    const std::uint64_t full = head_->slots - head_->slots / 4;

    if ((active & both_count) && head_->used[writing] >= full / 2) {
        forget({head_->newest_hard_in[other], head_->newest_in[other]});
        head_->evictions += head_->used[other];
        head_->to_clear = head_->slots;
        head_->active.store(writing, std::memory_order_release);
    }
    clear_slots(cleared_at_once);

    if (head_->used[writing] >= full) {
        clear_slots(head_->slots);                     // nothing left, but for a writer that died
        head_->used[other] = 0;
        head_->newest_in[other] = 0;
        head_->newest_hard_in[other] = 0;
        head_->active.store(other | both_count, std::memory_order_release);
    }
}

void Table::clear_slots(std::uint64_t count)
{
    Slot *slots = half(1 - (head_->active & 1));
    for (count = std::min(count, head_->to_clear); count > 0; count--) {
        Slot &slot = slots[head_->to_clear - 1];
        slot.hash.store(0, std::memory_order_release);
        slot.hard.store(0, std::memory_order_relaxed);
        slot.soft.store(0, std::memory_order_relaxed);
        head_->to_clear--;
    }
}

// Purges up to these times are no longer told apart: what they may have matched counts as soft-purged,
// or, where one of them was hard, is fetched anew.
void Table::forget(Times newest)
{
    raise_floor(std::max(newest.hard, newest.soft));
    raise(head_->strict_floor, newest.hard);
}

void Table::put_prefix_length(std::size_t length)
{
    head_->prefix_lengths[length / 64] |= std::uint64_t{1} << length % 64;
}

void Table::put_pattern(std::string_view text, Times times)
{
    raise(head_->newest_hard, times.hard);
    Pattern *slots = pattern_slots();
    Pattern *place = nullptr;

    for (std::uint64_t i = 0; i < head_->pattern_slots; i++) {
        Pattern &p = slots[i];
        if (p.length != 0 && std::string_view(p.text, p.length) == text) {
            raise(p.hard, times.hard);
            raise(p.soft, times.soft);
            return;
        }
        const auto age = [](const Pattern &x) {
            return x.length == 0 ? INT64_MIN : std::max(x.hard.load(), x.soft.load());
        };
        if (place == nullptr || age(p) < age(*place)) {
            place = &p;
        }
    }

    if (place->length != 0) {
        forget({place->hard, place->soft});
        head_->evictions++;
    } else {
        head_->patterns++;
    }

    const std::uint32_t odd = place->sequence | 1;     // already, where a writer died
    place->sequence.store(odd, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(place->text, text.data(), text.size());
    place->length = static_cast<std::uint32_t>(text.size());
    place->hard = times.hard;
    place->soft = times.soft;
    place->sequence.store(odd + 1, std::memory_order_release);
}

void Table::apply(const std::vector<Target> &targets, Mode mode, std::int64_t time_ms)
{
    const Times times{mode == Mode::hard ? time_ms : 0, mode == Mode::soft ? time_ms : 0};

    for (const Target &target : targets) {
        switch (target.kind) {
        case Kind::tag:
            raise(head_->any_tag_hard, times.hard);
            raise(head_->any_tag_soft, times.soft);
            put(hash(target.kind, target.text), times);
            break;
        case Kind::prefix:
            put_prefix_length(target.text.size());
            put(hash(target.kind, target.text), times);
            break;
        case Kind::pattern:
            put_pattern(target.text, times);
            break;
        case Kind::url:
        case Kind::everything:
            put(hash(target.kind, target.text), times);
            break;
        }
    }

    raise(head_->newest, time_ms);
    head_->generation.fetch_add(1, std::memory_order_release);
}

void Table::raise_floor(std::int64_t time_ms, bool strict)
{
    raise(head_->floor, time_ms);
    if (strict) {
        raise(head_->strict_floor, time_ms);
    }
    head_->generation.fetch_add(1, std::memory_order_release);
}

// ---- a snapshot

// What is forgotten while this reads has raised the floor before: the floor is read last.
TableImage Table::image() const
{
    TableImage image;
    image.seed = head_->seed;

    for (std::uint32_t active = head_->active;; active = head_->active) {
        image.entries.clear();
        for (const unsigned which : {1 - (active & 1), active & 1}) {
            const Slot *slots = half(which);
            const bool counts = which == (active & 1) || (active & both_count);
            for (std::uint64_t i = 0; counts && i < head_->slots; i++) {
                if (slots[i].hash != 0) {
                    image.entries.push_back({slots[i].hash, slots[i].hard, slots[i].soft});
                }
            }
        }
        if (active == head_->active) {
            break;                                     // else the writer has made room meanwhile
        }
    }

    std::int64_t unread = 0;                           // half written, perhaps by a dead writer
    for (std::uint64_t i = 0; i < head_->pattern_slots; i++) {
        const Pattern &p = pattern_slots()[i];
        const auto before = p.sequence.load(std::memory_order_acquire);
        const std::size_t length = std::min<std::size_t>(p.length, longest_pattern);
        PatternEntry entry{std::string(p.text, length), p.hard, p.soft};
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 != 0 || p.sequence.load(std::memory_order_relaxed) != before) {
            unread = std::max({unread, entry.hard_ms, entry.soft_ms, p.hard.load(), p.soft.load()});
        } else if (length != 0) {
            image.patterns.push_back(std::move(entry));
        }
    }

    for (std::size_t length = 0; length <= longest_prefix; length++) {
        if (head_->prefix_lengths[length / 64] >> length % 64 & 1) {
            image.prefix_lengths.push_back(static_cast<std::uint16_t>(length));
        }
    }
    image.floor_ms = std::max(head_->floor.load(), unread);
    image.strict_floor_ms = head_->strict_floor;
    image.newest_ms = head_->newest;
    image.any_tag_hard_ms = head_->any_tag_hard;
    image.any_tag_soft_ms = head_->any_tag_soft;
    return image;
}

void Table::restore(const TableImage &image)
{
    head_->seed = image.seed;
    raise(head_->floor, image.floor_ms);
    raise(head_->strict_floor, image.strict_floor_ms);
    raise(head_->newest, image.newest_ms);
    raise(head_->any_tag_hard, image.any_tag_hard_ms);
    raise(head_->any_tag_soft, image.any_tag_soft_ms);

    for (const std::uint16_t length : image.prefix_lengths) {
        if (length <= longest_prefix) {
            put_prefix_length(length);
        }
    }

    // where there is room for some only, the newest stay
    std::vector<TableEntry> entries = image.entries;
    std::sort(entries.begin(), entries.end(), [](const TableEntry &a, const TableEntry &b) {
        return std::max(a.hard_ms, a.soft_ms) < std::max(b.hard_ms, b.soft_ms);
    });
    for (const TableEntry &entry : entries) {
        if (entry.hash != 0) {
            put(entry.hash, {entry.hard_ms, entry.soft_ms});
        }
    }
    for (const PatternEntry &pattern : image.patterns) {
        put_pattern(pattern.text, {pattern.hard_ms, pattern.soft_ms});
    }
}

// ---- judging

void Table::raise_for_text(std::string_view text, std::int64_t born_ms, std::size_t &steps,
                           Times &times) const
{
    times.raise(find(Kind::url, text));

    for (std::size_t word = 0; word < length_words; word++) {
        std::uint64_t bits = head_->prefix_lengths[word].load(std::memory_order_acquire);
        for (; bits != 0; bits &= bits - 1) {
            const std::size_t length = word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
            if (length > text.size()) {
                break;
            }
            times.raise(find(Kind::prefix, text.substr(0, length)));
        }
    }

    if (head_->patterns.load(std::memory_order_acquire) == 0) {
        return;
    }
    const Pattern *patterns = pattern_slots();
    for (std::uint64_t i = 0; i < head_->pattern_slots; i++) {
        const Pattern &p = patterns[i];
        for (;;) {                                     // older than the object: not looked at
            const auto before = p.sequence.load(std::memory_order_acquire);
            if (p.hard < born_ms && p.soft < born_ms) {
                break;
            }
            const std::size_t length = std::min<std::size_t>(p.length, longest_pattern);
            std::array<char, longest_pattern> copy;
            std::memcpy(copy.data(), p.text, length);
            const Times own{p.hard, p.soft};
            std::atomic_thread_fence(std::memory_order_acquire);
            if (before % 2 != 0 || p.sequence.load(std::memory_order_relaxed) != before) {
                if (before % 2 != 0) {
                    times.raise(own);                  // its writer may be dead: the safe side
                    break;
                }
                continue;
            }
            if (length != 0 && matches_stars({copy.data(), length}, text, steps).value_or(true)) {
                times.raise(own);
            }
            break;
        }
    }
}

Table::Times Table::newest_for(const Object &object) const
{
    Times times = find(Kind::everything, {});

    if (object.too_many_tags) {
        times.raise({head_->any_tag_hard, head_->any_tag_soft});
    }
    for (const std::string_view tag : object.tags) {
        times.raise(find(Kind::tag, tag));
    }

    std::size_t steps = most_steps;
    for (const Resource &resource : object.resources) {
        raise_for_text(resource.text, object.born_ms, steps, times);
        if (!resource.host.empty()) {
            raise_for_text("//" + resource.host + resource.text, object.born_ms, steps, times);
        }
    }

    return times;
}

// The floors are read last: what was forgotten while this looked has raised them before.
Verdict Table::judge(const Object &object, std::int64_t oldest_ms) const
{
    const Times times = object.born_ms <= newest_ms() ? newest_for(object) : Times();
    if (times.hard > 0 && object.born_ms <= times.hard) {
        return Verdict::hard;
    }

    const std::int64_t strict = head_->strict_floor.load(std::memory_order_acquire);
    if (strict > 0 && object.born_ms <= strict) {
        return Verdict::unsure;
    }

    const std::int64_t floor = floor_ms();
    const bool old = (floor > 0 && object.born_ms <= floor) || object.stored_ms < oldest_ms;
    return old || (times.soft > 0 && object.born_ms <= times.soft) ? Verdict::soft : Verdict::kept;
}

std::uint64_t Table::generation() const
{
    return head_->generation.load(std::memory_order_acquire);
}

std::int64_t Table::newest_ms() const
{
    return head_->newest.load(std::memory_order_acquire);
}

std::int64_t Table::newest_hard_ms() const
{
    return head_->newest_hard.load(std::memory_order_acquire);
}

std::int64_t Table::swept_ms() const
{
    return head_->swept.load(std::memory_order_acquire);
}

void Table::set_swept_ms(std::int64_t time_ms)
{
    head_->swept.store(time_ms, std::memory_order_release);
}

std::int64_t Table::floor_ms() const
{
    return head_->floor.load(std::memory_order_acquire);
}

std::uint64_t Table::records() const
{
    const std::uint32_t active = head_->active;
    return head_->used[active & 1] + (active & both_count ? head_->used[1 - (active & 1)].load() : 0) + head_->patterns;
}

std::uint64_t Table::capacity() const
{
    const std::uint64_t full = head_->slots - head_->slots / 4;
    return full + full / 2 + head_->pattern_slots;
}

std::uint64_t Table::patterns() const
{
    return head_->patterns;
}

std::uint64_t Table::evictions() const
{
    return head_->evictions;
}

}  // namespace cdn::purge
