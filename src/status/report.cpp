#include "status/report.h"

#include "core/text.h"

#include <nlohmann/json.hpp>

namespace cdn::status {

namespace {

constexpr std::string_view prefix = "nginx_cdn_";

std::string escape_label(std::string_view text)
{
    std::string out;
    for (const char c : text) {
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

// "{a="x",b="y"}" or nothing.
std::string print_labels(const MetricInfo &metric, const Sample &sample,
                         std::string_view extra = {})
{
    std::string out;
    for (std::size_t i = 0; i < metric.labels.size() && !metric.labels[i].empty(); i++) {
        out += out.empty() ? "" : ",";
        out += std::string(metric.labels[i]) + "=\"" + escape_label(sample.labels[i]) + '"';
    }
    if (!extra.empty()) {
        out += out.empty() ? "" : ",";
        out += extra;
    }

    return out.empty() ? out : '{' + out + '}';
}

class Printer {
public:
    explicit Printer(bool openmetrics) : openmetrics_(openmetrics) {}

    void head(std::string_view name, std::string_view type, std::string_view help)
    {
        // OpenMetrics names a counter's family without the suffix of its samples
        const bool suffix = type == "counter" && !openmetrics_;
        const std::string family = std::string(prefix) + std::string(name) + (suffix ? "_total" : "");

        text_ += "# HELP " + family + ' ' + std::string(help) + '\n';
        text_ += "# TYPE " + family + ' ' + std::string(type) + '\n';
    }

    void value(std::string_view name, std::string_view labels, std::string_view number)
    {
        text_ += prefix;
        text_ += name;
        text_ += labels;
        text_ += ' ';
        text_ += number;
        text_ += '\n';
    }

    void gauge(std::string_view name, std::string_view help, double number)
    {
        head(name, "gauge", help);
        value(name, {}, print_decimal(number));
    }

    std::string take()
    {
        return openmetrics_ ? text_ + "# EOF\n" : std::move(text_);
    }

private:
    bool        openmetrics_;
    std::string text_;
};

void print_histogram(Printer &out, const MetricInfo &metric, const Sample &sample)
{
    const std::string name(metric.name);
    std::uint64_t count = 0;

    for (std::size_t i = 0; i < sample.buckets.size(); i++) {
        count += sample.buckets[i];
        const std::string bound =
            i < bucket_bounds.size() ? print_decimal(bucket_bounds[i]) : "+Inf";
        out.value(name + "_bucket", print_labels(metric, sample, "le=\"" + bound + '"'),
                  std::to_string(count));
    }

    const std::string labels = print_labels(metric, sample);
    out.value(name + "_sum", labels, print_decimal(static_cast<double>(sample.sum_us) / 1e6));
    out.value(name + "_count", labels, std::to_string(count));
}

// {"jpeg": {"ok": 3}}: a counter over its first two labels.
nlohmann::json by_two(const std::vector<Sample> &samples, Metric metric)
{
    nlohmann::json out = nlohmann::json::object();
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            out[sample.labels[0]][sample.labels[1]] = sample.value;
        }
    }

    return out;
}

// {"hit": 3}: a counter summed over all labels but one.
nlohmann::json by_one(const std::vector<Sample> &samples, Metric metric, std::size_t label)
{
    std::map<std::string, std::uint64_t> sums;
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            sums[sample.labels[label]] += sample.value;
        }
    }

    return sums;
}

std::uint64_t total(const std::vector<Sample> &samples, Metric metric)
{
    std::uint64_t sum = 0;
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            sum += sample.value;
        }
    }

    return sum;
}

}  // namespace

std::string prometheus(const std::vector<Sample> &samples, const Facts &facts, bool openmetrics)
{
    Printer out(openmetrics);

    for (const MetricInfo &metric : metrics()) {
        out.head(metric.name, metric.kind == Kind::counter ? "counter" : "histogram", metric.help);

        for (const Sample &sample : samples) {
            if (sample.metric != metric.metric) {
                continue;
            }
            if (metric.kind == Kind::histogram) {
                print_histogram(out, metric, sample);
            } else {
                out.value(std::string(metric.name) + "_total", print_labels(metric, sample),
                          std::to_string(sample.value));
            }
        }
    }

    out.gauge("image_memory_bytes", "Pixel memory that jobs of all workers hold, by estimate",
              static_cast<double>(facts.image_memory_bytes));
    out.gauge("zone_free_bytes", "Free pages of cdn_zone", static_cast<double>(facts.zone_free_bytes));
    out.gauge("start_time_seconds", "When counting began, in Unix time", facts.started);

    out.head("build_info", "gauge", "What is running");
    out.value("build_info",
              "{version=\"" + escape_label(facts.version) + "\",nginx=\""
                  + escape_label(facts.nginx) + "\",libvips=\"" + escape_label(facts.libvips)
                  + "\"}",
              "1");

    return out.take();
}

std::string json(const std::vector<Sample> &samples, const Facts &facts)
{
    nlohmann::json out;

    out["version"] = 1;
    out["node"] = facts.node;
    out["started"] = facts.started;
    out["now"] = facts.now;
    out["requests"] = {
        {"total", total(samples, Metric::requests)},
        {"by_status", by_one(samples, Metric::requests, 3)},
        {"by_class", by_one(samples, Metric::responses, 0)},
    };
    out["bytes"] = {{"sent", total(samples, Metric::response_bytes)}};
    out["images"] = {
        {"requests", by_two(samples, Metric::image_requests)},
        {"transforms", by_two(samples, Metric::image_transforms)},
        {"bytes", by_one(samples, Metric::image_bytes, 0)},
        {"memory", facts.image_memory_bytes},
    };

    // names of zones and hosts are not always UTF-8
    return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace cdn::status
