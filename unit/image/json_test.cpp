#include "image/json.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

TEST(Json, TellsOfTheSourceAndTheResult)
{
    SourceInfo source;
    source.bytes = 1234;
    source.width = 800;
    source.height = 600;

    Request request;
    request.json = true;
    request.width = 400;
    const auto plan = make_plan(request, source, {});

    EXPECT_EQ(describe_in_json(source, *plan),
              R"({"width":400,"height":300,"original":{"file_size":1234,"width":800,"height":600,)"
              R"("format":"image/jpeg"}})");
}

TEST(Json, HasUprightSizes)
{
    SourceInfo source;
    source.format = Format::webp;
    source.width = 800;
    source.height = 600;
    source.orientation = 6;

    Request request;
    request.json = true;
    const auto plan = make_plan(request, source, {});

    EXPECT_EQ(describe_in_json(source, *plan),
              R"({"width":600,"height":800,"original":{"file_size":0,"width":600,"height":800,)"
              R"("format":"image/webp"}})");
    EXPECT_EQ(plan->memory, 0U);
}

}  // namespace
}  // namespace cdn::image
