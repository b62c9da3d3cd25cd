// The URLs of one warm-up, in order, each once.
//
// What is to be fetched is settled when a run begins and kept in a file, one
// line a job, so that whoever goes on with the run has the same list.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::warm {

struct Job {
    std::string host;                                  // may name a port; empty: the server's own
    std::string path;                                  // with its query
    std::size_t accept = 0;                            // which of the Accept headers it goes with

    auto operator<=>(const Job &) const = default;
};

struct Wishes {
    std::vector<std::string> list;                     // paths and absolute URLs
    std::vector<std::string> objects;                  // "host/path", as the status report has them
    std::vector<std::string> presets;
    std::vector<int>         widths;
    std::string              options;                  // of images by width
    std::size_t              accepts = 1;
};

inline constexpr std::size_t most_jobs = 100'000;
inline constexpr std::size_t longest_url = 4096;

struct Jobs {
    std::vector<Job> jobs;
    std::size_t      left_out = 0;                     // entries that are no URLs, or over most_jobs
};
Jobs make_jobs(const Wishes &wishes);

std::string print_jobs(const std::vector<Job> &jobs);
std::optional<std::vector<Job>> parse_jobs(std::string_view text);

}  // namespace cdn::warm
