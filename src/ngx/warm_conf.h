// cdn_warm: what is fetched before visitors ask for it, and when.

#pragma once

#include "ngx/timed_rule.h"
#include "warm/progress.h"
#include "warm/runner_curl.h"

#include <span>
#include <string>
#include <vector>

namespace cdn {

struct WarmRule : TimedRule {
    std::string          name;
    std::size_t          top = 0;
    warm::Errand         errand;                       // what each run starts from
    warm::Progress      *progress = nullptr;           // not in nginx -t
};

// In memory that outlives a reload and a binary upgrade.
struct WarmMemory {
    static constexpr std::size_t most_rules = 32;

    std::atomic<bool> has_secret;
    char              secret[64];                      // hex digits, told to nobody
    warm::Progress    runs[most_rules];
};

struct WarmMain {
    std::vector<WarmRule> rules;
    WarmMemory           *memory = nullptr;
};

char *set_warm(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;

// What only the whole of http {} shows; false: refused, and said why.
bool check_warm(ngx_conf_t *cf, MainConf &main);

}  // namespace cdn
