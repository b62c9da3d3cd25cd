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

struct Place {
    std::atomic<std::uint64_t> tag;                    // the name's hash; 0: free, or being written
    std::atomic<std::uint64_t> count;
    std::atomic<std::uint64_t> error;
    char                       name[name_size];
};

struct Sketch {
    std::atomic<std::uint32_t> locked[set_count];
    Place                      places[set_count][ways];
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

bool add_to_known(Place (&set)[ways], std::uint64_t tag)
{
    for (Place &place : set) {
        if (place.tag.load(std::memory_order_acquire) == tag) {
            place.count.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
    }

    return false;
}

}  // namespace

struct Popular::Memory {
    std::atomic<std::int64_t> day;
    Sketch                    sketches[2];             // of even and odd days
};

std::size_t Popular::memory_size()
{
    return sizeof(Memory);
}

Popular::Popular(void *memory) : memory_(static_cast<Memory *>(memory)) {}

void Popular::add(std::string_view name)
{
    const std::uint64_t tag = std::max<std::uint64_t>(hash(name), 1);
    Sketch &sketch = memory_->sketches[memory_->day.load(std::memory_order_relaxed) & 1];
    Place (&set)[ways] = sketch.places[tag % set_count];

    if (add_to_known(set, tag)) {
        return;
    }
    if (!lock(sketch.locked[tag % set_count])) {
        return;
    }

    if (!add_to_known(set, tag)) {
        Place &place = *std::min_element(std::begin(set), std::end(set), [](const Place &a, const Place &b) {
            return a.count.load(std::memory_order_relaxed) < b.count.load(std::memory_order_relaxed);
        });
        const std::uint64_t least = place.count.load();
        name = name.substr(0, name_size - 1);

        place.tag.store(0, std::memory_order_release);
        std::memcpy(place.name, name.data(), name.size());
        place.name[name.size()] = '\0';
        place.error.store(least);
        place.count.store(least + 1);
        place.tag.store(tag, std::memory_order_release);
    }
    sketch.locked[tag % set_count].store(0, std::memory_order_release);
}

void Popular::tick(std::int64_t now)
{
    const std::int64_t today = now / 86400;
    const std::int64_t known = memory_->day.load();
    if (today == known) {
        return;
    }

    // after more than a day without a tick, both are old
    for (std::int64_t day = std::max(known + 1, today - 1); day <= today; day++) {
        std::memset(static_cast<void *>(&memory_->sketches[day & 1]), 0, sizeof(Sketch));
    }
    memory_->day.store(today);
}

std::vector<PopularObject> Popular::all() const
{
    std::map<std::uint64_t, PopularObject> objects;
    for (const Sketch &sketch : memory_->sketches) {
        for (const auto &set : sketch.places) {
            for (const Place &place : set) {
                const std::uint64_t tag = place.tag.load(std::memory_order_acquire);
                if (tag == 0) {
                    continue;
                }

                char name[name_size];
                std::memcpy(name, place.name, name_size);
                name[name_size - 1] = '\0';
                const std::uint64_t count = place.count.load(std::memory_order_relaxed);
                const std::uint64_t error = place.error.load(std::memory_order_relaxed);
                if (place.tag.load(std::memory_order_acquire) != tag) {
                    continue;                          // another took the place just now
                }

                PopularObject &object = objects[tag];
                object.name = name;
                object.count += count;
                object.error += error;
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
