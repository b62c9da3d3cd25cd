// In which form the status is asked for.

#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

namespace cdn::status {

enum class Form { html, json, prometheus, openmetrics };

std::string_view content_type(Form form);

// Of these forms the one that an Accept header names with the highest weight, the first of equals.
// Nothing where it names none: wildcards are no wish.
std::optional<Form> wanted_form(std::string_view accept, std::initializer_list<Form> forms);

}  // namespace cdn::status
