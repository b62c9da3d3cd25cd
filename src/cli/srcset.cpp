#include "cli/command.h"

namespace cdn::cli {

void add_srcset(CLI::App &) {}

}  // namespace cdn::cli
