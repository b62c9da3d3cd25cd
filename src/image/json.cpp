#include "image/json.h"

namespace cdn::image {

std::string describe_in_json(const SourceInfo &source, const Plan &plan)
{
    const auto field = [](std::string_view name, std::uint64_t value) {
        return '"' + std::string(name) + "\":" + std::to_string(value);
    };
    const bool turned = source.orientation >= 5;
    const int width = turned ? source.height : source.width;
    const int height = turned ? source.width : source.height;

    return '{' + field("width", plan.canvas_width) + ',' + field("height", plan.canvas_height)
           + ",\"original\":{" + field("file_size", source.bytes) + ',' + field("width", width)
           + ',' + field("height", height) + ",\"format\":\""
           + std::string(content_type(source.format)) + "\"}}";
}

}  // namespace cdn::image
