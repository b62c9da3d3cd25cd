// Configuration of signed URLs: cdn_sign, cdn_sign_scheme, cdn_sign_key.

#pragma once

#include "ngx/ngx.h"
#include "sign/genuine.h"
#include "sign/keyring.h"
#include "sign/scheme.h"
#include "status/counters.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace cdn {

enum SignMode : ngx_uint_t { sign_off, sign_optional, sign_required };

// What a worker remembers of a gate.
struct SignMemory {
    sign::GenuineTokens tokens;
    std::array<status::Counters::Number *, sign::verdicts> counters{};   // in the zone, once found
};

// What the lines of one level come to.  Locations that inherit all of them share it:
// it is one and the same gate.
struct SignPolicy {
    ngx_uint_t                            mode = sign_off;
    std::string                           scheme_name;
    std::unique_ptr<sign::Scheme>         scheme;
    std::vector<ngx_http_complex_value_t> expressions; // the scheme's, compiled
    bool                                  late_is_gone = false;   // expired=410
    std::unique_ptr<SignMemory>           memory;
};

// cdn_sign_scheme NAME key=value ...
struct SignSchemeConf {
    std::string         name = "native";
    sign::SchemeOptions options;
    bool                late_is_gone = false;
};

struct SignConf {
    ngx_uint_t            mode;
    SignSchemeConf       *scheme;
    sign::Keyring        *keys;
    const SignPolicy     *policy;                      // nullptr: off
};

char *set_sign_scheme(ngx_conf_t *cf, ngx_command_t *command, void *conf) noexcept;
char *set_sign_key(ngx_conf_t *cf, ngx_command_t *command, void *conf) noexcept;

char *merge_sign_conf(ngx_conf_t *cf, const SignConf &outer, SignConf &inner);

}  // namespace cdn
