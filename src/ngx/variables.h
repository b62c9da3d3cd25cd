// Every variable, one table.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

ngx_int_t add_variables(ngx_conf_t *cf) noexcept;

}  // namespace cdn
