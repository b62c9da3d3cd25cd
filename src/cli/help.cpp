#include "cli/help.h"

#include "cli/command.h"
#include "cli/described.h"
#include "core/text.h"
#include "core/version.h"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cdn::cli {

namespace {

constexpr std::size_t narrow = 72;                     // below, descriptions stand under their options
constexpr std::size_t margin = 28;                     // of descriptions beside them

// "-h, --help", "--key PLACE", "URL"
std::string title(const CLI::Option &option)
{
    if (option.get_positional()) {
        return option.get_name(true);
    }

    const std::string names = option.get_name(false, true);
    std::string out;
    for (const auto name : split(names, ',')) {
        out += out.empty() ? "" : ", ";
        out += name;
    }
    if (takes_value(option)) {
        out += ' ' + type_of(option);
    }
    return out;
}

std::string description(const CLI::Option &option)
{
    std::string text = option.get_description();
    const auto words = choices(option);
    for (std::size_t i = 0; i < words.size(); i++) {
        text += i == 0 ? " (" : i + 1 < words.size() ? ", " : " or ";
        text += words[i];
    }
    text += words.empty() ? "" : ")";

    const std::string preset = option.get_default_str();
    return preset.empty() ? text : text + "; default: " + preset;
}

// "ngx-cdn purge"
std::string full_name(const CLI::App &app)
{
    return (app.get_parent() != nullptr ? full_name(*app.get_parent()) + ' ' : "") + app.get_name();
}

std::string positional_titles(const CLI::App &app)
{
    std::string out;
    for (const CLI::Option *option : options_of(app, true)) {
        const std::string name = option->get_name(true) + (option->get_items_expected_max() > 1 ? "..." : "");
        out += option->get_required() ? ' ' + name : " [" + name + ']';
    }

    return out;
}

std::string usage(const CLI::App &app)
{
    if (app.get_require_subcommand_min() > 0) {
        return full_name(app) + " SUBCOMMAND ...";
    }

    std::string below;
    for (const CLI::App *sub : subcommands_of(app)) {
        below += (below.empty() ? " [" : "|") + sub->get_name() + positional_titles(*sub);
    }
    return full_name(app) + " [OPTION...]" + positional_titles(app) + (below.empty() ? "" : below + ']');
}

std::string print_item(const std::string &name, std::string_view text, std::size_t columns)
{
    const bool beside = columns >= narrow && name.size() + 4 <= margin;
    const std::size_t indent = columns >= narrow ? margin : 6;
    return "  " + name
           + (beside ? std::string(margin - name.size() - 2, ' ') : '\n' + std::string(indent, ' '))
           + wrap(text, columns, indent) + '\n';
}

// Lines that begin with a space are as they are to be typed; all others are prose.
std::string print_prose(std::string_view text, std::size_t columns)
{
    std::string out;
    for (const auto line : split(text, '\n')) {
        out += line.starts_with(' ') ? std::string(line) : wrap(line, columns, 0);
        out += '\n';
    }

    return out;
}

std::size_t terminal_columns()
{
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? std::min<std::size_t>(size.ws_col, 100)
                                                                            : 80;
}

// ---- troff

std::string troff(std::string_view text)
{
    std::string out;
    bool start = true;
    for (const char c : text) {
        if (start && (c == '.' || c == '\'')) {
            out += "\\&";
        }
        start = c == '\n';
        out += c == '\\'   ? "\\e"
               : c == '-'  ? "\\-"
               : c == '\'' ? "\\(aq"
               : c == '^'  ? "\\(ha"
               : c == '~'  ? "\\(ti"
                           : std::string(1, c);
    }

    return out;
}

std::string troff_prose(std::string_view text)
{
    std::string out;
    bool literal = false;
    for (const auto line : split(text, '\n')) {
        if (line.starts_with(' ') != literal) {
            literal = !literal;
            out += literal ? ".PP\n.nf\n" : ".fi\n.PP\n";
        }
        out += line.empty() ? ".PP\n" : troff(line) + '\n';
    }

    return out + (literal ? ".fi\n" : "");
}

std::string troff_items(const OptionList &options)
{
    std::string out;
    for (const CLI::Option *option : options) {
        out += ".TP\n.B " + troff(title(*option)) + '\n' + troff(description(*option)) + '\n';
    }

    return out;
}

}  // namespace

std::string wrap(std::string_view text, std::size_t columns, std::size_t indent)
{
    std::string out;
    std::size_t column = indent;
    for (const auto word : split(text, ' ')) {
        if (!out.empty() && column + 1 + word.size() > columns) {
            out += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (!out.empty()) {
            out += ' ';
            column++;
        }
        out += word;
        column += word.size();
    }

    return out;
}

std::string print_help(const CLI::App &app, std::size_t columns)
{
    std::string out = "Usage: " + usage(app) + "\n\n" + wrap(app.get_description(), columns, 0) + '\n';

    const auto list = [&](const std::string &heading, const OptionList &options) {
        if (!options.empty()) {
            out += '\n' + heading + ":\n";
        }
        for (const CLI::Option *option : options) {
            out += print_item(title(*option), description(*option), columns);
        }
    };
    list("Arguments", options_of(app, true));

    if (const CommandList subs = subcommands_of(app); !subs.empty()) {
        out += "\nSubcommands:\n";
        for (const CLI::App *sub : subs) {
            const std::string arguments = app.get_parent() != nullptr ? positional_titles(*sub) : "";
            out += print_item(sub->get_name() + arguments, sub->get_description(), columns);
        }
    }

    list("Options", options_of(app, false));
    if (!app.get_footer().empty()) {
        out += '\n' + print_prose(app.get_footer(), columns);
    }
    return out;
}

std::string print_man(const CLI::App &app)
{
    std::string out = ".TH NGX-CDN 1 \"\" \"ngx-cdn " + std::string(version) + "\" \"User Commands\"\n.ad l\n"
                      ".SH NAME\nngx-cdn \\- URLs, signatures, purges and status of an nginx that runs ngx_cdn\n"
                      ".SH SYNOPSIS\n.nf\n";
    for (const CLI::App *sub : subcommands_of(app)) {
        out += troff(usage(*sub)) + '\n';
    }
    out += ".fi\n.SH DESCRIPTION\n" + troff(app.get_description()) + '\n' + ".SH OPTIONS\n"
           + troff_items(options_of(app, false));

    for (const CLI::App *sub : subcommands_of(app)) {
        out += ".SH NGX-CDN " + troff(sub->get_name()) + '\n' + troff(sub->get_description()) + ".\n"
               + troff_items(options_of(*sub, true)) + troff_items(options_of(*sub, false));
        for (const CLI::App *below : subcommands_of(*sub)) {
            out += ".TP\n.B " + troff(below->get_name() + positional_titles(*below)) + '\n' + troff(below->get_description())
                   + '\n';
        }
        if (!sub->get_footer().empty()) {
            out += ".PP\n" + troff_prose(sub->get_footer());
        }
    }

    return out + ".SH NOTES\n" + troff_prose(app.get_footer()) + ".SH SEE ALSO\n.BR nginx (8)\n";
}

void use_help(CLI::App &app)
{
    app.formatter_fn([](const CLI::App *of, std::string, CLI::AppFormatMode) {
        return print_help(*of, terminal_columns());
    });
    app.set_help_flag("-h,--help", "prints this");
    app.footer("Secrets come from files (file:NAME) or the environment (env:NAME), never from the command line, "
               "which every user of the machine can read.  - reads from standard input; what follows -- is no "
               "option.  Errors are one line on standard error.\n"
               "\n"
               "Exit codes: 0 done; 1 what was asked for did not happen (an invalid signature, a purge refused); "
               "2 the command line, a file or a key is wrong; 3 the other side did not answer.\n"
               "\n"
               "ngx-cdn SUBCOMMAND --help has examples.");
}

void add_man(CLI::App &app)
{
    auto *man = app.add_subcommand("man", "Prints the man page");
    man->footer("Examples:\n"
                "  ngx-cdn man | man -l -\n"
                "  ngx-cdn man >/usr/local/share/man/man1/ngx-cdn.1");
    man->callback([&app] { std::fputs(print_man(app).c_str(), stdout); });
}

}  // namespace cdn::cli
