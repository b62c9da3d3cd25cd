#include "purge/journal.h"

#include "core/digest.h"
#include "core/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

namespace cdn::purge {

namespace {

constexpr std::uint64_t magic = 0x3145475255504443;    // "CDPURGE1"
constexpr std::size_t   page_size = 4096;
constexpr std::uint32_t offset_bits = 36;              // of a Position: 64 GiB a segment
constexpr std::uint64_t longest_segment = 8U << 20;

Journal::Position make_position(std::uint32_t segment, std::uint64_t offset)
{
    return std::uint64_t{segment} << offset_bits | offset;
}

std::uint32_t segment_of(Journal::Position position)
{
    return static_cast<std::uint32_t>(position >> offset_bits);
}

std::uint64_t offset_of(Journal::Position position)
{
    return position & ((std::uint64_t{1} << offset_bits) - 1);
}

class File {
public:
    File(const std::string &name, int flags) : fd_(::open(name.c_str(), flags | O_CLOEXEC, 0640)) {}
    ~File()
    {
        if (fd_ != -1) {
            close(fd_);
        }
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;

    explicit operator bool() const { return fd_ != -1; }
    int fd() const { return fd_; }

    std::uint64_t size() const
    {
        struct stat info;
        return fstat(fd_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
    }

    bool write(std::string_view bytes, std::uint64_t offset)
    {
        while (!bytes.empty()) {
            const ssize_t n = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (n == -1 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(n));
            offset += static_cast<std::uint64_t>(n);
        }
        return true;
    }

    // As much as there is of it.
    std::string read(std::uint64_t offset, std::uint64_t length) const
    {
        std::string bytes(length, '\0');
        std::size_t done = 0;
        while (done < length) {
            const ssize_t n = pread(fd_, bytes.data() + done, length - done,
                                    static_cast<off_t>(offset + done));
            if (n == -1 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                break;
            }
            done += static_cast<std::size_t>(n);
        }
        bytes.resize(done);
        return bytes;
    }

private:
    int fd_;
};

// A descriptor this process was started with that is open on that file: the
// nginx it replaces holds the lock through it.
int inherited_descriptor(const struct stat &file)
{
    const std::unique_ptr<DIR, int (*)(DIR *)> directory(opendir("/proc/self/fd"), closedir);
    if (!directory) {
        return -1;
    }

    while (const dirent *entry = readdir(directory.get())) {
        const auto fd = parse_digits(entry->d_name);
        struct stat info;
        if (fd && fstat(static_cast<int>(*fd), &info) == 0 && info.st_dev == file.st_dev
            && info.st_ino == file.st_ino)
        {
            return static_cast<int>(*fd);
        }
    }

    return -1;
}

// ---- the snapshot's bytes: this machine's own, never sent anywhere

template <typename T>
void put(std::string &out, const T &value)
{
    out.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    template <typename T>
    T take()
    {
        T value{};
        if (rest_.size() < sizeof(value)) {
            failed_ = true;
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof(value));
        rest_.remove_prefix(sizeof(value));
        return value;
    }

    std::string take_text()
    {
        const auto length = take<std::uint32_t>();
        if (rest_.size() < length) {
            failed_ = true;
            return {};
        }
        std::string text(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return text;
    }

    bool failed() const { return failed_; }

private:
    std::string_view rest_;
    bool             failed_ = false;
};

std::string print_snapshot(const TableImage &image, std::uint32_t segment)
{
    std::string out;
    put(out, magic);
    put(out, segment);
    put(out, image.seed);
    put(out, image.floor_ms);
    put(out, image.strict_floor_ms);
    put(out, image.newest_ms);
    put(out, image.any_tag_hard_ms);
    put(out, image.any_tag_soft_ms);
    put(out, std::uint32_t(image.prefix_lengths.size()));
    for (const std::uint16_t length : image.prefix_lengths) {
        put(out, length);
    }
    put(out, std::uint64_t{image.entries.size()});
    for (const TableEntry &entry : image.entries) {
        put(out, entry);
    }
    put(out, std::uint32_t(image.patterns.size()));
    for (const PatternEntry &pattern : image.patterns) {
        put(out, std::uint32_t(pattern.text.size()));
        out += pattern.text;
        put(out, pattern.hard_ms);
        put(out, pattern.soft_ms);
    }
    put(out, magic);

    return out;
}

struct Snapshot {
    std::uint32_t segment = 0;                         // the first that it does not hold
    TableImage    image;
};

std::optional<Snapshot> parse_snapshot(std::string_view bytes)
{
    Reader in(bytes);
    Snapshot snapshot;

    if (in.take<std::uint64_t>() != magic) {
        return std::nullopt;
    }
    snapshot.segment = in.take<std::uint32_t>();
    TableImage &image = snapshot.image;
    image.seed = in.take<std::uint64_t>();
    image.floor_ms = in.take<std::int64_t>();
    image.strict_floor_ms = in.take<std::int64_t>();
    image.newest_ms = in.take<std::int64_t>();
    image.any_tag_hard_ms = in.take<std::int64_t>();
    image.any_tag_soft_ms = in.take<std::int64_t>();

    for (auto n = in.take<std::uint32_t>(); n > 0 && !in.failed(); n--) {
        image.prefix_lengths.push_back(in.take<std::uint16_t>());
    }
    for (auto n = in.take<std::uint64_t>(); n > 0 && !in.failed(); n--) {
        image.entries.push_back(in.take<TableEntry>());
    }
    for (auto n = in.take<std::uint32_t>(); n > 0 && !in.failed(); n--) {
        PatternEntry pattern;
        pattern.text = in.take_text();
        pattern.hard_ms = in.take<std::int64_t>();
        pattern.soft_ms = in.take<std::int64_t>();
        image.patterns.push_back(std::move(pattern));
    }

    return in.take<std::uint64_t>() == magic && !in.failed() ? std::optional(std::move(snapshot))
                                                             : std::nullopt;
}

std::optional<Snapshot> read_snapshot(const std::string &directory)
{
    const File file(directory + "/snapshot", O_RDONLY);
    return file ? parse_snapshot(file.read(0, file.size())) : std::nullopt;
}

// Only how far it goes.
std::optional<std::uint32_t> read_snapshot_segment(const std::string &directory)
{
    const File file(directory + "/snapshot", O_RDONLY);
    const std::string start = file ? file.read(0, sizeof(magic) + sizeof(std::uint32_t)) : std::string();
    Reader in(start);
    const auto found = in.take<std::uint64_t>();
    const auto segment = in.take<std::uint32_t>();
    return found == magic && !in.failed() ? std::optional(segment) : std::nullopt;
}

}  // namespace

struct Journal::Page {
    std::uint64_t              magic;
    std::uint64_t              seed;
    pthread_mutex_t            mutex;
    std::atomic<std::uint64_t> end;
    std::atomic<std::int64_t>  last_birth;
    std::atomic<std::int64_t>  last_purge;
    std::atomic<std::int32_t>  leader;                 // a pid; 0: none
    std::atomic<std::int64_t>  leader_seen_ms;
    std::atomic<std::int64_t>  looked_until;           // Unix time
};

Journal::Lock::Lock(Journal &journal) : journal_(journal)
{
    if (pthread_mutex_lock(&journal_.page_->mutex) == EOWNERDEAD) {
        // what it was writing does not count yet
        pthread_mutex_consistent(&journal_.page_->mutex);
    }
}

Journal::Lock::~Lock()
{
    pthread_mutex_unlock(&journal_.page_->mutex);
}

Journal::~Journal()
{
    if (page_ != nullptr) {
        munmap(page_, page_size);
    }
    if (lock_fd_ != -1) {
        close(lock_fd_);
    }
}

std::string Journal::segment_name(std::uint32_t segment) const
{
    return directory_ + "/journal." + std::to_string(segment);
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string &directory, uid_t user, gid_t group,
                                               std::uint64_t seed)
{
    static_assert(sizeof(Page) <= page_size);

    const auto failed = [&](std::string_view what) {
        return Error{ErrorCode::internal, std::string(what) + " \"" + directory + "\" failed: "
                                              + std::strerror(errno)};
    };
    const bool root = geteuid() == 0;

    if (mkdir(directory.c_str(), 0750) == -1 && errno != EEXIST) {
        return failed("creating");
    }
    if (root && chown(directory.c_str(), user, group) == -1) {
        return failed("chown of");
    }

    std::unique_ptr<Journal> journal(new Journal);
    journal->directory_ = directory;

    const std::string lock_name = directory + "/lock";
    const int fd = ::open(lock_name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    struct stat info;
    if (fd == -1 || fstat(fd, &info) == -1) {
        const auto error = failed("opening the lock in");
        if (fd != -1) {
            close(fd);
        }
        return error;
    }
    close(fd);

    // not closed on exec: the next binary inherits it
    journal->lock_fd_ = inherited_descriptor(info);
    const bool joins = journal->lock_fd_ != -1;
    journal->joined_ = joins;
    if (joins) {
        journal->lock_fd_ = dup(journal->lock_fd_);
    } else {
        journal->lock_fd_ = ::open(lock_name.c_str(), O_RDWR);
    }
    if (journal->lock_fd_ == -1) {
        return failed("opening the lock in");
    }
    if (flock(journal->lock_fd_, LOCK_EX | LOCK_NB) == -1) {
        if (errno == EWOULDBLOCK) {
            return Error{ErrorCode::internal,
                         '"' + directory + "\" is in use by another nginx: give this one a "
                             "\"cdn_state\" of its own"};
        }
        return failed("locking");
    }

    const std::string page_name = directory + "/page";
    File page(page_name, O_RDWR | O_CREAT);
    if (!page) {
        return failed("opening the page in");
    }
    if (page.size() < page_size && !page.write(std::string(page_size, '\0'), 0)) {
        return failed("writing the page in");
    }
    void *memory = mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, page.fd(), 0);
    if (memory == MAP_FAILED) {
        return failed("mapping the page in");
    }
    journal->page_ = static_cast<Page *>(memory);

    if (!joins || journal->page_->magic != magic) {
        if (journal->page_->magic != magic) {
            journal->page_->seed = seed;
        }
        if (auto error = journal->recover()) {
            return *error;
        }
    }

    journal->instance_ = sha256_hex(std::to_string(journal->page_->seed)).substr(0, 16);

    if (root) {
        for (const std::string &name : {lock_name, page_name, directory + "/snapshot",
                                        journal->segment_name(segment_of(journal->end()))})
        {
            if (chown(name.c_str(), user, group) == -1 && errno != ENOENT) {
                return failed("chown in");
            }
        }
    }

    return journal;
}

// The first of a new nginx: nobody else is there.
std::optional<Error> Journal::recover()
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    page_->mutex = {};
    pthread_mutex_init(&page_->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);

    // what an nginx that was killed had not finished
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(directory_, error)) {
        if (entry.path().filename().native().starts_with("snapshot.")) {
            unlink(entry.path().c_str());
        }
    }

    // the newest segment, up to its last whole line
    std::uint32_t segment = 1;
    if (const auto snapshot = read_snapshot(directory_)) {
        segment = snapshot->segment;
        page_->seed = snapshot->image.seed;
    }
    while (access(segment_name(segment + 1).c_str(), F_OK) == 0) {
        segment++;
    }

    const File file(segment_name(segment), O_RDWR | O_CREAT);
    if (!file) {
        return Error{ErrorCode::internal, "opening \"" + segment_name(segment) + "\" failed: "
                                              + std::strerror(errno)};
    }
    const std::string bytes = file.read(0, file.size());
    const auto last = bytes.rfind('\n');

    page_->leader = 0;
    page_->end = make_position(segment, last == bytes.npos ? 0 : last + 1);
    page_->magic = magic;
    return std::nullopt;
}

Journal::Position Journal::end() const
{
    return page_->end.load(std::memory_order_acquire);
}

bool Journal::append(const Lock &, std::string_view line)
{
    const Position end = page_->end;
    File file(segment_name(segment_of(end)), O_WRONLY | O_CREAT);
    const std::string bytes = std::string(line) + '\n';

    if (!file || !file.write(bytes, offset_of(end))) {
        return false;
    }

    page_->end.store(end + bytes.size(), std::memory_order_release);
    return true;
}

bool Journal::read(Position from, Position to, const Visit &visit) const
{
    constexpr std::size_t chunk = 1U << 20;

    while (from < to) {
        const auto next = read_some(from, to, chunk, visit);
        if (!next) {
            return false;
        }
        from = *next;
    }
    return true;
}

std::optional<Journal::Position> Journal::read_some(Position from, Position to, std::size_t bytes,
                                                    const Visit &visit) const
{
    const std::uint32_t segment = segment_of(from);
    const File file(segment_name(segment), O_RDONLY);
    if (!file) {
        return std::nullopt;
    }

    const std::uint64_t start = offset_of(from);
    const std::uint64_t stop = segment == segment_of(to) ? offset_of(to) : file.size();
    for (std::uint64_t length = bytes; start < stop; length *= 2) {   // until it holds a whole line
        const std::string text = file.read(start, std::min(length, stop - start));
        std::string_view rest = text;
        for (auto at = rest.find('\n'); at != rest.npos; at = rest.find('\n')) {
            const auto line = rest.substr(0, at);
            rest.remove_prefix(at + 1);
            visit(line, make_position(segment, start + text.size() - rest.size()));
        }
        if (rest.size() < text.size()) {
            return make_position(segment, start + text.size() - rest.size());
        }
        if (text.size() < length) {
            break;                                     // what a dying writer left
        }
    }
    return segment < segment_of(to) ? make_position(segment + 1, 0) : to;
}

Journal::Position Journal::tail_start(std::size_t bytes) const
{
    const Position to = end();
    if (offset_of(to) >= bytes || segment_of(to) == 1) {
        return make_position(segment_of(to), offset_of(to) > bytes ? offset_of(to) - bytes : 0);
    }

    const File before(segment_name(segment_of(to) - 1), O_RDONLY);
    if (!before) {
        return make_position(segment_of(to), 0);
    }
    const std::uint64_t wanted = bytes - offset_of(to);
    return make_position(segment_of(to) - 1, before.size() > wanted ? before.size() - wanted : 0);
}

std::vector<std::string> Journal::tail(std::size_t bytes) const
{
    const Position from = tail_start(bytes);

    std::vector<std::string> lines;
    static_cast<void>(read(from, end(), [&](std::string_view line, Position) { lines.emplace_back(line); }));
    if (offset_of(from) > 0 && !lines.empty()) {
        lines.erase(lines.begin());                    // cut in two
    }

    return lines;
}

bool Journal::catch_up(Table &table, const std::function<void(std::string_view)> &apply) const
{
    const auto visit = [&](std::string_view line, Position position) {
        apply(line);
        table.set_position(position);
    };

    const Position to = end();
    Position from = table.position();
    if (from == to) {
        return true;
    }

    if (from == 0 || !read(from, to, visit)) {
        // new, or far behind: from the snapshot on
        from = make_position(1, 0);
        if (table.position() == 0) {
            table.set_seed(page_->seed);
        }
        if (const auto snapshot = read_snapshot(directory_)) {
            table.restore(snapshot->image);
            from = make_position(snapshot->segment, 0);
        }
        if (!read(from, to, visit)) {
            return false;
        }
    }

    table.set_position(to);
    return true;
}

bool Journal::wants_new_segment() const
{
    return offset_of(end()) > longest_segment;
}

std::optional<std::uint32_t> Journal::start_segment(const Lock &, const std::vector<std::string> &standing)
{
    const std::uint32_t next = segment_of(end()) + 1;
    std::string lines;
    for (const std::string &line : standing) {
        lines += line + '\n';
    }

    File segment(segment_name(next), O_WRONLY | O_CREAT | O_TRUNC);
    if (!segment || !segment.write(lines, 0)) {
        unlink(segment_name(next).c_str());
        return std::nullopt;
    }

    page_->end.store(make_position(next, lines.size()), std::memory_order_release);
    return next;
}

bool Journal::snapshot(const Table &table, std::uint32_t segment)
{
    const std::string name = directory_ + "/snapshot";
    const std::string temporary = name + '.' + std::to_string(getpid());
    {
        File file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
        if (!file || !file.write(print_snapshot(table.image(), segment), 0)) {
            unlink(temporary.c_str());
            return false;
        }
    }

    const Lock lock(*this);
    const auto known = read_snapshot_segment(directory_);
    if ((known && *known >= segment) || rename(temporary.c_str(), name.c_str()) == -1) {
        unlink(temporary.c_str());                     // another leader was faster
        return false;
    }
    for (std::uint32_t old = segment - 1; old-- > 1 && unlink(segment_name(old).c_str()) == 0;) {
    }
    return true;
}

bool Journal::lead(std::int32_t pid, std::int64_t now_ms)
{
    constexpr std::int64_t longest_silence_ms = 1500;

    std::int32_t leader = page_->leader.load();
    if (leader != pid) {
        const std::int64_t silence = now_ms - page_->leader_seen_ms.load();
        const bool gone = leader == 0 || (kill(leader, 0) == -1 && errno == ESRCH);
        if ((!gone && silence >= 0 && silence < longest_silence_ms)
            || !page_->leader.compare_exchange_strong(leader, pid))
        {
            return false;
        }
    }

    page_->leader_seen_ms = now_ms;
    return true;
}

void Journal::step_down(std::int32_t pid)
{
    page_->leader.compare_exchange_strong(pid, 0);
}

std::int64_t Journal::looked_until() const
{
    return page_->looked_until;
}

void Journal::set_looked_until(std::int64_t time)
{
    page_->looked_until = time;
}

std::int64_t Journal::birth(std::int64_t now_ms)
{
    const std::int64_t birth = std::max(now_ms, page_->last_purge.load() + 1);

    std::int64_t last = page_->last_birth.load();
    while (last < birth && !page_->last_birth.compare_exchange_weak(last, birth)) {
    }
    return birth;
}

std::int64_t Journal::purge_time(const Lock &, std::int64_t now_ms)
{
    const std::int64_t time = std::max({now_ms, page_->last_birth.load(), page_->last_purge.load()});
    page_->last_purge = time;
    return time;
}

}  // namespace cdn::purge
