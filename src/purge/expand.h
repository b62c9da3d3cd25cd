// Events and cascades: what is configured turns one target into several.
// Expanded by whoever accepts a purge, so that edges see flat targets.

#pragma once

#include "purge/target.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

class Expansion {
public:
    // cdn_purge_cascade TARGET DEPENDENT ...
    std::optional<Error> add_cascade(std::string_view target, const std::vector<std::string_view> &dependents);

    // cdn_purge_event NAME TARGET ...: targets with {name} in them.  The shape is
    // checked here; values are filled in and checked by fill().
    std::optional<Error> add_event(std::string_view name, const std::vector<std::string_view> &targets);

    // The targets of an event, with {name} replaced by data's values, which cannot
    // widen a target: they are escaped as a URL needs it, and refused when empty,
    // and in URLs with a slash or of dots alone.  So are an unknown event and a
    // missing value; values that no target uses are left alone.
    Result<std::vector<Target>> fill(std::string_view event,
                                     const std::map<std::string, std::string> &data) const;

    // `targets` and all that depends on them, each once; over the caps (16 cascades in
    // a row, most_targets) it is refused.
    Result<std::vector<Target>> expand(std::vector<Target> targets) const;

private:
    std::map<Target, std::vector<Target>>                        cascades_;
    std::map<std::string, std::vector<std::string>, std::less<>> events_;
};

}  // namespace cdn::purge
