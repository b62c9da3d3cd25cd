// Where secrets come from: a file or the environment, and never the command line,
// which every user of the machine can read.

#pragma once

#include "sign/keyring.h"

#include <string>

namespace cdn::cli {

// "file:NAME" (its bytes without one final newline) or "env:NAME" (as cdn_sign_key
// would have it: text, hex:..., base64:...); "hex:" or "base64:" in front of either
// decodes what is found there.  Anything else is refused, and not repeated.
sign::Secret read_secret(const std::string &option, const std::string &place);

// A token or a password: "file:NAME" (without final newlines) or "env:NAME"; without
// `place` the environment's `variable`, or nothing.
std::string read_token(const std::string &option, const std::string &place, const char *variable);

}  // namespace cdn::cli
