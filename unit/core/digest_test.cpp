#include "core/digest.h"

#include "core/encoding.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

TEST(Sha256Hex, IsLowerCaseHex)
{
    EXPECT_EQ(sha256_hex("abc"),                       // FIPS 180-4's example
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HashNamed, KnowsWhatOpensslKnows)
{
    EXPECT_EQ(hex(Hash::named("md5")->of({"a", "bc"})), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hex(Hash::named("SHA1")->of({"abc"})), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(Hash::named("sha512")->size(), 64U);
    EXPECT_FALSE(Hash::named("sha257"));
    EXPECT_FALSE(Hash::named(""));
    EXPECT_FALSE(Hash::named("shake256"));             // of any length: none of its own
}

// RFC 4231, test cases 1, 2 and 6; RFC 2202, test case 2.
TEST(HmacOf, IsThatOfTheRfcs)
{
    EXPECT_EQ(hex(Hmac(Hash::sha256(), std::string(20, '\x0b')).of({"Hi There"})),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(Hmac(Hash::sha256(), "Jefe").of({"what do ya want ", "for nothing?"})),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(Hmac(Hash::sha256(), std::string(131, '\xaa'))
                      .of({"Test Using Larger Than Block-Size Key - Hash Key First"})),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(hex(Hmac(Hash::sha1(), "Jefe").of({"what do ya want for nothing?"})),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST(HmacOf, IsTheSameEachTime)
{
    const Hmac hmac(Hash::sha256(), "Jefe");
    const std::string first = hmac.of({"a"});
    EXPECT_NE(hmac.of({"b"}), first);
    EXPECT_EQ(hmac.of({"a"}), first);
    EXPECT_EQ(hmac.of({"", "a", ""}), first);
}

TEST(EqualInConstantTime, ComparesAllOfIt)
{
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(PublicKeyFromPem, RefusesOtherThings)
{
    EXPECT_FALSE(PublicKey::from_pem(""));
    EXPECT_FALSE(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    EXPECT_FALSE(PublicKey::from_pem("secret"));
}

}  // namespace
}  // namespace cdn
