#include "cli/completion.h"

#include "cli/command.h"
#include "cli/described.h"
#include "core/text.h"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace cdn::cli {

namespace {

using Words = std::vector<std::string>;

std::string join(const Words &words, std::string_view between = " ")
{
    std::string out;
    for (const std::string &word : words) {
        out += out.empty() ? "" : between;
        out += word;
    }

    return out;
}

// "-h", "--help"
Words names_of(const CLI::Option &option)
{
    const std::string names = option.get_name(false, true);
    const auto parts = split(names, ',');
    return {parts.begin(), parts.end()};
}

Words names_of(const CommandList &commands)
{
    Words out;
    for (const CLI::App *command : commands) {
        out.push_back(command->get_name());
    }

    return out;
}

// A subcommand's, and those of what stands below it, which take its own as well.
OptionList all_options(const CLI::App &app)
{
    OptionList out = options_of(app, false);
    for (const CLI::App *below : subcommands_of(app)) {
        for (const CLI::Option *option : options_of(*below, false)) {
            if (std::none_of(out.begin(), out.end(), [&](const CLI::Option *one) { return *one == *option; })) {
                out.push_back(option);
            }
        }
    }

    return out;
}

// What may stand where no option does, if that is some words.
Words plain_words(const CLI::App &app)
{
    Words words = names_of(subcommands_of(app));
    for (const CLI::Option *option : options_of(app, true)) {
        if (words.empty()) {
            words = choices(*option);
        }
    }

    return words;
}

std::string escape(std::string_view text, std::string_view special, std::string_view with)
{
    std::string out;
    for (const char c : text) {
        if (special.find(c) != special.npos) {
            out += with;
        }
        out += c;
    }

    return out;
}

// ---- bash

std::string bash_long_options(const OptionList &options)
{
    Words out;
    for (const CLI::Option *option : options) {
        for (const std::string &name : names_of(*option)) {
            if (name.starts_with("--")) {
                out.push_back(name);
            }
        }
    }

    return join(out);
}

std::string bash_offer(std::string_view what)
{
    return "COMPREPLY=($(compgen " + std::string(what) + " -- \"$word\"))";
}

std::string bash_values(const CLI::Option &option)
{
    const auto words = choices(option);
    const std::string type = type_of(option);
    return !words.empty()        ? bash_offer("-W '" + join(words) + "'")
           : type == "FILE"      ? bash_offer("-f")
           : type == "DIRECTORY" ? bash_offer("-d")
                                 : "COMPREPLY=()";
}

// ---- zsh

std::string zsh_quote(std::string_view text)
{
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? "'\\''" : std::string(1, c);
    }

    return out + '\'';
}

std::string zsh_values(const CLI::Option &option)
{
    const auto words = choices(option);
    const std::string type = type_of(option);
    const std::string action = !words.empty()        ? '(' + join(words) + ')'
                               : type == "FILE"      ? "_files"
                               : type == "DIRECTORY" ? "_files -/"
                               : type == "PLACE"     ? "_ngx-cdn_place"
                                                     : " ";
    std::string out;
    for (const auto value : split(type, ' ')) {        // some take two
        out += ':' + escape(value, "\\:", "\\") + ':' + action;
    }

    return out;
}

// For _arguments: '*--key[the secret]:PLACE:_ngx-cdn_place'
std::string zsh_options(const OptionList &options)
{
    std::string out;
    for (const CLI::Option *option : options) {
        const Words names = names_of(*option);
        const bool has_value = takes_value(*option);
        const std::string after = '[' + escape(option->get_description(), "\\[]", "\\") + ']'
                                  + (has_value ? zsh_values(*option) : "");
        const std::string before = has_value ? "*" : names.size() > 1 ? '(' + join(names) + ')' : "";
        for (const std::string &name : names) {
            out += " \\\n            " + zsh_quote(before + name + after);
        }
    }

    return out;
}

// ---- fish

std::string fish_quote(std::string_view text)
{
    return '\'' + escape(text, "\\'", "\\") + '\'';
}

std::string fish_option(const CLI::Option &option)
{
    std::string out;
    for (const std::string &name : names_of(option)) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (takes_value(option)) {
        const auto words = choices(option);
        const std::string type = type_of(option);
        const bool has_files = type == "FILE" || type == "DIRECTORY" || type == "PLACE";
        out += has_files ? " -r -F" : " -x";
        out += words.empty() ? "" : " -a " + fish_quote(join(words));
    }

    return out + " -d " + fish_quote(option.get_description()) + '\n';
}

}  // namespace

std::string print_bash_completion(const CLI::App &app)
{
    const CommandList commands = subcommands_of(app);
    std::string cases;
    for (const CLI::App *sub : commands) {
        const OptionList options = all_options(*sub);

        cases += "    " + sub->get_name() + ")\n        case $before in\n";
        for (const CLI::Option *option : options) {
            if (takes_value(*option)) {
                cases += "        " + join(names_of(*option), "|") + ") " + bash_values(*option) + "; return ;;\n";
            }
        }
        cases += "        esac\n        options='" + bash_long_options(options) + "'\n";
        if (const Words words = plain_words(*sub); !words.empty()) {
            cases += "        [[ $word == -* ]] || { " + bash_offer("-W '" + join(words) + "'") + "; return; }\n";
        }
        cases += "        ;;\n";
    }

    return "# bash completion of ngx-cdn: source it, or put it into\n"
           "# /usr/share/bash-completion/completions/ngx-cdn\n"
           "_ngx_cdn() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        " + bash_offer("-W '" + join(names_of(commands)) + ' ' + bash_long_options(options_of(app, false)) + "'") + "\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n"
           + cases +
           "    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        " + bash_offer("-W \"$options\"") + "\n"
           "    else\n"
           "        " + bash_offer("-f") + "\n"
           "    fi\n"
           "}\n"
           "complete -F _ngx_cdn ngx-cdn\n";
}

std::string print_zsh_completion(const CLI::App &app)
{
    const CommandList commands = subcommands_of(app);
    std::string names;
    std::string cases;
    for (const CLI::App *sub : commands) {
        names += "            " + zsh_quote(sub->get_name() + ':' + escape(sub->get_description(), "\\:", "\\")) + '\n';

        const Words words = plain_words(*sub);
        cases += "        " + sub->get_name() + ")\n            _arguments -S" + zsh_options(all_options(*sub));
        cases += !words.empty()                     ? " \\\n            '1: :(" + join(words) + ")'"
                 : !options_of(*sub, true).empty() ? " \\\n            '*: :_files'"
                                                   : "";
        cases += " && ret=0 ;;\n";
    }

    return "#compdef ngx-cdn\n"
           "# zsh completion of ngx-cdn: source it after compinit, or put it as _ngx-cdn into a\n"
           "# directory of $fpath, such as /usr/local/share/zsh/site-functions\n"
           "_ngx-cdn_place() {\n"
           "    if compset -P '*file:'; then\n"
           "        _files\n"
           "    else\n"
           "        compadd -S '' -- file: env:\n"
           "    fi\n"
           "}\n"
           "_ngx-cdn() {\n"
           "    local curcontext=$curcontext state state_descr line ret=1\n"
           "    typeset -A opt_args\n"
           "    _arguments -C" + zsh_options(options_of(app, false)) + " \\\n"
           "            '1: :->subcommand' '*:: :->rest' && ret=0\n"
           "    case $state in\n"
           "    subcommand)\n"
           "        local -a subcommands=(\n"
           + names +
           "        )\n"
           "        _describe -t commands subcommand subcommands && ret=0 ;;\n"
           "    rest)\n"
           "        case $words[1] in\n"
           + cases +
           "        esac ;;\n"
           "    esac\n"
           "    return ret\n"
           "}\n"
           "if [[ $funcstack[1] == _ngx-cdn ]]; then\n"
           "    _ngx-cdn \"$@\"\n"
           "else\n"
           "    compdef _ngx-cdn ngx-cdn\n"
           "fi\n";
}

std::string print_fish_completion(const CLI::App &app)
{
    std::string out = "# fish completion of ngx-cdn: source it, or put it into\n"
                      "# /usr/share/fish/vendor_completions.d/ngx-cdn.fish\n";
    const std::string start = "complete -c ngx-cdn -n ";
    for (const CLI::Option *option : options_of(app, false)) {
        out += start + "__fish_use_subcommand" + fish_option(*option);
    }
    for (const CLI::App *sub : subcommands_of(app)) {
        out += start + "__fish_use_subcommand -f -a " + sub->get_name() + " -d " + fish_quote(sub->get_description()) + '\n';

        const std::string here = start + fish_quote("__fish_seen_subcommand_from " + sub->get_name());
        for (const CLI::Option *option : all_options(*sub)) {
            out += here + fish_option(*option);
        }
        if (const Words words = plain_words(*sub); !words.empty()) {
            out += here + " -f -a " + fish_quote(join(words)) + '\n';
        } else if (options_of(*sub, true).empty()) {
            out += here + " -f\n";
        }
    }

    return out;
}

void add_completion(CLI::App &app)
{
    const auto shell = std::make_shared<std::string>();
    auto *completion = app.add_subcommand("completion", "Prints completion for a shell");
    completion->add_option("SHELL", *shell, "the shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->footer("Examples:\n"
                       "  ngx-cdn completion bash >/usr/share/bash-completion/completions/ngx-cdn\n"
                       "  ngx-cdn completion zsh >/usr/local/share/zsh/site-functions/_ngx-cdn\n"
                       "  ngx-cdn completion fish >/usr/share/fish/vendor_completions.d/ngx-cdn.fish\n"
                       "  source <(ngx-cdn completion bash)");
    completion->callback([shell, &app] {
        const std::string script = *shell == "bash"  ? print_bash_completion(app)
                                   : *shell == "zsh" ? print_zsh_completion(app)
                                                     : print_fish_completion(app);
        std::fputs(script.c_str(), stdout);
    });
}

}  // namespace cdn::cli
