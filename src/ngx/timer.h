// A timer of nginx's, with what it needs: it logs through the connection that its data
// is, and here that is nobody's.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

class Timer {
public:
    Timer() = default;
    Timer(const Timer &) = delete;                     // nginx keeps its address
    Timer &operator=(const Timer &) = delete;

    // Not while it is set.
    void prepare(ngx_event_handler_pt handler, void *data, ngx_log_t *log)
    {
        nobody_.fd = static_cast<ngx_socket_t>(-1);
        nobody_.data = data;
        nobody_.log = log;
        event_.handler = handler;
        event_.data = &nobody_;
        event_.log = log;
    }

    // A worker that shuts down does not wait for it.
    void let_worker_end() { event_.cancelable = 1; }

    void start(ngx_msec_t delay) { ngx_add_timer(&event_, delay); }

    void stop()
    {
        if (event_.timer_set) {
            ngx_del_timer(&event_);
        }
    }

    bool is_set() const { return event_.timer_set; }

    // In the handler: what prepare() was given.
    template <typename T>
    static T &data_of(ngx_event_t *event)
    {
        return *static_cast<T *>(static_cast<ngx_connection_t *>(event->data)->data);
    }

private:
    ngx_event_t      event_{};
    ngx_connection_t nobody_{};
};

}  // namespace cdn
