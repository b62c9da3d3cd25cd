#include "core/fingerprint.h"

#include <gtest/gtest.h>

#include <string>

namespace cdn {
namespace {

TEST(Fingerprint, TellsTextsAndKeysApart)
{
    const FingerprintKey one{1};
    const FingerprintKey other{2};
    const std::string long_text(100'000, 'x');

    EXPECT_EQ(fingerprint(one, long_text), fingerprint(one, long_text));
    EXPECT_NE(fingerprint(one, long_text), fingerprint(other, long_text));
    EXPECT_NE(fingerprint(one, long_text), fingerprint(one, long_text + 'x'));
    EXPECT_NE(fingerprint(one, ""), fingerprint(one, std::string(1, '\0')));
    EXPECT_NE(fingerprint(one, "ab"), fingerprint(one, "ba"));
}

}  // namespace
}  // namespace cdn
