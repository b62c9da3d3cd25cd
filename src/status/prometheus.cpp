#include "status/report.h"

#include "core/text.h"

namespace cdn::status {

namespace {

constexpr std::string_view prefix = "nginx_cdn_";

// The formats are UTF-8; what names of zones and regions hold is not always.
std::string escape_label(std::string_view text)
{
    std::string out;
    for (const char c : valid_utf8(text)) {
        if (c == '\\' || c == '"') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }

    return out;
}

// a="x",b="y"
std::string print_labels(const MetricInfo &metric, const Sample &sample)
{
    std::string out;
    for (std::size_t i = 0; i < metric.labels.size() && !metric.labels[i].empty(); i++) {
        out += out.empty() ? "" : ",";
        out += metric.labels[i];
        out += "=\"";
        out += escape_label(sample.labels[i]);
        out += '"';
    }

    return out;
}

class Printer {
public:
    Printer(bool openmetrics, std::size_t expected) : openmetrics_(openmetrics) { text_.reserve(expected); }

    void head(std::string_view name, std::string_view type, std::string_view help)
    {
        // OpenMetrics names a counter's family without the suffix of its samples
        const bool suffix = type == "counter" && !openmetrics_;
        const std::string family = std::string(prefix) + std::string(name) + (suffix ? "_total" : "");

        text_ += "# HELP " + family + ' ' + std::string(help) + '\n';
        text_ += "# TYPE " + family + ' ' + std::string(type) + '\n';
    }

    // `more` is one more label
    void value(std::string_view name, std::string_view suffix, std::string_view labels,
               std::string_view more, std::string_view number)
    {
        text_ += prefix;
        text_ += name;
        text_ += suffix;
        if (!labels.empty() || !more.empty()) {
            text_ += '{';
            text_ += labels;
            text_ += labels.empty() || more.empty() ? "" : ",";
            text_ += more;
            text_ += '}';
        }
        text_ += ' ';
        text_ += number;
        text_ += '\n';
    }

    void gauge(std::string_view name, std::string_view help, double number)
    {
        head(name, "gauge", help);
        value(name, {}, {}, {}, print_decimal(number));
    }

    std::string take()
    {
        return openmetrics_ ? text_ + "# EOF\n" : std::move(text_);
    }

private:
    bool        openmetrics_;
    std::string text_;
};

const std::vector<std::string> &bound_labels()
{
    static const auto labels = [] {
        std::vector<std::string> out;
        for (const double bound : bucket_bounds) {
            out.push_back("le=\"" + print_decimal(bound) + '"');
        }
        out.push_back("le=\"+Inf\"");
        return out;
    }();
    return labels;
}

void print_histogram(Printer &out, const MetricInfo &metric, const Sample &sample)
{
    const std::string labels = print_labels(metric, sample);
    std::uint64_t count = 0;

    for (std::size_t i = 0; i < sample.buckets.size(); i++) {
        count += sample.buckets[i];
        out.value(metric.name, "_bucket", labels, bound_labels()[i], std::to_string(count));
    }

    out.value(metric.name, "_sum", labels, {},
              print_decimal(static_cast<double>(sample.sum_us) / 1e6));
    out.value(metric.name, "_count", labels, {}, std::to_string(count));
}

void print_caches(Printer &out, const std::vector<CacheZone> &caches)
{
    out.head("cache_size_bytes", "gauge", "What a cache holds on disk");
    for (const CacheZone &cache : caches) {
        out.value("cache_size_bytes", {}, "zone=\"" + escape_label(cache.name) + '"', {},
                  std::to_string(cache.size));
    }

    out.head("cache_max_size_bytes", "gauge", "What a cache may hold on disk, where it has a limit");
    for (const CacheZone &cache : caches) {
        if (cache.max) {
            out.value("cache_max_size_bytes", {}, "zone=\"" + escape_label(cache.name) + '"', {},
                      std::to_string(*cache.max));
        }
    }
}

void print_alerts(Printer &out, const AlertBook &alerts)
{
    out.head("alert_active", "gauge", "1 while an alert lasts");
    for (std::size_t alert = 0; alert < alert_count; alert++) {
        const AlertKind kind = alert_kind(alert);
        out.value("alert_active", {}, "alert=\"" + std::string(kind.name) + '"',
                  "severity=\"" + std::string(name(kind.severity)) + '"',
                  alerts.is_active(alert) ? "1" : "0");
    }
}

void print_schedules(Printer &out, const std::vector<ScheduleState> &schedules)
{
    const auto label = [](const ScheduleState &s) { return "schedule=\"" + escape_label(s.name) + '"'; };

    out.head("schedule_phase", "gauge", "1 for the phase that holds");
    for (const ScheduleState &schedule : schedules) {
        for (const std::string &phase : schedule.phases) {
            out.value("schedule_phase", {}, label(schedule), "phase=\"" + escape_label(phase) + '"',
                      phase == schedule.phase ? "1" : "0");
        }
    }

    out.head("schedule_next_change_timestamp_seconds", "gauge",
             "When the next phase or term begins, in Unix time");
    for (const ScheduleState &schedule : schedules) {
        out.value("schedule_next_change_timestamp_seconds", {}, label(schedule), {},
                  std::to_string(schedule.next_change));
    }
}

void print_warm(Printer &out, const std::vector<WarmState> &states)
{
    struct Gauge {
        std::string_view name;
        std::string_view help;
        double (*value)(const WarmState &);
    };
    static constexpr Gauge gauges[] = {
        {"warm_running", "1 while a warm-up is at work", [](const WarmState &s) { return s.running ? 1.0 : 0.0; }},
        {"warm_next_timestamp_seconds", "When the next warm-up is due, in Unix time; 0: never",
         [](const WarmState &s) { return static_cast<double>(s.next); }},
        {"warm_due_timestamp_seconds", "When the present or last warm-up was due, in Unix time; 0: there was none",
         [](const WarmState &s) { return static_cast<double>(s.due); }},
        {"warm_duration_seconds", "How long the last warm-up took; 0 while one is at work",
         [](const WarmState &s) { return s.ended != 0 ? s.ended - s.started : 0.0; }},
        {"warm_urls", "URLs of the present or last warm-up", [](const WarmState &s) { return static_cast<double>(s.total); }},
        {"warm_urls_done", "How many of them are done", [](const WarmState &s) { return static_cast<double>(s.done); }},
    };

    for (const Gauge &gauge : gauges) {
        if (!states.empty()) {
            out.head(gauge.name, "gauge", gauge.help);
        }
        for (const WarmState &state : states) {
            out.value(gauge.name, {}, "warm=\"" + escape_label(state.name) + '"', {}, print_decimal(gauge.value(state)));
        }
    }
}

}  // namespace

std::string prometheus(const Snapshot &snapshot, const Facts &facts, bool openmetrics)
{
    Printer out(openmetrics, 32 * 1024 + snapshot.samples.size() * 256);

    for (const MetricInfo &metric : metrics()) {
        out.head(metric.name, metric.kind == Kind::counter ? "counter" : "histogram", metric.help);

        const auto print = [&](const Sample &sample) {
            if (metric.kind == Kind::histogram) {
                print_histogram(out, metric, sample);
            } else {
                out.value(metric.name, "_total", print_labels(metric, sample), {},
                          std::to_string(sample.value));
            }
        };

        bool is_counted = false;
        for (const Sample &sample : snapshot.samples) {
            if (sample.metric == metric.metric) {
                print(sample);
                is_counted = true;
            }
        }

        // the first event has to be seen as an increase: what has no labels begins with 0
        if (!is_counted && metric.labels[0].empty()) {
            Sample nothing{};
            nothing.buckets.resize(bucket_bounds.size() + 1);
            print(nothing);
        }
    }

    print_caches(out, facts.caches);
    print_alerts(out, snapshot.alerts);
    print_schedules(out, facts.schedules);
    print_warm(out, facts.warm);

    if (facts.purges) {
        out.gauge("purge_records", "Targets of purges that are remembered",
                  static_cast<double>(facts.purges->records));
        out.gauge("purge_records_max", "Room for targets of purges",
                  static_cast<double>(facts.purges->capacity));
        out.gauge("purge_patterns", "Patterns among them", static_cast<double>(facts.purges->patterns));
        out.head("purge_evictions", "counter", "Targets of purges forgotten for room");
        out.value("purge_evictions", "_total", {}, {}, std::to_string(facts.purges->evictions));
        out.gauge("purge_floor_timestamp_seconds",
                  "What was fetched until then counts as soft-purged, in Unix time; 0: nothing does",
                  facts.purges->floor);
    }
    if (facts.fleet) {
        out.gauge("redis_connected", "Whether the fleet's stream of purges is connected",
                  facts.fleet->connected ? 1 : 0);
        out.gauge("redis_lag_seconds", "Since the fleet's stream of purges was last known to its end",
                  facts.fleet->lag);
    }

    out.gauge("image_memory_bytes", "Pixel memory that jobs of all workers hold, by estimate",
              static_cast<double>(facts.image_memory_bytes));
    out.gauge("image_overdue_threads", "Threads kept by transformations that exceeded cdn_image_timeout",
              static_cast<double>(facts.image_overdue_threads));
    out.gauge("zone_free_bytes", "Free pages of cdn_zone", static_cast<double>(facts.zone_free_bytes));
    out.gauge("start_time_seconds", "When counting began, in Unix time", facts.started);

    out.head("build_info", "gauge", "What is running");
    out.value("build_info", {},
              "version=\"" + escape_label(facts.version) + "\",nginx=\""
                  + escape_label(facts.nginx) + "\",libvips=\"" + escape_label(facts.libvips) + '"',
              {}, "1");

    return out.take();
}

}  // namespace cdn::status
