#include "status/form.h"

#include "core/accept.h"
#include "core/text.h"

namespace cdn::status {

std::string_view content_type(Form form)
{
    switch (form) {
    case Form::html:        return "text/html; charset=utf-8";
    case Form::json:        return "application/json";
    case Form::prometheus:  return "text/plain; version=0.0.4; charset=utf-8";
    case Form::openmetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    }
    return {};
}

std::optional<Form> wanted_form(std::string_view accept, std::initializer_list<Form> forms)
{
    std::optional<Form> best;
    double best_weight = 0;

    for (const auto item : split(accept, ',')) {
        const auto [type, parameters, has_parameters] = cut(item, ';');
        const double weight = accept_weight(parameters);
        for (const Form form : forms) {
            const auto own_type = content_type(form);
            if (weight > best_weight && equal_ignoring_case(trim(type), own_type.substr(0, own_type.find(';')))) {
                best = form;
                best_weight = weight;
            }
        }
    }

    return best;
}

}  // namespace cdn::status
