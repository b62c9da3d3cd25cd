// ngx-cdn: one command beside the module.

#include "cli/command.h"

int main(int argc, char **argv)
{
    return cdn::cli::run(argc, argv);
}
