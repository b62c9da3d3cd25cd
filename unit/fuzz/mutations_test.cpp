// Each target over its seeds, and over mutations of them: the same ones in every run.

#include "../image/pictures.h"
#include "targets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cdn::fuzz {
namespace {

std::vector<std::string> corpus(std::string_view name)
{
    std::vector<std::filesystem::path> paths;
    for (const auto &entry : std::filesystem::directory_iterator(
             std::filesystem::path(UNIT_DIRECTORY) / "fuzz/corpus" / name))
    {
        paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());

    std::vector<std::string> seeds;
    for (const auto &path : paths) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }

    return seeds;
}

class Random {
public:
    // xorshift64*
    std::uint64_t next()
    {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545F4914F6CDD1DU;
    }

    std::size_t below(std::size_t n) { return n == 0 ? 0 : (next() >> 16) % n; }

private:
    std::uint64_t state_ = 20'260'901;
};

std::string mutated(std::string text, const std::vector<std::string> &seeds, Random &random)
{
    static constexpr std::string_view tokens[] = {"/", "?", "&", "=", ",", "%2F", "%00", "..", "-1", "0",
                                                  "1e9", "99999999999999999999", "0.0000001", "\xFF\xFF",
                                                  "auto", "width=", "//", "\n", "\"", "{", "]"};

    for (std::size_t n = 1 + random.below(4); n > 0; n--) {
        const std::size_t at = random.below(text.size() + 1);
        const std::string &other = seeds[random.below(seeds.size())];

        switch (random.below(6)) {
        case 0: text.insert(at, tokens[random.below(std::size(tokens))]); break;
        case 1: text.erase(at, 1 + random.below(8)); break;
        case 2: text.insert(at, 1, static_cast<char>(random.next())); break;
        case 3: text.insert(at, text.substr(random.below(text.size() + 1), random.below(32))); break;
        case 4: text = text.substr(0, at) + other.substr(random.below(other.size() + 1)); break;
        default:
            if (at < text.size()) {
                text[at] = static_cast<char>(text[at] ^ 1 << random.below(8));
            }
        }
    }

    return text;
}

class Mutations : public testing::TestWithParam<Target> {};

TEST_P(Mutations, BreakNothing)
{
    image::start();
    const auto seeds = corpus(GetParam().name);
    ASSERT_FALSE(seeds.empty());
    for (const auto &seed : seeds) {
        EXPECT_NO_THROW(GetParam().run(seed)) << testing::PrintToString(seed);
    }

    Random random;
    for (int i = 0; i < 5000 && !HasFailure(); i++) {
        const std::string bytes = mutated(seeds[random.below(seeds.size())], seeds, random);
        EXPECT_NO_THROW(GetParam().run(bytes)) << testing::PrintToString(bytes);
    }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Mutations, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto &test) { return std::string(test.param.name); });

}  // namespace
}  // namespace cdn::fuzz
