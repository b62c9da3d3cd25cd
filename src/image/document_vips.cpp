#include "image/document_vips.h"

#include "image/helper_process.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <unistd.h>

namespace cdn::image {

namespace {

constexpr unsigned header_seconds = 5;                 // of a processor
constexpr unsigned draw_seconds = 60;                  // callers stop sooner

// What a helper is told, followed by the file.
struct Task {
    Format        format;
    bool          draw;
    int           page;
    double        scale;
    std::uint64_t memory;
    std::uint64_t size;
};

// What it says, followed by the pixels if it drew.
struct Reply {
    bool   ok;
    bool   alpha;
    int    pages;
    double width;
    double height;
    char   complaint[256];
};

static_assert(std::is_trivially_copyable_v<Task> && std::is_trivially_copyable_v<Reply>);

// ---- in a helper

Picture load(const std::string &bytes, Format format, int page, double scale)
{
    const auto data = const_cast<char *>(bytes.data());
    VipsImage *out = nullptr;

    if (format == Format::pdf) {
        check(vips_pdfload_buffer(data, bytes.size(), &out, "page", page - 1, "scale", scale,
                                  "access", VIPS_ACCESS_SEQUENTIAL, nullptr));
        const Picture paper(out);                      // opaque, on white
        return step(paper, [](auto *i, auto **o) { return vips_extract_band(i, o, 0, "n", 3, nullptr); });
    }

    // without a name of its own it can name nothing else: no file, no host
    check(vips_svgload_buffer(data, bytes.size(), &out, "scale", scale, "access",
                              VIPS_ACCESS_SEQUENTIAL, nullptr));
    return Picture(out);
}

// libvips tells whole pixels, which is too coarse for icons: drawn larger, the
// size is told more exactly.
void measure(const std::string &bytes, const Task &task, Reply &reply)
{
    constexpr int    large = 512;
    constexpr double closer = 64;

    // PDF: one page at a time, since each may have a size of its own
    reply.pages = task.format == Format::pdf
                      ? load(bytes, task.format, 1, 1).number(VIPS_META_N_PAGES, 1)
                      : 1;
    if (task.page > reply.pages && task.format == Format::pdf) {
        return;
    }

    const Picture header = load(bytes, task.format, task.page, 1);
    reply.alpha = header.alpha();
    reply.width = header.width();
    reply.height = header.height();

    if (std::max(header.width(), header.height()) < large) {
        const Picture larger = load(bytes, task.format, task.page, closer);
        const double width = larger.width() / closer;
        const double height = larger.height() / closer;
        if (std::abs(width - reply.width) > 1 || std::abs(height - reply.height) > 1) {
            vips_error("ngx_cdn", "no size");
            throw VipsFailure();
        }
        reply.width = width;
        reply.height = height;
    }
}

void draw(int socket, const std::string &bytes, const Task &task, Reply &reply)
{
    const Picture page = load(bytes, task.format, task.page, task.scale);
    std::size_t size = 0;
    void *pixels = vips_image_write_to_memory(page.get(), &size);
    check(pixels == nullptr ? -1 : 0);

    reply.ok = true;
    reply.alpha = page.alpha();
    reply.width = page.width();
    reply.height = page.height();
    send_all(socket, &reply, sizeof(reply)) && send_all(socket, pixels, size);
}

void work(int socket)
{
    Task task{};
    if (!receive_all(socket, &task, sizeof(task))) {
        return;
    }

    Reply reply{};
    try {
        std::string bytes(task.size, '\0');
        if (!receive_all(socket, bytes.data(), bytes.size())) {
            return;
        }
        limit_helper(task.memory, task.draw ? draw_seconds : header_seconds);
        end_with_socket(socket);

        if (task.draw) {
            draw(socket, bytes, task, reply);
            return;
        }
        measure(bytes, task, reply);
        reply.ok = true;
    } catch (const std::bad_alloc &) {
        std::strcpy(reply.complaint, "out of memory");
    } catch (const VipsFailure &) {
        std::strncpy(reply.complaint, vips_error_buffer(), sizeof(reply.complaint) - 1);
    }

    send_all(socket, &reply, sizeof(reply));
}

void begin()
{
    start_libvips();
    // what libraries say of odd files is no matter for any log
    g_log_set_default_handler([](const gchar *, GLogLevelFlags, const gchar *, gpointer) {}, nullptr);

    for (const char *loader : {"VipsForeignLoadSvgBuffer", "VipsForeignLoadPdfBuffer"}) {
        vips_operation_block_set(loader, FALSE);
    }
}

// ---- in this process

class Call {
public:
    // Throws VipsFailure where the helper ends without a word: it crashed, or
    // wanted more than it may have.
    Call(const Task &task, std::string_view bytes, const Stop *stop) : socket_(call_helper())
    {
        if (socket_ != -1 && send_all(socket_, &task, sizeof(task))
            && send_all(socket_, bytes.data(), bytes.size())
            && receive_all(socket_, &reply, sizeof(reply), stop) && reply.ok)
        {
            return;
        }

        reply.complaint[sizeof(reply.complaint) - 1] = '\0';
        const bool called = socket_ != -1;
        close();
        if (!called) {
            throw std::runtime_error("no helper process");
        }
        vips_error("ngx_cdn", "%s", *reply.complaint ? reply.complaint : "the helper process ended early");
        throw VipsFailure();
    }

    ~Call() { close(); }
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    bool receive(void *bytes, std::size_t size, const Stop *stop) const
    {
        return receive_all(socket_, bytes, size, stop);
    }

    Reply reply{};

private:
    void close()
    {
        if (socket_ != -1) {
            ::close(socket_);
            socket_ = -1;
        }
    }

    int socket_;
};

}  // namespace

bool start_documents()
{
    return start_helpers(begin, work);
}

DocumentInfo read_document(std::string_view bytes, Format format, int page, const Stop *stop)
{
    const Call call({format, false, page, 1, document_memory, bytes.size()}, bytes, stop);
    const Reply &reply = call.reply;

    return {reply.width, reply.height, reply.pages, reply.alpha};
}

Picture draw_document(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    const Call call({source.format, true, plan.page, plan.scale, plan.memory, bytes.size()}, bytes,
                    &stop);
    const Reply &reply = call.reply;
    const int width = static_cast<int>(std::lround(source.exact_width * plan.scale));
    const int height = static_cast<int>(std::lround(source.exact_height * plan.scale));

    if (std::abs(reply.width - width) > 1 || std::abs(reply.height - height) > 1) {
        vips_error("ngx_cdn", "drawn in another size");
        throw VipsFailure();
    }

    const int bands = reply.alpha ? 4 : 3;
    Picture memory(vips_image_new_memory());
    vips_image_init_fields(memory.get(), static_cast<int>(reply.width), static_cast<int>(reply.height),
                           bands, VIPS_FORMAT_UCHAR, VIPS_CODING_NONE, VIPS_INTERPRETATION_sRGB, 1, 1);
    check(vips_image_write_prepare(memory.get()));
    check(call.receive(VIPS_IMAGE_ADDR(memory.get(), 0, 0), VIPS_IMAGE_SIZEOF_IMAGE(memory.get()), &stop)
              ? 0
              : -1);

    return memory;
}

}  // namespace cdn::image
