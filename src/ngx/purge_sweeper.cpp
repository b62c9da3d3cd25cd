#include "ngx/purge_sweeper.h"

#include "ngx/bridge.h"
#include "ngx/cache_file.h"
#include "ngx/purge_state.h"
#include "ngx/timer.h"
#include "ngx/upstreams.h"
#include "ngx/zone.h"
#include "purge/sweep.h"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

using namespace std::chrono_literals;

constexpr auto         pause_per_file = 200us;         // about 4,000 files a second are looked at
constexpr ngx_msec_t   turn_ms = 10;
constexpr int          files_a_turn = 8;
constexpr std::size_t  most_found = 256;               // that wait to be deleted
constexpr std::int64_t settle_ms = 2000;               // purges seldom come alone
constexpr std::int64_t rest_ms = 10'000;               // between two sweeps, at least

// A hard-purged file.
struct Found {
    ngx_http_file_cache_t *cache = nullptr;
    std::string            path;
    std::uint64_t          uniq = 0;
    std::uint64_t          bytes = 0;
    std::array<u_char, NGX_HTTP_CACHE_KEY_LEN> key{};
};

struct Cache {
    ngx_http_file_cache_t *cache = nullptr;
    std::string            directory;
};

// 32 hex digits, as nginx names its files; the temporary ones have more.
bool parse_key(std::string_view name, std::array<u_char, NGX_HTTP_CACHE_KEY_LEN> &key)
{
    if (name.size() != 2 * key.size()) {
        return false;
    }
    for (std::size_t i = 0; i < key.size(); i++) {
        const int high = hex_value(name[2 * i]);
        const int low = hex_value(name[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = static_cast<u_char>(high * 16 + low);
    }
    return true;
}

struct Fd {
    int fd;
    ~Fd() { close(fd); }
};

// The thread's own: it calls nothing of nginx's.
class Reader {
public:
    Reader(purge::Table table, std::vector<Cache> caches, std::vector<std::string> tag_headers,
           std::int64_t oldest_ms)
        : table_(table), caches_(std::move(caches)), tag_headers_(std::move(tag_headers)), oldest_ms_(oldest_ms)
    {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);   // signals are the event loop's
        thread_ = std::thread([this] { run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    ~Reader()
    {
        {
            const std::lock_guard lock(mutex_);
            stops_ = true;
        }
        wake_.notify_all();
        thread_.join();
    }

    std::optional<Found> take()
    {
        const std::lock_guard lock(mutex_);
        if (found_.empty()) {
            return std::nullopt;
        }
        Found one = std::move(found_.front());
        found_.pop_front();
        wake_.notify_all();
        return one;
    }

    bool is_done() const { return done_; }
    std::uint64_t looked_at() const { return looked_at_; }

private:
    void run() noexcept
    {
        setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 19);
        try {
            for (const Cache &cache : caches_) {
                walk(cache);
            }
        } catch (...) {
            // no memory, or a directory that went away: what is left is found next time
        }
        done_ = true;
    }

    void walk(const Cache &cache)
    {
        namespace fs = std::filesystem;
        std::error_code error;
        fs::recursive_directory_iterator at(cache.directory, fs::directory_options::skip_permission_denied, error);
        for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
            Found one;
            if (!parse_key(at->path().filename().native(), one.key)) {
                continue;
            }
            if (!pause()) {
                return;
            }
            one.cache = cache.cache;
            one.path = at->path().native();
            looked_at_++;
            if (is_purged(one) && !offer(std::move(one))) {
                return;
            }
        }
    }

    bool is_purged(Found &one)
    {
        const Fd file{open(one.path.c_str(), O_RDONLY | O_CLOEXEC)};
        struct stat info;
        ngx_http_file_cache_header_t head;
        if (file.fd < 0 || fstat(file.fd, &info) != 0 || pread(file.fd, &head, sizeof(head), 0) != sizeof(head)
            || head.version != NGX_HTTP_CACHE_VERSION || head.body_start < head.header_start
            || head.header_start <= sizeof(head))
        {
            return false;
        }

        text_.resize(head.body_start - sizeof(head));
        if (pread(file.fd, text_.data(), text_.size(), sizeof(head)) != static_cast<ssize_t>(text_.size())) {
            return false;
        }
        constexpr std::string_view key_mark = "\nKEY: ";
        std::string_view key(text_.data(), head.header_start - sizeof(head));
        const std::string_view header = std::string_view(text_).substr(key.size());
        if (!key.starts_with(key_mark)) {
            return false;
        }
        key.remove_prefix(key_mark.size());
        key = key.substr(0, key.find('\n'));

        purge::Object object = purge::object_in_file(key, header, tag_headers_);
        object.stored_ms = std::int64_t{head.date} * 1000;
        object.born_ms = purge::decode_born(head.date, head.valid_msec).value_or(0);
        one.uniq = info.st_ino;
        one.bytes = static_cast<std::uint64_t>(info.st_blocks) * 512;
        return table_.judge(object, oldest_ms_) == purge::Verdict::hard;
    }

    // False: to end.
    bool pause()
    {
        std::unique_lock lock(mutex_);
        return !wake_.wait_for(lock, pause_per_file, [&] { return stops_; });
    }

    bool offer(Found one)
    {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stops_ || found_.size() < most_found; });
        if (!stops_) {
            found_.push_back(std::move(one));
        }
        return !stops_;
    }

    const purge::Table             table_;
    const std::vector<Cache>       caches_;
    const std::vector<std::string> tag_headers_;
    const std::int64_t             oldest_ms_;
    std::string                    text_;

    std::mutex                 mutex_;
    std::condition_variable    wake_;
    bool                       stops_ = false;
    std::deque<Found>          found_;
    std::atomic<bool>          done_{false};
    std::atomic<std::uint64_t> looked_at_{0};

    std::thread thread_;                               // the last member: it uses the others
};

// One sweep, and the event loop's part of it.
struct Sweep {
    std::unique_ptr<Reader> reader;
    const MainConf         *conf = nullptr;
    std::int64_t            begun_ms = 0;
    std::int64_t            ended_ms = 0;              // the one before
    std::uint64_t           files = 0;
    std::uint64_t           bytes = 0;

    Timer      timer;
    ngx_log_t *log = nullptr;
};

Sweep &current()
{
    static Sweep instance;
    return instance;
}

// False: another response has taken its place.
bool forget(const Found &one)
{
    ngx_http_file_cache_t *cache = one.cache;
    bool ours = true;

    ngx_shmtx_lock(&cache->shpool->mutex);
    if (auto *node = find_node(*cache, one.key.data()); node != nullptr && node->exists) {
        ours = is_current(*node, one.uniq);
        if (ours) {
            forget_file(*cache, *node);
        }
    }
    ngx_shmtx_unlock(&cache->shpool->mutex);

    return ours;
}

void finish(Sweep &sweep)
{
    const std::uint64_t looked_at = sweep.reader->looked_at();
    sweep.reader.reset();
    sweep.ended_ms = clock_ms();
    if (auto p = purges(*sweep.conf)) {
        p->table.set_swept_ms(sweep.begun_ms);
    }
    ngx_log_error(NGX_LOG_NOTICE, sweep.log, 0,
                  "cdn purge: looked at %uL cached files, deleted %uL that were purged, %uL bytes",
                  looked_at, sweep.files, sweep.bytes);
}

void delete_some(Sweep &sweep)
{
    // read first: what is found afterwards waits for the next turn
    const bool done = sweep.reader->is_done();
    auto z = zone(*sweep.conf);
    for (int i = 0; i < files_a_turn; i++) {
        const auto one = sweep.reader->take();
        if (!one) {
            if (done) {
                finish(sweep);
            }
            return;
        }
        if (!forget(*one)) {
            continue;
        }
        if (unlink(one->path.c_str()) != 0) {
            if (ngx_errno != NGX_ENOENT) {
                ngx_log_error(NGX_LOG_ERR, sweep.log, ngx_errno, "cdn purge: deleting \"%s\" failed",
                              one->path.c_str());
            }
            continue;
        }
        sweep.files++;
        sweep.bytes += one->bytes;
        if (z) {
            z->counters.add(status::Metric::swept_files, {});
            z->counters.add(status::Metric::swept_bytes, {}, one->bytes);
        }
    }
}

void on_turn(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [] {
        if (current().reader) {
            delete_some(current());
        }
        return 0;
    });
    if (current().reader && !ngx_exiting && !ngx_quit && !ngx_terminate) {
        ngx_add_timer(event, turn_ms);
    }
}

std::vector<Cache> swept_caches(const MainConf &conf)
{
    std::vector<Cache> out;
    for (const auto &[zone, obeys] : *conf.swept_caches) {
        const auto *cache = static_cast<ngx_http_file_cache_t *>(zone->data);
        if (obeys && cache != nullptr && cache->sh != nullptr) {
            out.push_back({const_cast<ngx_http_file_cache_t *>(cache), std::string(view(cache->path->name))});
        }
    }
    return out;
}

}  // namespace

void sweep(const MainConf &conf)
{
    Sweep &s = current();
    const auto p = purges(conf);
    if (s.reader || !p || ngx_process != NGX_PROCESS_WORKER) {
        return;
    }

    const std::int64_t now = clock_ms();
    const std::int64_t newest = p->table.newest_hard_ms();
    if (newest <= p->table.swept_ms() || now - newest < settle_ms || now - s.ended_ms < rest_ms) {
        return;
    }

    s.conf = &conf;
    s.begun_ms = newest;
    s.files = 0;
    s.bytes = 0;
    s.reader = std::make_unique<Reader>(p->table, swept_caches(conf), *conf.swept_tags, oldest_ms(conf));

    s.log = conf.cycle->log;
    s.timer.prepare(on_turn, nullptr, s.log);
    s.timer.let_worker_end();
    s.timer.start(turn_ms);
}

void stop_sweeping()
{
    Sweep &s = current();
    s.reader.reset();
    s.timer.stop();
}

void note_caches(ngx_conf_t *cf, MainConf &main, const PurgeConf &purge)
{
    const auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (core->handler == nullptr) {
        return;                                        // nothing is fetched here
    }

    each_upstream_conf(cf, [&](const ngx_http_upstream_conf_t &upstream) {
        if (upstream.cache == 1 && upstream.cache_zone != nullptr) {
            const auto [known, is_new] = main.swept_caches->try_emplace(upstream.cache_zone, true);
            known->second = known->second && purge.obeys;
        }
    });
    for (const std::string &name : *purge.tag_headers) {
        if (std::find(main.swept_tags->begin(), main.swept_tags->end(), name) == main.swept_tags->end()) {
            main.swept_tags->push_back(name);
        }
    }
}

#else

void sweep(const MainConf &) {}
void stop_sweeping() {}
void note_caches(ngx_conf_t *, MainConf &, const PurgeConf &) {}

#endif

}  // namespace cdn
