#include "warm/jobs.h"

#include "core/text.h"
#include "warm/variants.h"

#include <algorithm>
#include <set>

namespace cdn::warm {

namespace {

bool is_url_text(std::string_view text)
{
    return text.size() <= longest_url && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
    });
}

bool is_host(std::string_view host)
{
    return !host.empty() && host.size() < 256 && host.find_first_of("@?#/%") == host.npos;
}

// "/path?query", or an absolute URL, whose scheme is the server's business.
std::optional<HostAndPath> parse_entry(std::string_view entry)
{
    entry = cut(entry, '#').before;
    if (!is_url_text(entry)) {
        return std::nullopt;
    }
    if (entry.starts_with('/') && !entry.starts_with("//")) {
        return HostAndPath{"", std::string(entry)};
    }

    for (const std::string_view scheme : {"http://", "https://", "//"}) {
        if (!entry.starts_with(scheme)) {
            continue;
        }
        const auto rest = entry.substr(scheme.size());
        const auto end = std::min(rest.find_first_of("/?"), rest.size());
        const std::string path(rest.substr(end));
        if (is_host(rest.substr(0, end))) {
            return HostAndPath{lower(rest.substr(0, end)), path.starts_with('/') ? path : '/' + path};
        }
    }
    return std::nullopt;
}

}  // namespace

Jobs make_jobs(const Wishes &wishes)
{
    Jobs out;
    std::set<std::pair<std::string, std::string>> seen;

    const auto add = [&](const std::string &host, const std::string &path) {
        if (!seen.emplace(host, path).second) {
            return;
        }
        if (out.jobs.size() + wishes.accepts > most_jobs) {
            out.left_out++;
            return;
        }
        for (std::size_t accept = 0; accept < wishes.accepts; accept++) {
            out.jobs.push_back({host, path, accept});
        }
    };
    const auto add_variants = [&](const HostAndPath &entry) {
        for (const std::string &path : variants(entry.path, wishes.presets, wishes.widths, wishes.options)) {
            add(entry.host, path);
        }
    };

    for (const std::string &line : wishes.list) {
        if (const auto entry = parse_entry(line)) {
            add_variants(*entry);
        } else {
            out.left_out++;
        }
    }
    for (const std::string &object : wishes.objects) {
        const auto entry = split_object(object);
        if (is_host(entry.host) && is_url_text(entry.path)) {
            add_variants(entry);
        } else {
            out.left_out++;
        }
    }

    return out;
}

std::string print_jobs(const std::vector<Job> &jobs)
{
    std::string text;
    for (const Job &job : jobs) {
        text += std::to_string(job.accept) + ' ' + job.host + ' ' + job.path + '\n';
    }
    return text;
}

std::optional<std::vector<Job>> parse_jobs(std::string_view text)
{
    std::vector<Job> jobs;
    if (!text.empty() && text.back() != '\n') {
        return std::nullopt;
    }
    while (!text.empty()) {
        const auto [line, rest, whole] = cut(text, '\n');
        const auto [accept, where, has_where] = cut(line, ' ');
        const auto [host, path, has_path] = cut(where, ' ');
        const auto number = parse_digits(accept);
        if (!number || !has_path || !path.starts_with('/') || jobs.size() >= most_jobs) {
            return std::nullopt;
        }
        jobs.push_back({std::string(host), std::string(path), static_cast<std::size_t>(*number)});
        text = rest;
    }
    return jobs;
}

}  // namespace cdn::warm
