#include "cli/help.h"

#include "cli/command.h"
#include "core/text.h"
#include "core/version.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cdn::cli {

namespace {

constexpr std::size_t narrow = 72;                     // below, descriptions stand under their options
constexpr std::size_t margin = 28;                     // of descriptions beside them

using Options = std::vector<const CLI::Option *>;
using Apps = std::vector<const CLI::App *>;

Options options_of(const CLI::App &app, bool positional)
{
    Options out;
    for (const CLI::Option *option : app.get_options({})) {
        if (option->get_positional() == positional && !option->get_group().empty()) {
            out.push_back(option);
        }
    }

    return out;
}

Apps subcommands_of(const CLI::App &app)
{
    return app.get_subcommands([](const CLI::App *sub) { return !sub->get_group().empty(); });
}

// Without what the validators add to it after a colon.
std::string type_of(const CLI::Option &option)
{
    return std::string(cut(option.get_type_name(), ':').before);
}

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
    if (option.get_items_expected_max() > 0 && option.get_type_size() > 0) {
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

    return words.empty() ? text : text + ')';
}

std::string usage(const CLI::App &app)
{
    const std::string parent = app.get_parent() != nullptr ? app.get_parent()->get_name() + ' ' : "";
    std::string out = parent + app.get_name();
    if (!subcommands_of(app).empty()) {
        return out + " SUBCOMMAND ...";
    }

    out += " [OPTION...]";
    for (const CLI::Option *option : options_of(app, true)) {
        const std::string name = option->get_name(true) + (option->get_items_expected_max() > 1 ? "..." : "");
        out += option->get_required() ? ' ' + name : " [" + name + ']';
    }
    return out;
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

std::string troff_items(const Options &options)
{
    std::string out;
    for (const CLI::Option *option : options) {
        out += ".TP\n.B " + troff(title(*option)) + '\n' + troff(description(*option)) + '\n';
    }

    return out;
}

// ---- completion

std::string long_options(const CLI::App &app)
{
    std::string out;
    for (const CLI::Option *option : options_of(app, false)) {
        const std::string names = option->get_name(false, true);
        for (const auto name : split(names, ',')) {
            if (name.starts_with("--")) {
                out += out.empty() ? "" : " ";
                out += name;
            }
        }
    }

    return out;
}

// What follows an option, as a command of bash.
std::string reply_to(const CLI::Option &option)
{
    const auto words = choices(option);
    std::string all;
    for (const std::string &word : words) {
        all += all.empty() ? word : ' ' + word;
    }

    const std::string type = type_of(option);
    return !words.empty()                 ? "COMPREPLY=($(compgen -W '" + all + "' -- \"$word\"))"
           : type == "FILE"               ? "COMPREPLY=($(compgen -f -- \"$word\"))"
           : type == "DIRECTORY"          ? "COMPREPLY=($(compgen -d -- \"$word\"))"
                                          : "COMPREPLY=()";
}

}  // namespace

std::vector<std::string> choices(const CLI::Option &option)
{
    std::string set;
    try {
        // reading a validator's name changes nothing, though it is not const
        set = const_cast<CLI::Option &>(option).get_validator()->get_description();
    } catch (const CLI::OptionNotFound &) {
        return {};
    }
    if (!set.starts_with('{') || !set.ends_with('}')) {
        return {};
    }

    const auto words = split(std::string_view(set).substr(1, set.size() - 2), ',');
    return {words.begin(), words.end()};
}

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

    const auto list = [&](const std::string &heading, const Options &options) {
        if (!options.empty()) {
            out += '\n' + heading + ":\n";
        }
        for (const CLI::Option *option : options) {
            out += print_item(title(*option), description(*option), columns);
        }
    };
    list("Arguments", options_of(app, true));

    if (const Apps subs = subcommands_of(app); !subs.empty()) {
        out += "\nSubcommands:\n";
        for (const CLI::App *sub : subs) {
            out += print_item(sub->get_name(), sub->get_description(), columns);
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
    std::string out = ".TH NGX-CDN 1 \"\" \"ngx-cdn " + std::string(version) + "\" \"User Commands\"\n"
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
        if (!sub->get_footer().empty()) {
            out += ".PP\n" + troff_prose(sub->get_footer());
        }
    }

    return out + ".SH NOTES\n" + troff_prose(app.get_footer()) + ".SH SEE ALSO\n.BR nginx (8)\n";
}

std::string print_bash_completion(const CLI::App &app)
{
    std::string names;
    std::string cases;
    for (const CLI::App *sub : subcommands_of(app)) {
        names += (names.empty() ? "" : " ") + sub->get_name();

        cases += "    " + sub->get_name() + ")\n        case $before in\n";
        for (const CLI::Option *option : options_of(*sub, false)) {
            if (option->get_items_expected_max() > 0 && option->get_type_size() > 0) {
                std::string patterns = option->get_name(false, true);
                std::replace(patterns.begin(), patterns.end(), ',', '|');
                cases += "        " + patterns + ") " + reply_to(*option) + "; return ;;\n";
            }
        }
        cases += "        esac\n        options='" + long_options(*sub) + "'\n";
        for (const CLI::Option *option : options_of(*sub, true)) {
            if (!choices(*option).empty()) {
                cases += "        [[ $word == -* ]] || { " + reply_to(*option) + "; return; }\n";
                break;
            }
        }
        cases += "        ;;\n";
    }

    return "# bash completion of ngx-cdn: source it, or put it into\n"
           "# /usr/share/bash-completion/completions/ngx-cdn\n"
           "_ngx_cdn() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '" + names + ' ' + long_options(app) + "' -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n"
           + cases +
           "    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "    fi\n"
           "}\n"
           "complete -F _ngx_cdn ngx-cdn\n";
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

void add_completion(CLI::App &app)
{
    const auto shell = std::make_shared<std::string>();
    auto *completion = app.add_subcommand("completion", "Prints completion for a shell");
    completion->add_option("SHELL", *shell, "the shell")->required()->check(CLI::IsMember({"bash"}));
    completion->footer("Examples:\n"
                       "  ngx-cdn completion bash >/usr/share/bash-completion/completions/ngx-cdn\n"
                       "  source <(ngx-cdn completion bash)");
    completion->callback([shell, &app] { std::fputs(print_bash_completion(app).c_str(), stdout); });
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
