#include "ngx/ttl_unstored.h"

#include <array>
#include <cstring>

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

constexpr time_t remembered_for = 30;

class Unstored {
public:
    bool has(const u_char *key, time_t now) const
    {
        const Entry &entry = slot(key);
        return entry.until > now && entry.until <= now + remembered_for
               && std::memcmp(entry.key, key, sizeof(entry.key)) == 0;
    }

    void add(const u_char *key, time_t now)
    {
        Entry &entry = entries_[index(key)];
        std::memcpy(entry.key, key, sizeof(entry.key));
        entry.until = now + remembered_for;
    }

    void remove(const u_char *key)
    {
        Entry &entry = entries_[index(key)];
        if (std::memcmp(entry.key, key, sizeof(entry.key)) == 0) {
            entry.until = 0;
        }
    }

private:
    struct Entry {
        u_char key[NGX_HTTP_CACHE_KEY_LEN];
        time_t until;
    };

    static std::size_t index(const u_char *key)        // an MD5: any bytes will do
    {
        return (key[0] | std::size_t{key[1]} << 8) % count;
    }
    const Entry &slot(const u_char *key) const { return entries_[index(key)]; }

    static constexpr std::size_t count = 4096;
    std::array<Entry, count> entries_{};
};

Unstored unstored;                                     // this worker's

}  // namespace

// c->main is the key before Vary tells variants apart.

bool was_unstored(const ngx_http_cache_t *c, time_t now)
{
    return unstored.has(c->main, now);
}

void note_unstored(const ngx_http_cache_t *c, time_t now)
{
    unstored.add(c->main, now);
}

void forget_unstored(const ngx_http_cache_t *c)
{
    unstored.remove(c->main);
}

#endif

}  // namespace cdn
