#include "cli/report_text.h"

#include "cli/help.h"
#include "cli/status_json.h"
#include "cli/status_screen.h"
#include "cli/terminal.h"

namespace cdn::cli {

namespace {

using nlohmann::json;

// Plain text of so many columns, or Markdown.
class Document {
public:
    Document(bool markdown, int columns) : markdown_(markdown), columns_(columns) {}

    void title(const std::string &text) { text_ += (markdown_ ? "# " + plain(text) : wrapped(text, 0)) + '\n'; }

    void heading(const std::string &text)
    {
        text_ += markdown_ ? "\n## " + plain(text) + "\n\n" : '\n' + text + '\n';
    }

    void fact(const std::string &name, const std::string &value)
    {
        text_ += markdown_ ? "- **" + plain(name) + "**: " + plain(value) + '\n' : "  " + fit(name, 12) + "  " + wrapped(value, 16) + '\n';
    }

    void item(const std::string &text) { text_ += (markdown_ ? "- " + plain(text) : "  - " + wrapped(text, 4)) + '\n'; }

    void table(const Table &table, std::size_t yields)
    {
        if (!markdown_) {
            for (const std::string &line : table.lines(columns_ - 2, yields)) {
                text_ += "  " + line + '\n';
            }
            return;
        }

        row(table.titles);
        text_ += '|';
        for (const bool right : table.right) {
            text_ += right ? "---:|" : "---|";
        }
        text_ += '\n';
        for (const auto &one : table.rows) {
            row(one);
        }
    }

    const std::string &text() const { return text_; }

private:
    std::string wrapped(const std::string &text, std::size_t indent) const
    {
        return wrap(text, static_cast<std::size_t>(columns_), indent);
    }

    void row(const std::vector<std::string> &cells)
    {
        text_ += '|';
        for (const std::string &cell : cells) {
            text_ += ' ' + plain(cell) + " |";
        }
        text_ += '\n';
    }

    // What Markdown would take for its own.
    static std::string plain(const std::string &text)
    {
        std::string out;
        for (const char c : text) {
            if (std::string_view("\\`*_[]<>|#&").find(c) != std::string_view::npos) {
                out += '\\';
            }
            out += c;
        }
        return out;
    }

    bool        markdown_;
    int         columns_;
    std::string text_;
};

// ", +12 % against the hour before"; nothing where that is not known.
std::string change(const json &trend, std::string_view name, const std::string &before)
{
    const auto share = number_at(trend, {name, "change"});
    if (!share) {
        return "";
    }
    return std::string(", ") + (*share >= 0 ? "+" : "") + number(*share * 100, 1) + " % against " + before;
}

void traffic(Document &document, const json &window, const json &trend, const std::string &before)
{
    document.heading("Traffic");
    document.fact("Requests", number(number_at(window, {"requests"})) + ", " + number(number_at(window, {"rps"}), 1) + " a second"
                                  + change(trend, "rps", before));
    document.fact("Hit ratio", percent(number_at(window, {"hit_ratio"})) + change(trend, "hit_ratio", before));
    document.fact("Errors", measure_value("error_rate", number_at(window, {"error_rate"})) + change(trend, "error_rate", before));
    document.fact("Latency", "mean " + milliseconds(number_at(window, {"mean_ms"})) + ", p50 " + milliseconds(number_at(window, {"p50_ms"}))
                                 + ", p95 " + milliseconds(number_at(window, {"p95_ms"})) + ", p99 " + milliseconds(number_at(window, {"p99_ms"}))
                                 + (change(trend, "p95_ms", before).empty() ? "" : " (p95" + change(trend, "p95_ms", before).substr(1) + ')'));
    document.fact("Sent", bytes(number_at(window, {"bytes_sent"})) + ", " + bytes(number_at(window, {"bytes_saved"})) + " of it without an origin"
                              + change(trend, "bytes_saved_per_second", before));
    document.fact("Origin", "asked for " + percent(number_at(window, {"origin_share"})) + " of the requests");
    document.fact("Pictures", number(number_at(window, {"transforms"})) + " made");
    if (const std::string reasons = counts(members_at(window, {"by_reason"})); !reasons.empty()) {
        document.fact("Cache", reasons);
    }
}

}  // namespace

std::string report_text(const json &status, const std::string &period, bool markdown, int columns)
{
    const json &window = value_at(status, {"windows", period});
    const json &trend = value_at(status, {"trends", period == "24h" ? "day" : "hour"});
    const std::string before = period == "24h" ? "the day before" : "the hour before";
    constexpr std::size_t objects = 10, groups = 20;

    Document document(markdown, columns);
    document.title(text_at(status, {"node"}) + ": the last " + (period == "5m" ? "5 minutes" : period == "1h" ? "hour" : "24 hours") + " until "
                   + clock_time(number_at(status, {"now"}).value_or(0)));
    if (const auto watched = number_at(window, {"seconds"})) {
        document.item(duration(*watched) + " of it were watched");
    }

    document.heading("Verdict of the last 5 minutes");
    const auto score = number_at(status, {"score"});
    document.fact("Score", score ? number(score) + " of 100" : "too little traffic to judge");
    for (const auto &[name, rating] : members_at(status, {"ratings"}).items()) {
        const std::string word = text_at(rating, {"rating"});
        document.item(harmless(name) + ": " + measure_value(name, number_at(rating, {"value"})) + (word.empty() ? "" : ", " + word));
    }

    // trends are those of whole hours and days
    traffic(document, window, period == "5m" ? json() : trend, before);

    const auto section = [&](const char *title, const Table &table, std::size_t yields) {
        if (!table.rows.empty()) {
            document.heading(title);
            document.table(table, yields);
        }
    };
    section("Profiles, since the start", profiles_table(status, groups), 0);
    section("Regions, since the start", regions_table(status, groups), 0);
    section("Most requested, today and yesterday", objects_table(status, "objects", objects), 1);
    section("Most missed, today and yesterday", objects_table(status, "misses", objects), 1);

    const double now = number_at(status, {"now"}).value_or(0);
    const double length = period == "24h" ? 86400 : period == "1h" ? 3600 : 300;
    document.heading("Alerts");
    bool any = false;
    for (const json &alert : list_at(status, {"alerts"})) {
        const auto ended = number_at(alert, {"ended"});
        if (ended && *ended < now - length) {
            continue;
        }
        any = true;
        document.item(text_at(alert, {"severity"}) + ": " + text_at(alert, {"name"}) + " was " + number(number_at(alert, {"value"}), 2) + " (bound "
                      + number(number_at(alert, {"threshold"}), 2) + "), from " + clock_time(number_at(alert, {"since"}).value_or(0))
                      + (ended ? " to " + clock_time(*ended) : ", still"));
    }
    if (!any) {
        document.item("none");
    }

    document.heading("Advice, from the last 24 hours");
    for (const json &one : list_at(status, {"recommendations"})) {
        document.item(text_at(one, {"text"}) + ". Why: " + text_at(one, {"reason"}) + ". Directive: " + text_at(one, {"directive"}));
    }
    if (list_at(status, {"recommendations"}).empty()) {
        document.item("none");
    }
    return document.text();
}

}  // namespace cdn::cli
