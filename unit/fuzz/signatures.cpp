#include "bytes.h"
#include "sign/scheme.h"
#include "targets.h"

#include <array>
#include <iterator>
#include <memory>
#include <string>

namespace cdn::fuzz {

namespace {

using namespace sign;

// Every scheme that takes the key; options that one must have.
std::unique_ptr<Scheme> scheme_named(std::string_view name)
{
    Keyring keys;
    keys.add({"k1", Secret("a secret")});
    SchemeOptions options;
    if (name == "cloudflare") {
        options.add("ttl=3600");
    }
    if (name == "template") {
        options.add("message={path}{expires}{key}");
        options.add("param=token");
    }

    auto made = make_scheme(name, std::move(options), keys);
    return made ? std::move(*made) : nullptr;
}

}  // namespace

// The first byte chooses the scheme; then a line of cookies, and the URL.
void signatures(std::string_view bytes)
{
    static constexpr std::string_view names[] = {
        "native", "bunnycdn", "keycdn",  "cloudflare", "fastly", "akamai",     "google",
        "cloudfront", "imgproxy", "thumbor", "imgix",  "secure_link", "template"};
    static const auto schemes = [] {
        std::array<std::unique_ptr<Scheme>, std::size(names)> all;
        for (std::size_t i = 0; i < all.size(); i++) {
            all[i] = scheme_named(names[i]);
        }
        return all;
    }();

    Bytes in(bytes);
    const std::size_t choice = in.take<std::uint8_t>() % std::size(names);
    const auto &scheme = schemes[choice];
    if (!scheme) {
        return;
    }

    Asked asked;
    asked.cookies = in.line();
    asked.url = Url::of(in.rest());
    asked.value = [](std::size_t) { return std::string("192.0.2.1"); };

    const Answer answer = scheme->verify(asked, 1'800'000'000);
    must(answer.verdict != Verdict::ok, "nobody guesses a signature");
    must(!answer.wholly_unsigned || answer.verdict == Verdict::missing, "what is unsigned is missing");

    const std::string clean = scheme->clean(asked.url);
    must(clean.size() <= in.rest().size(), "cleaning only takes away");

    // a token that is a segment of the path leaves a path, which may begin with another
    const std::string_view name = names[choice];
    const bool in_path = name == "bunnycdn" || name == "imgproxy" || name == "thumbor";
    must(in_path || scheme->clean(Url::of(clean)) == clean, "what is clean stays as it is");
}

}  // namespace cdn::fuzz
