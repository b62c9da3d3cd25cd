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

// What of a wish a scheme can fulfil; the first thing that it cannot is an error.
namespace wish {
enum : unsigned { nothing = 0, expires = 1, starts = 2, ip = 4, area = 8, hash = 16, in_path = 32 };
}
std::optional<Error> beyond(const Wish &wish, unsigned granted);

// A URL that a scheme's arguments may be added to: none of them is there.
std::optional<Error> signed_already(const Scheme &scheme, const Url &url);

// "/a" gives "/a?x", "/a?b" gives "/a?b&x".
std::string with_argument(const Url &url, std::string_view argument);
std::string with_argument(std::string_view url, std::string_view argument);

// The name of an argument.
Result<std::string> take_name(SchemeOptions &options, std::string_view option,
                              std::string_view otherwise);

// base=URL: scheme and host of the URLs that were signed, variables allowed.
Result<std::string> take_base(SchemeOptions &options);

}  // namespace cdn::sign
