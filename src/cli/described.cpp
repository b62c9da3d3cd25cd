#include "cli/described.h"

#include "core/text.h"

namespace cdn::cli {

OptionList options_of(const CLI::App &app, bool positional)
{
    OptionList out;
    for (const CLI::Option *option : app.get_options({})) {
        if (option->get_positional() == positional && !option->get_group().empty()) {
            out.push_back(option);
        }
    }

    return out;
}

CommandList subcommands_of(const CLI::App &app)
{
    return app.get_subcommands([](const CLI::App *sub) { return !sub->get_group().empty(); });
}

// Without what the validators add to it after a colon.
std::string type_of(const CLI::Option &option)
{
    return std::string(cut(option.get_type_name(), ':').before);
}

bool takes_value(const CLI::Option &option)
{
    return option.get_items_expected_max() > 0 && option.get_type_size() > 0;
}

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

}  // namespace cdn::cli
