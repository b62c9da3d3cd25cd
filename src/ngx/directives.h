// Every directive, one table.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

extern ngx_command_t directives[];

}  // namespace cdn
