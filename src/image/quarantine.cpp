#include "image/quarantine.h"

#include <algorithm>
#include <iterator>

namespace cdn::image {

namespace {

constexpr std::int64_t first_seconds = 120;

// Of a result this small any honest source is made quickly.
constexpr std::uint64_t small_result = 1'000'000;

// An entry's state, in one word: until when, how often, what, how slow.
struct State {
    std::int64_t  until = 0;
    std::uint64_t count = 0;
    Offence       offence = Offence::none;
    std::uint64_t timeout_ms = 0;

    static constexpr std::uint64_t longest_timeout = (1U << 24) - 1;
    static constexpr std::uint64_t highest_count = 31;

    explicit State(std::uint64_t word)
        : until(static_cast<std::int64_t>(word >> 32)), count(word >> 3 & highest_count),
          offence(static_cast<Offence>(word & 7)), timeout_ms(word >> 8 & longest_timeout)
    {
    }

    std::uint64_t word() const
    {
        return static_cast<std::uint64_t>(until) << 32 | timeout_ms << 8 | count << 3
               | static_cast<std::uint64_t>(offence);
    }

    void offend(Offence what, std::int64_t now, std::uint64_t timeout)
    {
        if (now > until + longest_quarantine_seconds) {
            *this = State(0);
        }
        if (what == Offence::suspected && offence != Offence::none) {
            what = Offence::deadly;
        }
        if (now > until) {                             // what went on meanwhile is not another one
            count = std::min(count + 1, highest_count);
            until = now + std::min(longest_quarantine_seconds, first_seconds << std::min<std::uint64_t>(count - 1, 8));
        }
        offence = std::max(offence, what);
        timeout_ms = std::max(timeout_ms, std::min(timeout, longest_timeout));
    }
};

// An entry that somebody is writing.
constexpr std::uint64_t being_written = 1;

}  // namespace

Held Quarantine::held(std::uint64_t id, std::int64_t now, std::uint64_t timeout_ms) const
{
    const Entry *row = entries_ + id % rows * ways;

    for (const Entry *entry = row; entry != row + ways; entry++) {
        if (entry->id.load() != id) {
            continue;
        }
        const State state(entry->state.load());
        const bool same = entry->id.load() == id;      // not another's by now
        if (same && now <= state.until
            && (state.offence == Offence::deadly
                || (state.offence == Offence::slow && timeout_ms <= state.timeout_ms)))
        {
            return {state.offence, state.until};
        }
    }

    return {};
}

void Quarantine::add(std::uint64_t id, Offence offence, std::int64_t now, std::uint64_t timeout_ms)
{
    Entry *row = entries_ + id % rows * ways;
    Entry *oldest = nullptr;

    for (Entry *entry = row; entry != row + ways; entry++) {
        const std::uint64_t found = entry->id.load();

        if (found == id) {
            std::uint64_t before = entry->state.load();
            State state(before);
            do {
                state = State(before);
                state.offend(offence, now, timeout_ms);
            } while (!entry->state.compare_exchange_weak(before, state.word()));
            return;
        }
        if (oldest == nullptr || State(entry->state.load()).until < State(oldest->state.load()).until) {
            oldest = entry;
        }
    }

    std::uint64_t before = oldest->id.load();
    if (oldest->id.compare_exchange_strong(before, being_written)) {
        State state(0);
        state.offend(offence, now, timeout_ms);
        oldest->state.store(state.word());
        oldest->id.store(id);
    }
}

int Quarantine::begin(std::uint64_t id, std::int32_t pid, std::int32_t tid)
{
    for (int i = 0; i < marks; i++) {
        std::int32_t nobody = 0;
        if (marks_[i].pid.compare_exchange_strong(nobody, pid)) {
            marks_[i].tid.store(tid);
            marks_[i].id.store(id);
            return i;
        }
    }

    return -1;
}

void Quarantine::end(int mark)
{
    if (mark >= 0) {
        marks_[mark].id.store(0);
        marks_[mark].tid.store(0);
        marks_[mark].accused.store(false);
        marks_[mark].pid.store(0);
    }
}

void Quarantine::end_all(std::int32_t pid)
{
    for (int i = 0; i < marks; i++) {
        if (marks_[i].pid.load() == pid) {
            end(i);
        }
    }
}

void Quarantine::accuse(std::int32_t pid, std::int32_t tid)
{
    const bool own = std::any_of(std::begin(marks_), std::end(marks_),
                                 [&](const Mark &mark) { return mark.tid.load() == tid; });

    for (Mark &mark : marks_) {
        if (own ? mark.tid.load() == tid : mark.pid.load() == pid) {
            mark.accused.store(true);
        }
    }
}

void Quarantine::bury(std::int64_t now, bool (*alive)(std::int32_t pid), std::uint64_t id)
{
    for (int i = 0; i < marks; i++) {
        const std::int32_t pid = marks_[i].pid.load();
        const std::uint64_t found = marks_[i].id.load();
        if (pid == 0 || (id != 0 && found != id) || alive(pid)) {
            continue;
        }

        // of several threads with one source it died once
        bool accused = false;
        bool first = false;
        for (Mark &mark : marks_) {
            if (found != 0 && mark.pid.load() == pid && mark.id.load() == found) {
                accused = accused || mark.accused.load();
                first = mark.id.exchange(0) == found || first;
            }
        }
        if (first) {
            add(found, accused ? Offence::deadly : Offence::suspected, now);
        }
        end(i);
    }
}

bool source_is_to_blame(const Plan &plan)
{
    const auto pixels = [&](int width, int height) {
        return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height)
               * static_cast<std::uint64_t>(plan.frames);
    };

    return pixels(plan.resized_width, plan.resized_height) <= small_result
           && pixels(plan.canvas_width, plan.canvas_height) <= small_result;
}

}  // namespace cdn::image
