#include "cli/status_screen.h"

#include "cli/status_json.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace cdn::cli {

namespace {

using nlohmann::json;

class Screen {
public:
    explicit Screen(const Look &look) : look_(look) {}

    const Look &look() const { return look_; }

    // One line of parts, each in its colour, as many as fit.
    struct Part {
        std::string text;
        const char *colour = "";
    };
    void line(const std::vector<Part> &parts)
    {
        std::string out;
        int         left = look_.width;
        for (const Part &part : parts) {
            std::string text = fit(part.text, std::min(left, columns(part.text)));
            left -= columns(text);
            const bool painted = look_.colour && *part.colour != '\0';
            out += painted ? std::string("\033[") + part.colour + 'm' + text + "\033[0m" : text;
        }
        lines_.push_back(out);
    }

    void blank() { lines_.emplace_back(); }

    void table(const Table &table, std::size_t yields)
    {
        if (table.rows.empty()) {
            return;
        }
        blank();
        for (const std::string &one : table.lines(look_.width, yields)) {
            line({{one}});
        }
    }

    // Beside each other where there is room.
    void tables(const Table &left, const Table &right, std::size_t yields)
    {
        constexpr int roomy = 100, gap = 4;
        if (look_.width < roomy || left.rows.empty() || right.rows.empty()) {
            table(left, yields);
            table(right, yields);
            return;
        }

        const int  half = (look_.width - gap) / 2;
        auto       lefts = left.lines(half, yields);
        auto       rights = right.lines(half, yields);
        const auto rows = std::max(lefts.size(), rights.size());
        lefts.resize(rows);
        rights.resize(rows);
        blank();
        for (std::size_t i = 0; i < rows; i++) {
            std::string both = fit(lefts[i], half + gap) + rights[i];
            both.erase(both.find_last_not_of(' ') + 1);
            line({{both}});
        }
    }

    // Broken between words, later lines indented.
    void text(const std::string &words, int indent)
    {
        std::string out;
        std::size_t at = 0;
        bool        begins = true;                     // the line has no word yet
        while (at < words.size()) {
            const auto end = std::min(words.find(' ', at), words.size());
            const auto word = words.substr(at, end - at);
            if (!begins && columns(out) + 1 + columns(word) > look_.width) {
                line({{out}});
                out.assign(static_cast<std::size_t>(indent), ' ');
            } else if (!begins) {
                out += ' ';
            }
            out += word;
            begins = false;
            at = end + 1;
        }
        line({{out}});
    }

    std::vector<std::string> take() { return std::move(lines_); }

    static constexpr const char *bold = "1";

private:
    const Look              &look_;
    std::vector<std::string> lines_;
};

const char *colour_of(const std::string &word)
{
    return word == "excellent" || word == "good" ? "32" : word == "warning" ? "33" : word == "critical" ? "31" : "";
}

// Worst to best is no scale of its own: the score's word is that of its points.
std::string word_of_score(double score)
{
    return score >= 95 ? "excellent" : score >= 80 ? "good" : score >= 50 ? "warning" : "critical";
}

void head(Screen &screen, const json &status)
{
    const auto score = number_at(status, {"score"});
    const auto now = number_at(status, {"now"}).value_or(0);
    const auto started = number_at(status, {"started"}).value_or(now);
    const std::string word = score ? word_of_score(*score) : "";
    screen.line({{text_at(status, {"node"}), Screen::bold},
                 {"  "},
                 {score ? number(score) + " of 100, " + word : "too little traffic to judge", colour_of(word)},
                 {"  up " + duration(now - started)},
                 {"  " + clock_time(now)}});

    std::vector<Screen::Part> parts;
    for (const auto &[name, rating] : members_at(status, {"ratings"}).items()) {
        const std::string rated = text_at(rating, {"rating"});
        parts.push_back({(parts.empty() ? "" : "  ") + harmless(name).substr(0, harmless(name).find("_ms")) + ' '
                         + measure_value(name, number_at(rating, {"value"})) + ' '});
        parts.push_back({rated.empty() ? "-" : rated, colour_of(rated)});

        // two of them fit into a narrow line
        int width = 0;
        for (const auto &part : parts) {
            width += columns(part.text);
        }
        if (width > screen.look().width - 36) {
            screen.line(parts);
            parts.clear();
        }
    }
    if (!parts.empty()) {
        screen.line(parts);
    }
}

void alerts(Screen &screen, const json &status)
{
    for (const json &alert : list_at(status, {"alerts"})) {
        if (!value_at(alert, {"ended"}).is_null()) {
            continue;
        }
        const std::string severity = text_at(alert, {"severity"});
        screen.line({{severity + "  ", colour_of(severity)},
                     {text_at(alert, {"name"}) + " is " + number(number_at(alert, {"value"}), 2) + " (bound "
                      + number(number_at(alert, {"threshold"}), 2) + ") since " + clock_time(number_at(alert, {"since"}).value_or(0))}});
    }
}

void windows(Screen &screen, const json &status)
{
    struct Column {
        const char *title;
        int         from_width;
        std::string (*print)(const json &window);
    };
    static constexpr std::array<Column, 10> all = {{
        {"REQUESTS", 72, [](const json &w) { return number(number_at(w, {"requests"})); }},
        {"PER S", 0, [](const json &w) { return number(number_at(w, {"rps"}), 1); }},
        {"HITS", 0, [](const json &w) { return percent(number_at(w, {"hit_ratio"})); }},
        {"ERRORS", 0, [](const json &w) { return percent(number_at(w, {"error_rate"})); }},
        {"ORIGIN", 90, [](const json &w) { return percent(number_at(w, {"origin_share"})); }},
        {"P50", 80, [](const json &w) { return milliseconds(number_at(w, {"p50_ms"})); }},
        {"P95", 0, [](const json &w) { return milliseconds(number_at(w, {"p95_ms"})); }},
        {"P99", 0, [](const json &w) { return milliseconds(number_at(w, {"p99_ms"})); }},
        {"SENT", 110, [](const json &w) { return bytes(number_at(w, {"bytes_sent"})); }},
        {"SAVED", 110, [](const json &w) { return bytes(number_at(w, {"bytes_saved"})); }},
    }};

    Table table{{""}, {false}, {{"5m"}, {"1h"}, {"24h"}}};
    for (const Column &column : all) {
        if (screen.look().width < column.from_width) {
            continue;
        }
        table.titles.emplace_back(column.title);
        table.right.push_back(true);
        for (auto &row : table.rows) {
            row.push_back(column.print(value_at(status, {"windows", row[0]})));
        }
    }
    screen.table(table, 0);
}

// The last seconds of a series, one character each.
void sparkline(Screen &screen, const json &status, const char *title, const char *name, bool share)
{
    static constexpr std::array<const char *, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    constexpr int title_width = 12;

    const json &series = list_at(status, {"series", "5m", name});
    if (!screen.look().utf8 || series.empty()) {
        return;
    }
    const std::size_t room = static_cast<std::size_t>(std::max(screen.look().width - title_width - 10, 1));
    const std::size_t first = series.size() - std::min(series.size(), room);

    double most = share ? 1 : 0;
    for (std::size_t i = first; i < series.size(); i++) {
        most = std::max(most, series[i].is_number() ? series[i].get<double>() : 0);
    }
    std::string line = fit(title, title_width);
    for (std::size_t i = first; i < series.size(); i++) {
        const double value = series[i].is_number() ? std::max(series[i].get<double>(), 0.0) : 0;
        const double level = most > 0 ? value / most * (bars.size() - 1) : 0;
        line += series[i].is_number() && value > 0 ? bars[static_cast<std::size_t>(std::lround(level))] : " ";
    }
    screen.line({{line + ' ' + (share ? "of 100 %" : "max " + number(most))}});
}

void advice(Screen &screen, const json &status)
{
    constexpr std::size_t most = 3;
    const json &list = list_at(status, {"recommendations"});
    if (list.empty()) {
        return;
    }
    screen.blank();
    screen.line({{"ADVICE", Screen::bold}});
    for (std::size_t i = 0; i < std::min(list.size(), most); i++) {
        screen.text("- " + text_at(list[i], {"text"}) + " (" + text_at(list[i], {"reason"}) + "; " + text_at(list[i], {"directive"}) + ')', 2);
    }
}

void purges(Screen &screen, const json &status)
{
    const json &purges = members_at(status, {"purges"});
    if (purges.empty()) {
        return;
    }
    screen.blank();
    const std::string accepted = counts(members_at(purges, {"accepted"}));
    std::string line = "purges: " + (accepted.empty() ? "none" : accepted) + "; remembered " + number(number_at(purges, {"records"})) + " of "
                       + number(number_at(purges, {"capacity"}));
    if (const json &redis = members_at(status, {"redis"}); !redis.empty()) {
        const bool connected = value_at(redis, {"connected"}) == json(true);
        line += connected ? "; Redis connected, " + number(number_at(redis, {"lag"}), 1) + " s behind" : "; Redis is gone";
    }
    screen.text(line, 2);
}

// By requests, most first.
std::vector<std::pair<std::string, const json *>> busiest(const json &groups, std::size_t most)
{
    std::vector<std::pair<std::string, const json *>> sorted;
    for (const auto &[name, group] : groups.items()) {
        sorted.emplace_back(harmless(name), &group);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
        return number_at(*a.second, {"requests"}).value_or(0) > number_at(*b.second, {"requests"}).value_or(0);
    });
    sorted.resize(std::min(sorted.size(), most));
    return sorted;
}

}  // namespace

std::string measure_value(std::string_view measure, std::optional<double> value)
{
    return measure.ends_with("_ms") ? milliseconds(value)
           : measure == "error_rate" ? (value ? number(*value * 100, 2) + " %" : "-")
                                     : percent(value);
}

std::string counts(const json &by_name)
{
    std::vector<std::pair<double, std::string>> sorted;
    for (const auto &[name, count] : by_name.items()) {
        if (count.is_number() && count.get<double>() > 0) {
            sorted.emplace_back(-count.get<double>(), harmless(name));
        }
    }
    std::sort(sorted.begin(), sorted.end());

    std::string out;
    for (const auto &[count, name] : sorted) {
        out += (out.empty() ? "" : ", ") + number(-count) + ' ' + name;
    }
    return out;
}

Table profiles_table(const json &status, std::size_t most)
{
    Table table{{"PROFILE", "REQUESTS", "HITS", "BYTES"}, {false, true, true, true}, {}};
    for (const auto &[name, one] : busiest(members_at(status, {"requests", "by_profile"}), most)) {
        table.rows.push_back({name, number(number_at(*one, {"requests"})), percent(number_at(*one, {"hit_ratio"})),
                              bytes(number_at(*one, {"bytes"}))});
    }
    return table;
}

Table regions_table(const json &status, std::size_t most)
{
    Table table{{"REGION", "REQUESTS", "HITS", "MEAN"}, {false, true, true, true}, {}};
    for (const auto &[name, one] : busiest(members_at(status, {"requests", "by_region"}), most)) {
        table.rows.push_back({name, number(number_at(*one, {"requests"})), percent(number_at(*one, {"hit_ratio"})),
                              milliseconds(number_at(*one, {"mean_ms"}))});
    }
    return table;
}

Table objects_table(const json &status, std::string_view which, std::size_t most)
{
    Table table{{"REQUESTS", which == "misses" ? "MOST MISSED" : "MOST REQUESTED"}, {true, false}, {}};
    for (const json &object : list_at(status, {"top", which})) {
        if (table.rows.size() < most) {
            table.rows.push_back({number(number_at(object, {"requests"})), text_at(object, {"url"})});
        }
    }
    return table;
}

std::vector<std::string> status_screen(const json &status, const Look &look)
{
    constexpr std::size_t objects = 5, groups = 6;

    Screen screen(look);
    head(screen, status);
    alerts(screen, status);
    windows(screen, status);
    if (!list_at(status, {"series", "5m", "rps"}).empty() && look.utf8) {
        screen.blank();
        sparkline(screen, status, "requests/s", "rps", false);
        sparkline(screen, status, "hit ratio", "hit_ratio", true);
    }
    screen.tables(profiles_table(status, groups), regions_table(status, groups), 0);
    screen.tables(objects_table(status, "objects", objects), objects_table(status, "misses", objects), 1);
    purges(screen, status);
    advice(screen, status);
    return screen.take();
}

}  // namespace cdn::cli
