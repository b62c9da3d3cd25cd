#include "status/ranking.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>

namespace cdn::status {

namespace {

using Count = std::uint16_t;

constexpr std::size_t rows = 4;
constexpr std::size_t columns = 1U << 18;
constexpr Count       most = std::numeric_limits<Count>::max();
constexpr int         bits_of_count = std::numeric_limits<Count>::digits;

using Cell = std::atomic<Count>;

}  // namespace

struct Ranking::Memory {
    std::atomic<std::int64_t>  day;
    std::atomic<std::uint32_t> reached[most + 1];      // how many objects have that count or more
    Cell                       cells[rows][columns];

    std::array<Cell *, rows> of(std::uint64_t object)
    {
        const auto first = static_cast<std::uint32_t>(object);
        const auto step = static_cast<std::uint32_t>(object >> 32) | 1U;

        std::array<Cell *, rows> out{};
        for (std::uint32_t row = 0; row < rows; row++) {
            out[row] = &cells[row][(first + row * step) % columns];
        }
        return out;
    }
};

namespace {

Count lowest(const std::array<Cell *, rows> &cells)
{
    Count low = most;
    for (const Cell *cell : cells) {
        low = std::min(low, cell->load(std::memory_order_relaxed));
    }
    return low;
}

}  // namespace

std::size_t Ranking::memory_size()
{
    return sizeof(Memory);
}

Ranking::Ranking(void *memory) : memory_(static_cast<Memory *>(memory)) {}

void Ranking::add(std::uint64_t object)
{
    const auto cells = memory_->of(object);
    const Count count = lowest(cells);
    if (count == most) {
        return;
    }

    const auto next = static_cast<Count>(count + 1);
    bool raised = false;
    for (Cell *cell : cells) {
        Count expected = count;
        raised |= cell->compare_exchange_strong(expected, next, std::memory_order_relaxed);
    }
    if (raised) {
        memory_->reached[next].fetch_add(1, std::memory_order_relaxed);
    }
}

std::optional<double> Ranking::rank(std::uint64_t object) const
{
    const std::uint32_t all = known();
    if (all < least_known) {
        return std::nullopt;
    }

    // nobody asked for it, or it was counted for another just now
    const Count count = std::max<Count>(lowest(memory_->of(object)), 1);
    const std::uint32_t ahead = std::max(memory_->reached[count].load(std::memory_order_relaxed), 1U);
    return std::min(static_cast<double>(ahead) / static_cast<double>(all), 1.0);
}

std::uint32_t Ranking::known() const
{
    return memory_->reached[1].load(std::memory_order_relaxed);
}

void Ranking::tick(std::int64_t now)
{
    const std::int64_t today = now / 86400;
    const std::int64_t days = today - memory_->day.load();
    if (days == 0) {
        return;
    }

    // a clock that was set back halves once
    const auto times = days < 0 ? 1 : std::min<std::int64_t>(days, bits_of_count);
    for (std::int64_t i = 0; i < times && known() > 0; i++) {
        halve();
    }
    memory_->day.store(today);
}

void Ranking::halve()
{
    for (auto &row : memory_->cells) {
        for (Cell &cell : row) {
            cell.store(cell.load(std::memory_order_relaxed) / 2, std::memory_order_relaxed);
        }
    }

    // half of a count is at least n where the count is at least 2n
    for (std::size_t count = 1; count <= most; count++) {
        const std::uint32_t objects =
            count <= most / 2 ? memory_->reached[2 * count].load(std::memory_order_relaxed) : 0;
        memory_->reached[count].store(objects, std::memory_order_relaxed);
    }
}

}  // namespace cdn::status
