#include "cli/http.h"

#include "cli/command.h"
#include "core/text.h"
#include "core/version.h"

#include <curl/curl.h>

#include <algorithm>
#include <stdexcept>

namespace cdn::cli {

namespace {

using Easy = std::unique_ptr<CURL, void (*)(CURL *)>;

// Bytes that would end a line of the request, or split it.
bool is_line(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

std::string authority(const Request &request)
{
    if (!request.host.empty()) {
        return request.host;
    }
    return request.via.host + (request.via.port != 0 ? ':' + std::to_string(request.via.port) : "");
}

struct Transfer {
    Request         request;
    Response        response;
    Transfers::Done done;
    Easy            easy{curl_easy_init(), curl_easy_cleanup};
    curl_slist     *headers = nullptr;
    curl_slist     *connect_to = nullptr;
    char            problem[CURL_ERROR_SIZE] = "";

    Transfer() = default;
    ~Transfer()
    {
        easy.reset();
        curl_slist_free_all(headers);
        curl_slist_free_all(connect_to);
    }
    Transfer(const Transfer &) = delete;
    Transfer &operator=(const Transfer &) = delete;
};

std::size_t on_body(char *data, std::size_t, std::size_t size, void *context) noexcept
{
    auto &transfer = *static_cast<Transfer *>(context);
    transfer.response.bytes += size;
    if (!transfer.request.keep_body) {
        return size;
    }
    if (transfer.response.body.size() + size > transfer.request.most_bytes) {
        return 0;
    }
    try {
        transfer.response.body.append(data, size);
    } catch (const std::exception &) {
        return 0;
    }
    return size;
}

std::size_t on_header(char *data, std::size_t, std::size_t size, void *context) noexcept
{
    auto &transfer = *static_cast<Transfer *>(context);
    try {
        std::string_view line(data, size);
        while (line.ends_with('\n') || line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const auto [name, value, is_field] = cut(line, ':');
        constexpr std::size_t most = 100;
        if (is_field && transfer.response.headers.size() < most) {
            transfer.response.headers[lower(name)] = trim(value);
        }
    } catch (const std::exception &) {
        return 0;
    }
    return size;
}

void prepare(Transfer &transfer)
{
    const Request &request = transfer.request;
    CURL *easy = transfer.easy.get();
    if (easy == nullptr) {
        throw std::runtime_error("libcurl does not start");
    }

    const std::string url = request.via.scheme + "://" + authority(request) + request.target;
    const auto set = [&](CURLoption option, auto value) {
        if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK) {
            throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(code));
        }
    };

    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
    set(CURLOPT_ERRORBUFFER, static_cast<char *>(transfer.problem));
    set(CURLOPT_USERAGENT, (std::string("ngx-cdn/") + version).c_str());
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, static_cast<void *>(&transfer));
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, static_cast<void *>(&transfer));
    set(CURLOPT_PRIVATE, static_cast<void *>(&transfer));
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body.empty()) {
        set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
        set(CURLOPT_POSTFIELDS, request.body.c_str());
    }
    if (!request.ca_file.empty()) {
        set(CURLOPT_CAINFO, request.ca_file.c_str());
    }

    if (!request.via.socket.empty()) {
        set(CURLOPT_UNIX_SOCKET_PATH, request.via.socket.c_str());
    } else if (!request.host.empty()) {
        const std::string to = "::" + request.via.host + ':' + std::to_string(request.via.port != 0 ? request.via.port : request.via.scheme == "https" ? 443 : 80);
        transfer.connect_to = curl_slist_append(nullptr, to.c_str());
        set(CURLOPT_CONNECT_TO, transfer.connect_to);
    }

    for (const auto &[name, value] : request.headers) {
        // an empty one is "Name;" to libcurl, "Name:" takes its own away
        const std::string line = value.empty() ? name + ';' : name + ": " + value;
        transfer.headers = curl_slist_append(transfer.headers, line.c_str());
    }
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    set(CURLOPT_HTTPHEADER, transfer.headers);
}

void finish(Transfer &transfer, CURLcode code)
{
    long status = 0;
    double connect = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_PRETRANSFER_TIME, &connect);

    Response &response = transfer.response;
    response.status = static_cast<int>(status);
    response.connected = connect > 0;
    if (code == CURLE_WRITE_ERROR) {
        response.error = "the answer is over " + std::to_string(transfer.request.most_bytes) + " bytes";
    } else if (code != CURLE_OK) {
        response.error = transfer.problem[0] != '\0' ? transfer.problem : curl_easy_strerror(code);
        response.error = response.error.substr(0, response.error.find('\n'));
    }
}

}  // namespace

std::string_view Response::header(const std::string &name) const
{
    const auto found = headers.find(name);
    return found != headers.end() ? std::string_view(found->second) : std::string_view();
}

Address parse_address(std::string_view url)
{
    const auto wrong = [&](const std::string &why) {
        return Failure(Exit::usage, '"' + printable(url) + "\" " + why);
    };

    Address address;
    const auto colon = url.find("://");
    const std::string scheme = colon != url.npos ? lower(url.substr(0, colon)) : "";
    if ((scheme != "http" && scheme != "https") || !is_line(url) || url.find(' ') != url.npos) {
        throw wrong("is no URL like http://HOST:PORT/PATH");
    }
    address.via.scheme = scheme;
    url.remove_prefix(colon + 3);

    constexpr std::string_view unix_scheme = "unix:";
    if (url.starts_with(unix_scheme)) {
        const auto [socket, rest, has_rest] = cut(url.substr(unix_scheme.size()), ':');
        if (!socket.starts_with('/')) {
            throw wrong("names no socket: http://unix:/PATH/SOCKET:/URI");
        }
        address.via.host = "localhost";
        address.via.socket = socket;
        address.rest = rest;
        return address;
    }

    const auto end = std::min(url.find_first_of("/?#"), url.size());
    const auto where = url.substr(0, end);
    address.rest = url.substr(end, std::min(url.find('#'), url.size()) - end);
    if (where.find('@') != where.npos) {
        throw Failure(Exit::usage, "a URL with a password would show it to whoever lists processes: use a token from a file");
    }
    const auto bracket = where.rfind(']');
    const auto port = where.find(':', bracket == where.npos ? 0 : bracket);
    address.via.host = where.substr(0, port);
    if (port != where.npos) {
        const auto number = parse_digits(where.substr(port + 1));
        if (!number || *number < 1 || *number > 65535) {
            throw wrong("has no port from 1 to 65535");
        }
        address.via.port = static_cast<int>(*number);
    }
    if (address.via.host.empty()) {
        throw wrong("has no host");
    }
    return address;
}

struct Transfers::State {
    CURLM *multi = nullptr;
    std::map<Transfer *, std::unique_ptr<Transfer>> running;
};

Transfers::Transfers() : state_(std::make_unique<State>())
{
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    state_->multi = curl_multi_init();
    if (started != CURLE_OK || state_->multi == nullptr) {
        throw std::runtime_error("libcurl does not start");
    }
}

Transfers::~Transfers()
{
    abort();
    curl_multi_cleanup(state_->multi);
}

void Transfers::start(Request request, Done done)
{
    for (const auto &[name, value] : request.headers) {
        if (!is_line(name) || !is_line(value) || name.empty() || name.find_first_of(": ;") != name.npos) {
            throw Failure(Exit::usage, "no header: \"" + printable(name) + '"');
        }
    }

    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    prepare(*transfer);
    if (curl_multi_add_handle(state_->multi, transfer->easy.get()) != CURLM_OK) {
        throw std::runtime_error("libcurl takes no more requests");
    }
    Transfer *key = transfer.get();
    state_->running[key] = std::move(transfer);
}

int Transfers::in_flight() const
{
    return static_cast<int>(state_->running.size());
}

void Transfers::run(int milliseconds)
{
    int left = 0;
    curl_multi_perform(state_->multi, &left);
    if (left == in_flight()) {
        curl_multi_poll(state_->multi, nullptr, 0, milliseconds, nullptr);
        curl_multi_perform(state_->multi, &left);
    }

    while (CURLMsg *message = curl_multi_info_read(state_->multi, &left)) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        const CURLcode code = message->data.result;
        Transfer *key = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &key);
        curl_multi_remove_handle(state_->multi, key->easy.get());
        const std::unique_ptr<Transfer> transfer = std::move(state_->running[key]);
        state_->running.erase(key);
        finish(*transfer, code);
        transfer->done(transfer->response);
    }
}

void Transfers::abort()
{
    for (const auto &[key, transfer] : state_->running) {
        curl_multi_remove_handle(state_->multi, key->easy.get());
    }
    state_->running.clear();
}

Response fetch(Request request)
{
    const std::string where = request.via.socket.empty() ? request.via.scheme + "://" + request.via.host
                                                               + (request.via.port != 0 ? ':' + std::to_string(request.via.port) : "")
                                                         : request.via.socket;
    Transfers transfers;
    Response response;
    transfers.start(std::move(request), [&](const Response &answer) { response = answer; });
    while (transfers.in_flight() > 0) {
        transfers.run(1000);
    }
    if (!response.error.empty()) {
        throw Failure(Exit::unreachable, where + ": " + response.error);
    }
    return response;
}

}  // namespace cdn::cli
