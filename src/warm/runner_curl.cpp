#include "warm/runner_curl.h"

#include "core/text.h"
#include "warm/pace.h"
#include "warm/variants.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <optional>

namespace cdn::warm {

namespace {

constexpr std::size_t  longest_list = 16U << 20;
constexpr std::size_t  window = 1024;                  // no job starts that far ahead of the oldest open one
constexpr std::size_t  most_remarks = 5;
constexpr long         connect_timeout_s = 5;
constexpr long         timeout_s = 120;
constexpr long         silence_s = 60;
constexpr int          niceness = 10;
constexpr std::int64_t broken_retry_ms = 1000;

std::int64_t steady_ms()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Wall clock: what others read it by.
std::int64_t clock_ms()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch()).count();
}

std::optional<std::string> read_file(const std::string &name)
{
    std::ifstream file(name, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    std::string text(longest_list, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return file.bad() ? std::nullopt : std::optional(std::move(text));
}

bool write_file(const std::string &name, const std::string &text)
{
    const std::string fresh = name + ".new";
    {
        std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
        if (!file.flush()) {
            return false;
        }
    }
    return std::rename(fresh.c_str(), name.c_str()) == 0;
}

std::size_t discard(char *, std::size_t size, std::size_t count, void *)
{
    return size * count;
}

// As when a worker ends with the connection: another may do better.
bool broke_off(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR
           || code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE;
}

// A list of header fields as libcurl wants it.
class Fields {
public:
    Fields() = default;
    ~Fields() { curl_slist_free_all(list_); }
    Fields(const Fields &) = delete;
    Fields &operator=(const Fields &) = delete;

    void add(const std::string &line)
    {
        curl_slist *longer = curl_slist_append(list_, line.c_str());
        if (longer == nullptr) {
            throw std::bad_alloc();
        }
        list_ = longer;
    }

    curl_slist *get() const { return list_; }

private:
    curl_slist *list_ = nullptr;
};

}  // namespace

// What the thread works with.
struct Runner::Work {
    struct Result {
        bool          ended = false;
        bool          succeeded = false;
        std::uint64_t bytes = 0;
    };
    struct Transfer {
        CURL       *easy = nullptr;
        std::size_t job = 0;
        int         tries = 0;                         // 0: free
    };
    struct Retry {
        std::int64_t at_ms;
        std::size_t  job;
    };

    Work(const Errand &the_errand, std::vector<Job> the_jobs, std::size_t start)
        : errand(the_errand), jobs(std::move(the_jobs)), done(start), next(start),
          pace(errand.concurrency, errand.rate), transfers(static_cast<std::size_t>(errand.concurrency)),
          multi(curl_multi_init())
    {
        if (multi == nullptr) {
            throw std::bad_alloc();
        }
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(errand.concurrency));

        for (std::size_t i = 0; i < errand.accepts.size(); i++) {
            auto &list = fields.emplace_back();
            list.add("Accept: " + errand.accepts[i]);
            for (const auto &[name, value] : errand.headers) {
                // libcurl's spelling for one without a value
                list.add(value.empty() ? name + ';' : name + ": " + value);
            }
        }
        connect_to.add("::" + errand.address);
    }

    ~Work()
    {
        for (Transfer &transfer : transfers) {
            if (transfer.easy != nullptr) {
                curl_multi_remove_handle(multi, transfer.easy);
                curl_easy_cleanup(transfer.easy);
            }
        }
        curl_multi_cleanup(multi);
    }

    bool finished() const { return done == jobs.size(); }

    void start(Transfer &transfer, std::size_t index, int tries)
    {
        if (transfer.easy == nullptr) {
            transfer.easy = curl_easy_init();
            if (transfer.easy == nullptr) {
                throw std::bad_alloc();
            }
        }
        transfer.job = index;
        transfer.tries = tries;
        in_flight++;

        const Job &job = jobs[index];
        const std::string url = errand.scheme + "://" + (job.host.empty() ? errand.host : job.host) + job.path;
        CURL *easy = transfer.easy;
        curl_easy_reset(easy);
        curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to.get());
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields[std::min(job.accept, fields.size() - 1)].get());
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT, timeout_s);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, silence_s);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
        if (!errand.verifies) {
            curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
            curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        curl_multi_add_handle(multi, easy);
    }

    Transfer *free_one()
    {
        const auto found = std::find_if(transfers.begin(), transfers.end(),
                                        [](const Transfer &t) { return t.tries == 0; });
        return found != transfers.end() ? &*found : nullptr;
    }

    void start_more(int at_once, std::int64_t now)
    {
        while (in_flight < at_once) {
            const auto retry = std::find_if(retries.begin(), retries.end(),
                                            [&](const Retry &r) { return r.at_ms <= now; });
            const bool has_next = next < jobs.size() && next < done + window;
            Transfer *transfer = free_one();
            if (transfer == nullptr || (retry == retries.end() && !has_next) || !pace.start(now, in_flight)) {
                return;
            }
            if (retry != retries.end()) {
                start(*transfer, retry->job, 2);
                retries.erase(retry);
            } else {
                start(*transfer, next++, 1);
            }
        }
    }

    // What a transfer came to; a remark where it failed.
    std::optional<std::string> end(Transfer &transfer, CURLcode code, std::int64_t now)
    {
        CURL *easy = transfer.easy;
        long status = 0;
        curl_off_t bytes = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
        curl_header *retry_after = nullptr;
        curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after);
        auto wait = code == CURLE_OK
                        ? retry_in_ms(static_cast<int>(status), retry_after != nullptr ? retry_after->value : "",
                                      transfer.tries)
                        : std::nullopt;
        if (broke_off(code) && transfer.tries == 1) {
            wait = broken_retry_ms;
        }

        curl_multi_remove_handle(multi, easy);
        in_flight--;
        transfer.tries = 0;
        if (wait) {
            retries.push_back({now + *wait, transfer.job});
            return std::nullopt;
        }

        Result result{true, code == CURLE_OK && status >= 200 && status < 400,
                      static_cast<std::uint64_t>(std::max<curl_off_t>(bytes, 0))};
        results.resize(std::max(results.size(), transfer.job - done + 1));
        results[transfer.job - done] = result;
        if (result.succeeded) {
            return std::nullopt;
        }
        const std::string why = code == CURLE_OK ? std::to_string(status) : std::string(curl_easy_strerror(code));
        return why + " for " + jobs[transfer.job].host + jobs[transfer.job].path;
    }

    // What is done without a gap counts.
    void account(Progress &progress)
    {
        while (!results.empty() && results.front().ended) {
            const Result &result = results.front();
            (result.succeeded ? progress.succeeded : progress.failed)++;
            progress.bytes += result.bytes;
            progress.done = ++done;
            results.pop_front();
        }
    }

    int wait_ms(std::int64_t now) const
    {
        std::int64_t wait = next < jobs.size() ? std::max<std::int64_t>(pace.wait_ms(now), 1) : 200;
        for (const Retry &retry : retries) {
            wait = std::min(wait, std::max<std::int64_t>(retry.at_ms - now, 1));
        }
        return static_cast<int>(std::min<std::int64_t>(wait, 200));
    }

    const Errand         &errand;
    std::vector<Job>      jobs;
    std::size_t           done;                        // so many, without a gap
    std::size_t           next;
    Pace                  pace;
    std::deque<Fields>    fields;                      // one for each Accept
    Fields                connect_to;
    std::vector<Transfer> transfers;
    std::vector<Retry>    retries;
    std::deque<Result>    results;                     // from `done` on
    int                   in_flight = 0;
    CURLM                *multi;
};

Runner::Runner(Errand errand, Progress &progress)
    : errand_(std::move(errand)), progress_(progress), at_once_(errand_.concurrency)
{
    // once, while there is no other thread of ours
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) {
        throw std::runtime_error("cdn warm: libcurl does not start");
    }

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    try {
        thread_ = std::thread([this] { run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Runner::~Runner()
{
    stopped_ = true;
    {
        const std::lock_guard lock(mutex_);
        if (multi_ != nullptr) {
            curl_multi_wakeup(multi_);
        }
    }
    thread_.join();
}

void Runner::allow(int at_once)
{
    at_once_ = std::min(at_once, errand_.concurrency);
}

std::vector<std::string> Runner::remarks() const
{
    const std::lock_guard lock(mutex_);
    return remarks_;
}

void Runner::run() noexcept
{
    const auto remark = [&](std::string text) {
        const std::lock_guard lock(mutex_);
        if (remarks_.size() < most_remarks) {
            remarks_.push_back(std::move(text));
        }
    };

    try {
        setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);

        std::optional<std::vector<Job>> jobs;
        if (errand_.resumes) {
            const auto text = read_file(errand_.jobs_file);
            jobs = text ? parse_jobs(*text) : std::nullopt;
            if (!jobs || jobs->size() != progress_.total) {
                if (progress_.done != progress_.total) {   // else all was done, and not yet told
                    remark("the rest is given up: its list is lost");
                }
                jobs.emplace();
                progress_.total = progress_.done.load();
            }
        } else {
            Wishes wishes = errand_.wishes;
            for (const std::string &name : errand_.lists) {
                const auto text = read_file(name);
                if (!text) {
                    remark("cannot read \"" + name + '"');
                    continue;
                }
                for (std::string &line : read_list(*text)) {
                    wishes.list.push_back(std::move(line));
                }
            }
            Jobs made = make_jobs(wishes);
            jobs = std::move(made.jobs);
            progress_.left_out = made.left_out;
            progress_.total = jobs->size();
            if (!write_file(errand_.jobs_file, print_jobs(*jobs))) {
                remark("cannot write \"" + errand_.jobs_file + "\": a reload would end the run");
            }
        }

        Work work(errand_, std::move(*jobs), std::min<std::size_t>(progress_.done, jobs->size()));
        {
            const std::lock_guard lock(mutex_);
            multi_ = work.multi;
        }
        while (!stopped_ && !work.finished()) {
            work.start_more(at_once_, steady_ms());
            int running = 0;
            curl_multi_perform(work.multi, &running);

            int left = 0;
            while (CURLMsg *message = curl_multi_info_read(work.multi, &left)) {
                Work::Transfer *transfer = nullptr;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
                if (message->msg == CURLMSG_DONE && transfer != nullptr) {
                    if (auto text = work.end(*transfer, message->data.result, steady_ms())) {
                        remark(std::move(*text));
                    }
                }
            }
            work.account(progress_);
            if (!work.finished()) {
                curl_multi_poll(work.multi, nullptr, 0, work.wait_ms(steady_ms()), nullptr);
            }
        }
        {
            const std::lock_guard lock(mutex_);
            multi_ = nullptr;
        }
        if (work.finished()) {
            progress_.ended_ms = clock_ms();
            std::remove(errand_.jobs_file.c_str());
        }
    } catch (const std::exception &error) {
        {
            const std::lock_guard lock(mutex_);
            multi_ = nullptr;
        }
        remark(error.what());
        progress_.ended_ms = clock_ms();
    }
    ended_ = true;
}

}  // namespace cdn::warm
