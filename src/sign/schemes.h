// Where each scheme is made of its options and the keys.

#pragma once

#include "sign/scheme.h"

namespace cdn::sign {

Made make_native(SchemeOptions &options, const Keyring &keys);

}  // namespace cdn::sign
