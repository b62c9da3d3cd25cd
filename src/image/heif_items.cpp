#include "image/heif_items.h"

#include "image/bytes.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

std::string_view from(std::string_view bytes, std::size_t at)
{
    return bytes.substr(std::min(at, bytes.size()));
}

struct Box {
    std::string_view type;
    std::string_view content;
};

// The first of these boxes, which leaves the others in `rest`.
std::optional<Box> take_box(std::string_view &rest)
{
    std::uint64_t size = big_endian(rest, 0, 4);
    const std::size_t head = size == 1 ? 16 : 8;
    if (size == 1) {
        size = big_endian(rest, 8, 8);
    } else if (size == 0) {                            // to the end
        size = rest.size();
    }
    if (rest.size() < head || size < head) {
        return std::nullopt;
    }

    const auto box = rest.substr(0, size);
    rest.remove_prefix(box.size());
    return Box{box.substr(4, 4), box.substr(head)};
}

class Items {
public:
    void read_meta(std::string_view meta)
    {
        for (auto rest = from(meta, 4); const auto box = take_box(rest);) {
            if (box->type == "iinf"sv) {
                read_types(box->content);
            } else if (box->type == "iref"sv) {
                read_references(box->content);
            } else if (box->type == "iprp"sv) {
                for (auto properties = box->content; const auto part = take_box(properties);) {
                    bytes_ += part->type == "ipma"sv ? part->content.size() : 0;
                }
            }
        }
    }

    HeifItems sum() const { return {bytes_, is_odd_ || nests() || goes_deep()}; }

private:
    using Id = std::uint64_t;

    // Decoding one takes the other.
    struct Lead {
        Id   from;
        Id   to;
        bool made_of;
    };

    // False: there is too much to read.
    bool count(std::string_view table) { return (bytes_ += table.size()) <= most_item_bytes; }

    void read_types(std::string_view iinf)
    {
        if (!count(iinf)) {
            return;
        }

        for (auto rest = from(iinf, big_endian(iinf, 0, 1) == 0 ? 6 : 8); const auto box = take_box(rest);) {
            const std::size_t id_size = big_endian(box->content, 0, 1) < 3 ? 2 : 4;
            const auto type = from(box->content, 6 + id_size).substr(0, 4);
            // one name for two items: which of them is meant is the decoder's own choice
            is_odd_ = !types_.emplace(big_endian(box->content, 4, id_size), type).second || is_odd_;
        }
    }

    // Libheif goes by how many there are, not by how long their box is.
    void read_references(std::string_view iref)
    {
        if (!count(iref)) {
            return;
        }

        const std::size_t id_size = big_endian(iref, 0, 1) == 0 ? 2 : 4;
        for (auto rest = from(iref, 4); rest.size() >= 10 + id_size;) {
            const auto type = rest.substr(4, 4);
            const Id named = big_endian(rest, 8, id_size);
            const std::size_t size = 10 + id_size + big_endian(rest, 8 + id_size, 2) * id_size;
            is_odd_ = is_odd_ || big_endian(rest, 0, 4) != size;

            for (std::size_t at = 10 + id_size; at < size; at += id_size) {
                const Id other = big_endian(rest, at, id_size);
                if (type == "dimg"sv) {
                    leads_.push_back({named, other, true});
                } else if (type == "auxl"sv) {         // the alpha of the other, say
                    leads_.push_back({other, named, false});
                }
            }
            rest = from(rest, size);
        }
    }

    std::string_view type(Id item) const
    {
        const auto found = types_.find(item);
        return found == types_.end() ? ""sv : found->second;
    }

    // A grid whose tiles are made of others, or have alpha, each: every tile may be a whole
    // picture.  Or an overlay of many, which may all be as large as the result.
    bool nests() const
    {
        constexpr int most_layers = 8;

        std::set<Id> starts;
        for (const auto &lead : leads_) {
            starts.insert(lead.from);
        }

        int layers = 0;
        return std::any_of(leads_.begin(), leads_.end(), [&](const auto &lead) {
            const auto whole = type(lead.from);
            const bool is_tile = lead.made_of && (whole == "grid"sv || whole == "iovl"sv);
            layers += is_tile && whole == "iovl"sv ? 1 : 0;
            return layers > most_layers || (is_tile && starts.contains(lead.to));
        });
    }

    bool goes_deep() const
    {
        constexpr int deepest = 3;                     // a turned picture with alpha, both grids

        std::set<Id> reached;
        for (const auto &lead : leads_) {
            reached.insert(lead.to);
        }
        for (int depth = 1; depth <= deepest && !reached.empty(); depth++) {
            std::set<Id> next;
            for (const auto &lead : leads_) {
                if (reached.contains(lead.from)) {
                    next.insert(lead.to);
                }
            }
            reached = std::move(next);
        }

        return !reached.empty();
    }

    std::map<Id, std::string_view> types_;
    std::vector<Lead>              leads_;
    std::size_t                    bytes_ = 0;
    bool                           is_odd_ = false;
};

}  // namespace

HeifItems read_heif_items(std::string_view heif)
{
    Items items;
    for (auto rest = heif; const auto box = take_box(rest);) {
        if (box->type == "meta"sv) {
            items.read_meta(box->content);
        }
    }

    return items.sum();
}

}  // namespace cdn::image
