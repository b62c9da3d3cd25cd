// Where each scheme is made of its options and the keys.

#pragma once

#include "sign/scheme.h"

namespace cdn::sign {

Made make_native(SchemeOptions &options, const Keyring &keys);
Made make_bunnycdn(SchemeOptions &options, const Keyring &keys);
Made make_keycdn(SchemeOptions &options, const Keyring &keys);
Made make_cloudflare(SchemeOptions &options, const Keyring &keys);
Made make_fastly(SchemeOptions &options, const Keyring &keys);
Made make_akamai(SchemeOptions &options, const Keyring &keys);
Made make_google(SchemeOptions &options, const Keyring &keys);
Made make_cloudfront(SchemeOptions &options, const Keyring &keys);
Made make_imgproxy(SchemeOptions &options, const Keyring &keys);
Made make_thumbor(SchemeOptions &options, const Keyring &keys);
Made make_imgix(SchemeOptions &options, const Keyring &keys);
Made make_secure_link(SchemeOptions &options, const Keyring &keys);
Made make_template(SchemeOptions &options, const Keyring &keys);

// "/a" gives "/a?x", "/a?b" gives "/a?b&x".
std::string with_argument(const Url &url, std::string_view argument);
std::string with_argument(std::string_view url, std::string_view argument);

// The name of an argument.
Result<std::string> take_name(SchemeOptions &options, std::string_view option,
                              std::string_view otherwise);

// base=URL: scheme and host of the URLs that were signed, variables allowed.
Result<std::string> take_base(SchemeOptions &options);

}  // namespace cdn::sign
