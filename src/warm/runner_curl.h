// One run of a warm-up: a thread that fetches, with libcurl.
//
// It owns all it works with, knows nothing of nginx, blocks all signals, and runs
// at low priority.  What it has done stands in the Progress that it is given; in
// there, `done` counts the jobs that are finished without a gap, and the sums are
// of those.

#pragma once

#include "warm/jobs.h"
#include "warm/progress.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cdn::warm {

struct Errand {
    Wishes                   wishes;
    std::vector<std::string> lists;                    // files, read when the run begins
    std::string              jobs_file;                // where the jobs are kept meanwhile
    bool                     resumes = false;

    std::string              scheme;                   // "http"
    std::string              host;                     // of paths without one
    std::string              address;                  // numeric, "127.0.0.1:80"
    bool                     verifies = true;          // the server's certificate
    std::vector<std::pair<std::string, std::string>> headers;
    std::vector<std::string> accepts;                  // as many as wishes.accepts
    int                      concurrency = 4;
    double                   rate = 50;                // a second
};

class Runner {
public:
    Runner(Errand errand, Progress &progress);
    ~Runner();                                         // breaks off what is open, and waits for the thread
    Runner(const Runner &) = delete;
    Runner &operator=(const Runner &) = delete;

    // At most so many at once from now on; 0: none.
    void allow(int at_once);

    // The thread has nothing more to do.
    bool ended() const { return ended_; }

    // What is worth telling, once it has ended: "404 for /a.jpg".
    std::vector<std::string> remarks() const;

private:
    struct Work;

    void run() noexcept;

    Errand                   errand_;
    Progress                &progress_;
    std::atomic<bool>        stopped_ = false;
    std::atomic<bool>        ended_ = false;
    std::atomic<int>         at_once_;
    mutable std::mutex       mutex_;                   // of remarks_ and multi_
    std::vector<std::string> remarks_;
    void                    *multi_ = nullptr;         // libcurl's, while the thread has one
    std::thread              thread_;
};

}  // namespace cdn::warm
