#include "status/popular.h"

#include "core/hash.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>

namespace cdn::status {

namespace {

constexpr std::size_t set_count = 256;
constexpr std::size_t ways = 8;
constexpr std::size_t name_size = 232;
constexpr int         most_spins = 1000;

// What is read on each request lies together.
struct Set {
    std::atomic<std::uint64_t> tags[ways];             // the names' hashes; 0: free, or being written
    std::atomic<std::uint64_t> counts[ways];
    std::atomic<std::uint64_t> errors[ways];
    std::atomic<std::uint32_t> locked;
    std::atomic<bool>          gone[ways];
    char                       names[ways][name_size];
};

struct Sketch {
    Set sets[set_count];
};

bool lock(std::atomic<std::uint32_t> &locked)
{
    for (int spin = 0; spin < most_spins; spin++) {
        if (locked.load(std::memory_order_relaxed) == 0
            && locked.exchange(1, std::memory_order_acquire) == 0)
        {
            return true;
        }
    }

    return false;
}

std::uint64_t tag_of(std::string_view host, std::string_view path)
{
    return std::max<std::uint64_t>(hash(path, hash(host)), 1);
}

// A line of memory that is read on each request is written only where that changes it.
void set_gone(Set &set, std::size_t i, bool gone)
{
    if (set.gone[i].load(std::memory_order_relaxed) != gone) {
        set.gone[i].store(gone, std::memory_order_relaxed);
    }
}

bool add_to_known(Set &set, std::uint64_t tag, bool gone)
{
    for (std::size_t i = 0; i < ways; i++) {
        if (set.tags[i].load(std::memory_order_acquire) == tag) {
            set.counts[i].fetch_add(1, std::memory_order_relaxed);
            set_gone(set, i, gone);
            return true;
        }
    }

    return false;
}

// Takes the place of the least popular.
void replace(Set &set, std::uint64_t tag, std::string_view host, std::string_view path, bool gone)
{
    const auto least = std::min_element(std::begin(set.counts), std::end(set.counts),
        [](const auto &a, const auto &b) { return a.load() < b.load(); });
    const auto i = static_cast<std::size_t>(least - std::begin(set.counts));
    const std::uint64_t count = least->load();

    set.tags[i].store(0, std::memory_order_release);
    char *name = set.names[i];
    host = host.substr(0, name_size - 1);
    path = path.substr(0, name_size - 1 - host.size());
    *std::copy(path.begin(), path.end(), std::copy(host.begin(), host.end(), name)) = '\0';
    set.errors[i].store(count);
    set.counts[i].store(count + 1);
    set.gone[i].store(gone);
    set.tags[i].store(tag, std::memory_order_release);
}

}  // namespace

struct Popular::Memory {
    std::atomic<std::int64_t> day;
    Sketch                    sketches[days];          // a day's is at its number modulo that

    Sketch &of(std::int64_t number) { return sketches[number % days]; }
};

std::size_t Popular::memory_size()
{
    return sizeof(Memory);
}

Popular::Popular(void *memory) : memory_(static_cast<Memory *>(memory)) {}

void Popular::add(std::string_view host, std::string_view path, bool gone)
{
    const std::uint64_t tag = tag_of(host, path);
    Sketch &sketch = memory_->of(memory_->day.load(std::memory_order_relaxed));
    Set &set = sketch.sets[tag % set_count];

    if (add_to_known(set, tag, gone) || !lock(set.locked)) {
        return;
    }
    if (!add_to_known(set, tag, gone)) {
        replace(set, tag, host, path, gone);
    }
    set.locked.store(0, std::memory_order_release);
}

void Popular::note(std::string_view host, std::string_view path, bool gone)
{
    const std::uint64_t tag = tag_of(host, path);
    for (Sketch &sketch : memory_->sketches) {
        Set &set = sketch.sets[tag % set_count];
        for (std::size_t i = 0; i < ways; i++) {
            if (set.tags[i].load(std::memory_order_acquire) == tag) {
                set_gone(set, i, gone);
            }
        }
    }
}

void Popular::tick(std::int64_t now)
{
    const std::int64_t today = now / 86400;
    const std::int64_t known = memory_->day.load();
    if (today == known) {
        return;
    }

    // days without a tick have nothing
    for (std::int64_t day = std::max(known + 1, today - days + 1); day <= today; day++) {
        std::memset(static_cast<void *>(&memory_->of(day)), 0, sizeof(Sketch));
    }
    memory_->day.store(today);
}

std::vector<PopularObject> Popular::all(int last) const
{
    std::map<std::uint64_t, PopularObject> objects;
    const std::int64_t today = memory_->day.load();
    for (std::int64_t day = std::max<std::int64_t>(today - last + 1, 0); day <= today; day++) {
        for (const Set &set : memory_->of(day).sets) {
            for (std::size_t i = 0; i < ways; i++) {
                const std::uint64_t tag = set.tags[i].load(std::memory_order_acquire);
                if (tag == 0) {
                    continue;
                }

                char name[name_size];
                std::memcpy(name, set.names[i], name_size);
                name[name_size - 1] = '\0';
                const std::uint64_t count = set.counts[i].load(std::memory_order_relaxed);
                const std::uint64_t error = set.errors[i].load(std::memory_order_relaxed);
                const bool gone = set.gone[i].load(std::memory_order_relaxed);
                if (set.tags[i].load(std::memory_order_acquire) != tag) {
                    continue;                          // another took the place just now
                }

                PopularObject &object = objects[tag];
                object.name = name;
                object.count += count;
                object.error += error;
                object.gone = gone;                    // the latest day that knows it
            }
        }
    }

    std::vector<PopularObject> out;
    for (auto &[tag, object] : objects) {
        out.push_back(std::move(object));
    }
    std::sort(out.begin(), out.end(), [](const PopularObject &a, const PopularObject &b) {
        return a.count != b.count ? a.count > b.count : a.name < b.name;
    });

    return out;
}

}  // namespace cdn::status
