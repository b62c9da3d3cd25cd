#include "ngx/inherited_memory.h"

#include <cstdlib>
#include <map>
#include <string>

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cdn {

namespace {

// The descriptor of a memfd of this name and size; none is open: -1.
int find_open(const std::string &name, std::size_t size)
{
    DIR *descriptors = opendir("/proc/self/fd");
    if (descriptors == nullptr) {
        return -1;
    }

    int found = -1;
    const std::string target = "/memfd:" + name + " (deleted)";
    while (const dirent *entry = readdir(descriptors)) {
        char link[256];
        const ssize_t length =
            readlinkat(dirfd(descriptors), entry->d_name, link, sizeof(link));
        if (length < 0 || std::string_view(link, static_cast<std::size_t>(length)) != target) {
            continue;
        }

        struct stat info;
        const int fd = std::atoi(entry->d_name);
        if (fstat(fd, &info) == 0 && static_cast<std::size_t>(info.st_size) == size) {
            found = fd;
        }
    }

    closedir(descriptors);
    return found;
}

int make(const std::string &name, std::size_t size)
{
    // not close-on-exec: the next binary is to inherit it
    const int fd = memfd_create(name.c_str(), 0);
    if (fd != -1 && ftruncate(fd, static_cast<off_t>(size)) == -1) {
        close(fd);
        return -1;
    }

    return fd;
}

}  // namespace

void *inherited_memory(ngx_log_t *log, std::string_view name, std::size_t size)
{
    // one mapping a process and name: configurations come and go, the numbers stay
    static std::map<std::string, void *, std::less<>> mapped;
    if (const auto known = mapped.find(name); known != mapped.end()) {
        return known->second;
    }

    const std::string full = std::string(name) + '_' + std::to_string(size);
    int fd = find_open(full, size);
    if (fd == -1) {
        fd = make(full, size);
    }

    // without a descriptor, memory that only a reload keeps
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        fd == -1 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno, "cdn status: mmap(%uz) failed", size);
        return nullptr;
    }
    if (fd == -1) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "cdn status: no memfd: a binary upgrade will start the counters anew");
    }

    mapped.emplace(name, memory);
    return memory;
}

}  // namespace cdn
