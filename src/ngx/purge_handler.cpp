#include "ngx/purge_handler.h"

#include "ngx/aside.h"
#include "ngx/headers.h"
#include "ngx/image_rewrite.h"
#include "ngx/purge_caller.h"
#include "ngx/purge_fleet.h"
#include "ngx/purge_state.h"
#include "ngx/timer.h"
#include "ngx/zone.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <unistd.h>

namespace cdn {

namespace {

constexpr std::size_t recent_bytes = 1U << 20;         // of the journal, for lists

Error refusal(ErrorCode code, std::string message)
{
    return {code, std::move(message)};
}

// ---- reading

Result<std::string> read_body(ngx_http_request_t *r)
{
    std::string body;
    if (r->request_body == nullptr) {
        return body;
    }

    for (ngx_chain_t *link = r->request_body->bufs; link != nullptr; link = link->next) {
        const ngx_buf_t *buffer = link->buf;
        const auto length = static_cast<std::size_t>(ngx_buf_size(buffer));
        if (length == 0) {
            continue;                                  // "Content-Length: 0": neither memory nor a file
        }
        if (body.size() + length > purge::longest_body) {
            return refusal(ErrorCode::too_large, "the body has more than 1048576 bytes");
        }

        if (ngx_buf_in_memory(buffer)) {
            body.append(reinterpret_cast<const char *>(buffer->pos), length);
            continue;
        }
        const std::size_t start = body.size();
        body.resize(start + length);
        if (pread(buffer->file->fd, body.data() + start, length, buffer->file_pos)
            != static_cast<ssize_t>(length))
        {
            return refusal(ErrorCode::internal, "the body could not be read");
        }
    }
    return body;
}

// Path and query of the call: what the client sent, behind the endpoint's name.
struct Target {
    std::string path;
    std::string query;
};

Target read_target(ngx_http_request_t *r, const RequestState *state)
{
    if (state != nullptr && !state->purge_uri.empty()) {
        const auto [path, query, has_query] = cut(state->purge_uri, '?');
        return {std::string(path), std::string(query)};
    }

    const auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    const auto sent = view(r->unparsed_uri);
    const auto [path, query, has_query] = cut(sent.substr(0, sent.find('#')), '?');
    const auto name = view(core->name);

    const std::string_view whole = path.starts_with(name) ? path : view(r->uri);
    std::string rest(whole.substr(std::min(name.size(), whole.size())));
    if (!rest.empty() && !rest.starts_with('/')) {
        rest.insert(0, "/");
    }
    return {rest == "/" ? std::string() : rest, std::string(query)};
}

// ---- what the journal tells

// From its newest lines; knows nothing of nginx.
std::vector<purge::Standing> recent(const std::vector<std::string> &lines, const std::string &node,
                                    const std::string &region)
{
    std::vector<purge::Standing> standings;
    std::map<std::string, std::size_t> places;

    for (const std::string &text : lines) {
        auto line = purge::parse_line(text);
        if (!line) {
            continue;
        }
        if (auto *purge = std::get_if<purge::Purge>(&*line)) {
            const auto [place, is_new] = places.emplace(purge->id, standings.size());
            if (is_new) {
                standings.emplace_back();
            }
            purge::Standing &standing = standings[place->second];
            standing.status = purge->time_ms > 0 ? purge::Status::applied : purge::Status::scheduled;
            standing.edges.clear();
            if (purge->time_ms > 0) {
                standing.edges.push_back({node, region, purge->time_ms});
            }
            standing.purge = std::move(*purge);
        } else if (const auto *cancelled = std::get_if<purge::Cancelled>(&*line)) {
            if (const auto place = places.find(cancelled->id); place != places.end()) {
                standings[place->second].cancelled = true;
            }
        } else if (const auto *published = std::get_if<purge::Published>(&*line)) {
            if (const auto place = places.find(published->id); place != places.end()) {
                standings[place->second].published = true;
            }
        }
    }
    return standings;
}

std::optional<purge::Standing> find_standing(std::vector<purge::Standing> standings, const std::string &id)
{
    for (purge::Standing &standing : standings) {
        if (standing.purge.id == id) {
            return std::move(standing);
        }
    }
    return std::nullopt;
}

Error no_such_purge(const std::string &id)
{
    return refusal(ErrorCode::not_found, "no such purge: \"" + printable(id) + '"');
}

// ---- doing

void log_purge(ngx_http_request_t *r, const purge::Purge &purge)
{
    constexpr std::size_t most_named = 10;

    std::string what;
    for (std::size_t i = 0; i < std::min(purge.targets.size(), most_named); i++) {
        what += ' ' + printable(purge::print_target_word(purge.targets[i]));
    }
    if (purge.targets.size() > most_named) {
        what += " and " + std::to_string(purge.targets.size() - most_named) + " more";
    }
    if (!purge.reason.empty()) {
        what += ", reason \"" + printable(purge.reason) + '"';
    }

    const ngx_str_t id = borrow(purge.id);
    const ngx_str_t text = borrow(what);
    const ngx_str_t source = borrow(purge.source);
    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0, "cdn purge: %V %s by %V (%V):%V", &id,
                  purge.time_ms == 0 ? "scheduled" : purge.mode == purge::Mode::hard ? "hard" : "soft",
                  &r->connection->addr_text, &source, &text);
}

// A call that waits for Redis, or for what is done aside.  The request may end before that: then
// `request` is gone.
struct Waiting {
    ngx_http_request_t *request = nullptr;
    purge::Dialect      dialect = purge::Dialect::native;
    std::string_view    methods;                       // that such a call may have
    bool                within_handler = false;        // nginx sees to what follows itself
    purge::Standing     standing;
    std::int64_t        until_ms = 0;                  // for the other edges
    Timer               timer;
};

using SharedWaiting = std::shared_ptr<Waiting>;

ngx_int_t send(ngx_http_request_t *r, const purge::Answer &answer);

void finish(Waiting &waiting, const purge::Answer &answer)
{
    ngx_http_request_t *r = waiting.request;
    if (r == nullptr) {
        return;
    }

    ngx_connection_t *c = r->connection;
    waiting.request = nullptr;
    ngx_http_finalize_request(r, send(r, answer));
    if (!waiting.within_handler) {
        ngx_http_run_posted_requests(c);
    }
}

// Whatever happens, the request is answered.
template <typename Work>
void do_for(const SharedWaiting &waiting, Work work)
{
    const bool done = guarded(ngx_cycle->log, false, [&] {
        work();
        return true;
    });
    if (ngx_http_request_t *r = waiting->request; !done && r != nullptr) {
        ngx_connection_t *c = r->connection;
        waiting->request = nullptr;
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        if (!waiting->within_handler) {
            ngx_http_run_posted_requests(c);
        }
    }
}

void ask_edges(const SharedWaiting &waiting)
{
    if (waiting->request == nullptr) {
        return;
    }

    ask_receipts(main_conf(waiting->request), waiting->standing.purge.id, [waiting](const std::optional<purge::Receipts> &receipts) {
        if (waiting->request == nullptr) {
            return;
        }
        if (receipts) {
            waiting->standing.edges = receipts->edges;
            waiting->standing.missing = receipts->missing;
        }
        // a fleet without this edge is one that Redis has just forgotten
        const auto own = view(main_conf(waiting->request).node);
        const bool is_done = receipts && receipts->missing.empty()
                             && std::any_of(receipts->edges.begin(), receipts->edges.end(),
                                            [&](const purge::Receipt &receipt) { return receipt.node == own; });
        if (is_done || clock_ms() >= waiting->until_ms) {
            finish(*waiting, purge::accepted(waiting->dialect, waiting->standing));
            return;
        }

        constexpr ngx_msec_t pause_ms = 10;
        waiting->timer.start(pause_ms);
    });
}

void on_published(const SharedWaiting &waiting, bool taken)
{
    ngx_http_request_t *r = waiting->request;
    const MainConf &conf = main_conf(r);

    if (!taken) {
        waiting->standing.status = purge::Status::pending;
        finish(*waiting, purge::accepted(waiting->dialect, waiting->standing));
        return;
    }

    static_cast<void>(note(conf, purge::Published{waiting->standing.purge.id}));
    if (waiting->standing.purge.time_ms > 0) {
        send_receipt(conf, waiting->standing.purge.id, waiting->standing.purge.time_ms);
    }
    if (waiting->until_ms > 0) {
        ask_edges(waiting);
    } else {
        finish(*waiting, purge::accepted(waiting->dialect, waiting->standing));
    }
}

void on_pause(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [&] {
        ask_edges(Timer::data_of<SharedWaiting>(event));
        return 0;
    });
}

// The request lives until finish(): nginx was told so by reading its body.
SharedWaiting start_waiting(ngx_http_request_t *r)
{
    auto *held = pool_new<SharedWaiting>(r->pool, std::make_shared<Waiting>());
    Waiting &waiting = **held;
    waiting.request = r;
    waiting.timer.prepare(on_pause, held, r->connection->log);

    // replies may come when the request is gone
    struct Forget {
        SharedWaiting waiting;
        ~Forget()
        {
            waiting->request = nullptr;
            waiting->timer.stop();
        }
    };
    pool_new<Forget>(r->pool, *held);
    return *held;
}

purge::Answer refuse(ngx_http_request_t *r, purge::Dialect dialect, std::string_view methods, const Error &error)
{
    if (error.code == ErrorCode::not_allowed) {
        add_response_header(r, "Allow", methods);
    }

    const ngx_int_t status = status_of(error.code);
    const bool knocks = status == NGX_HTTP_UNAUTHORIZED || status == NGX_HTTP_FORBIDDEN;
    log_error(r->connection->log, status >= 500 || knocks ? NGX_LOG_ERR : NGX_LOG_INFO, "cdn purge", error);
    return purge::refused(dialect, static_cast<int>(status), error);
}

void finish(Waiting &waiting, const Error &error)
{
    finish(waiting, refuse(waiting.request, waiting.dialect, waiting.methods, error));
}

// What is read of the journal for that, and made of it, can take long.  All of it for one purge, for
// a list its newest lines.
template <typename Then>
void with_recent(const SharedWaiting &waiting, const std::string &id, Then then)
{
    const MainConf &conf = main_conf(waiting->request);
    auto standings = std::make_shared<std::vector<purge::Standing>>();

    do_aside(
        [id, standings, journal = conf.journal, node = std::string(view(conf.node)),
         region = std::string(view(conf.node_region))] {
            auto lines = journal->tail(id.empty() ? recent_bytes : SIZE_MAX / 2);
            std::erase_if(lines, [&](const std::string &line) { return line.find(id) == line.npos; });
            *standings = recent(lines, node, region);
        },
        [waiting, standings, then] {
            do_for(waiting, [&] {
                if (waiting->request != nullptr) {
                    then(std::move(*standings));
                }
            });
        });
}

// As it was given to another edge.
std::optional<purge::Standing> parse_to_come(const std::optional<std::string> &text)
{
    auto purge = purge::parse_purge(text.value_or(std::string()));
    if (!purge) {
        return std::nullopt;
    }
    return purge::Standing{.purge = std::move(*purge), .status = purge::Status::scheduled};
}

void show_from_fleet(const SharedWaiting &waiting, const std::string &id)
{
    find_to_come(main_conf(waiting->request), id, [waiting, id](const std::optional<std::string> &text) {
        if (waiting->request == nullptr) {
            return;
        }
        const auto standing = parse_to_come(text);
        finish(*waiting, standing ? purge::shown(*standing)
                                  : refuse(waiting->request, waiting->dialect, waiting->methods, no_such_purge(id)));
    });
}

void show(const SharedWaiting &waiting, const purge::Show &show)
{
    with_recent(waiting, show.id, [waiting, id = show.id](std::vector<purge::Standing> standings) {
        const MainConf &conf = main_conf(waiting->request);
        auto standing = find_standing(std::move(standings), id);
        if (!standing && conf.redis != nullptr) {
            show_from_fleet(waiting, id);
            return;
        }
        if (!standing) {
            finish(*waiting, no_such_purge(id));
            return;
        }
        waiting->standing = std::move(*standing);

        if (conf.redis == nullptr) {
            finish(*waiting, purge::shown(waiting->standing));
            return;
        }
        ask_receipts(conf, id, [waiting](const std::optional<purge::Receipts> &receipts) {
            if (receipts && !receipts->edges.empty()) {
                waiting->standing.edges = receipts->edges;
            }
            finish(*waiting, purge::shown(waiting->standing));
        });
    });
}

void list(const SharedWaiting &waiting, const purge::List &list)
{
    with_recent(waiting, {}, [waiting, limit = list.limit](std::vector<purge::Standing> standings) {
        std::reverse(standings.begin(), standings.end());
        standings.resize(std::min(standings.size(), static_cast<std::size_t>(limit)));
        finish(*waiting, purge::listed(standings));
    });
}

// One that nobody else knows of.
void cancel_here(const SharedWaiting &waiting, purge::Standing standing)
{
    if (!note(main_conf(waiting->request), purge::Cancelled{standing.purge.id})) {
        finish(*waiting, refusal(ErrorCode::internal, "the cancellation could not be written down"));
        return;
    }
    standing.cancelled = true;
    finish(*waiting, purge::cancelled(standing));
}

// The fleet's: it is Redis that fires it, and which of the two came first is for Redis to say.
void cancel_there(const SharedWaiting &waiting, const std::string &id, std::optional<purge::Standing> known)
{
    cancel_in_fleet(main_conf(waiting->request), id, [waiting, id, known](const std::optional<std::string> &text) {
        do_for(waiting, [&] {
            if (waiting->request == nullptr) {
                return;                                // this edge learns of it as the others do
            }
            const bool is_cancelled = text && !text->empty();
            const bool is_ours = known && !known->published
                                 && known->purge.node == view(main_conf(waiting->request).node);
            if (is_ours) {
                cancel_here(waiting, *known);
            } else if (is_cancelled) {
                if (known) {                           // the stream says so, too, but the next call may come first
                    static_cast<void>(note(main_conf(waiting->request), purge::Cancelled{id}));
                }
                purge::Standing standing = known ? *known : parse_to_come(text).value_or(purge::Standing{.purge = {.id = id}});
                standing.cancelled = true;
                finish(*waiting, purge::cancelled(standing));
            } else if (!text) {
                finish(*waiting, refusal(ErrorCode::overload, "the fleet does not answer, and the purge is not cancelled: try again"));
            } else {
                finish(*waiting, known ? refusal(ErrorCode::conflict, "the purge is not one to come any more: it is being applied")
                                       : no_such_purge(id));
            }
        });
    });
}

void cancel(const SharedWaiting &waiting, const purge::Cancel &cancel)
{
    with_recent(waiting, cancel.id, [waiting, id = cancel.id](std::vector<purge::Standing> standings) {
        const bool has_fleet = main_conf(waiting->request).redis != nullptr;
        auto standing = find_standing(std::move(standings), id);
        if (standing && (standing->status != purge::Status::scheduled || standing->cancelled)) {
            finish(*waiting, refusal(ErrorCode::conflict,
                                     std::string("the purge is not one to come any more: it is ")
                                         + (standing->cancelled ? "cancelled" : "applied")));
        } else if (has_fleet) {
            cancel_there(waiting, id, std::move(standing));
        } else if (standing) {
            cancel_here(waiting, std::move(*standing));
        } else {
            finish(*waiting, no_such_purge(id));
        }
    });
}

void submit(const SharedWaiting &waiting, Prepared prepared, std::int64_t wait_ms)
{
    ngx_http_request_t *r = waiting->request;
    const MainConf &conf = main_conf(r);
    prepared.purge.who = view(r->connection->addr_text);
    auto accepted = accept_purge(conf, std::move(prepared));
    if (!accepted) {
        finish(*waiting, accepted.error());
        return;
    }

    purge::Purge &purge = accepted->purge;
    log_purge(r, purge);
    count_purge(conf, purge);
    const bool applied = purge.time_ms > 0;
    waiting->standing.status = applied ? purge::Status::applied : purge::Status::scheduled;
    waiting->standing.purge = std::move(purge);
    if (conf.redis == nullptr) {
        finish(*waiting, purge::accepted(waiting->dialect, waiting->standing));
        return;
    }

    // for one to come there is nothing to wait for yet
    waiting->until_ms = wait_ms > 0 && applied ? clock_ms() + wait_ms : 0;
    publish(conf, waiting->standing.purge.id, applied ? std::nullopt : waiting->standing.purge.at_ms,
            std::move(accepted->line), [waiting](bool taken) {
                if (waiting->request != nullptr) {
                    on_published(waiting, taken);
                }
            });
}

// A call in memory of its own.
struct OwnCall {
    std::string path;
    std::string query;
    std::string body;
    std::string host;
    std::string surrogate_key;
    std::string method;
    bool        soft = false;

    purge::Call call() const
    {
        return {.method = method, .path = path, .query = query, .body = body,
                .surrogate_key = surrogate_key, .soft = soft, .host = host};
    }
};

// What a call wants; of one that purges, with the text to be written down.
struct Reading {
    std::optional<Result<purge::Understood>> understood;
    std::string                              printed_targets;
};

void act(const SharedWaiting &waiting, Reading &reading)
{
    if (!reading.understood) {
        finish(*waiting, refusal(ErrorCode::internal, "the call could not be read"));
        return;
    }
    if (!*reading.understood) {
        finish(*waiting, reading.understood->error());
        return;
    }

    auto &action = (*reading.understood)->action;
    if (const auto *wanted = std::get_if<purge::Show>(&action)) {
        show(waiting, *wanted);
    } else if (const auto *limit = std::get_if<purge::List>(&action)) {
        list(waiting, *limit);
    } else if (const auto *unwanted = std::get_if<purge::Cancel>(&action)) {
        cancel(waiting, *unwanted);
    } else if (auto *told = std::get_if<purge::Told>(&action)) {
        finish(*waiting, purge::Answer{.body = std::move(told->body)});
    } else {
        auto &wish = std::get<purge::Submit>(action);
        submit(waiting, {std::move(wish.purge), std::move(reading.printed_targets)}, wish.wait_ms);
    }
}

void answer(const SharedWaiting &waiting)
{
    ngx_http_request_t *r = waiting->request;
    const RequestState *state = find_state(r);
    Target target = read_target(r, state);

    const auto own = std::make_shared<OwnCall>();
    own->method = view(r->method_name);
    own->path = std::move(target.path);
    own->query = std::move(target.query);
    own->host = view(r->headers_in.server);
    each_header(r->headers_in.headers, "Surrogate-Key", false, [&](ngx_table_elt_t &field) {
        own->surrogate_key += view(field.value);
        own->surrogate_key += ' ';                     // no comma: it parts no keys here
    });
    own->soft = !trim(request_header(r, "Fastly-Soft-Purge")).empty();   // Fastly reads no value of it either

    waiting->dialect = purge::dialect_of(own->call());
    waiting->methods = purge::allowed_methods(own->call());
    if (const auto error = check_caller(r)) {
        finish(*waiting, *error);
        return;
    }
    auto body = read_body(r);
    if (!body) {
        finish(*waiting, body.error());
        return;
    }
    own->body = std::move(*body);

    const auto reading = std::make_shared<Reading>();
    const auto read = [own, reading, expansion = main_conf(r).purge_expansion, now = clock_ms()] {
        auto understood = purge::understand(own->call(), *expansion, now);
        if (const auto *wish = understood ? std::get_if<purge::Submit>(&understood->action) : nullptr) {
            reading->printed_targets = purge::print_targets(wish->purge.targets);
        }
        reading->understood = std::move(understood);
    };
    do_aside_if_large(own->body.size() + own->surrogate_key.size() + own->query.size(), read, [waiting, reading] {
        do_for(waiting, [&] {
            if (waiting->request != nullptr) {
                act(waiting, *reading);
            }
        });
    });
}

ngx_int_t send(ngx_http_request_t *r, const purge::Answer &answer)
{
    r->headers_out.status = static_cast<ngx_uint_t>(answer.status);
    if (!answer.content_type.empty()) {
        r->headers_out.content_type = copy(r->pool, answer.content_type);
        r->headers_out.content_type_len = r->headers_out.content_type.len;
    }
    r->headers_out.content_length_n = static_cast<off_t>(answer.body.size());
    add_response_header(r, "Cache-Control", "no-store");
    if (answer.status == NGX_HTTP_UNAUTHORIZED) {
        add_response_header(r, "WWW-Authenticate", "Bearer");
    }
    if (answer.status == NGX_HTTP_TOO_MANY_REQUESTS) {
        add_response_header(r, "Retry-After", "1");
    }

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }
    ngx_chain_t out{whole_body(r, copy(r->pool, answer.body)), nullptr};
    return ngx_http_output_filter(r, &out);
}

void on_body(ngx_http_request_t *r) noexcept
{
    const auto waiting = guarded<SharedWaiting>(r->connection->log, nullptr, [&] { return start_waiting(r); });
    if (!waiting) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    waiting->within_handler = true;
    do_for(waiting, [&] { answer(waiting); });
    waiting->within_handler = false;
}

}  // namespace

ngx_int_t purge_handler(ngx_http_request_t *r) noexcept
{
    if (main_conf(r).journal == nullptr) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    if (r->headers_in.content_length_n > static_cast<off_t>(purge::longest_body)) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    const ngx_int_t rc = ngx_http_read_client_request_body(r, on_body);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

ngx_int_t purge_method_phase(ngx_http_request_t *r) noexcept
{
    const ngx_http_core_loc_conf_t *location = srv_conf(r).purge_location;
    if (location == nullptr || view(r->method_name) != "PURGE" || r != r->main) {
        return NGX_DECLINED;
    }

    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        RequestState &state = make_state(r);
        if (!state.purge_uri.empty()) {
            return NGX_DECLINED;                       // on its way already
        }

        const auto sent = view(r->unparsed_uri);
        state.purge_uri = sent.substr(0, sent.find('#'));
        ngx_str_t name = location->name;
        ngx_http_internal_redirect(r, &name, nullptr);
        ngx_http_finalize_request(r, NGX_DONE);
        return NGX_DONE;
    });
}

}  // namespace cdn
