// format=json: what a picture is, and what would be made of it.

#pragma once

#include "image/plan.h"

#include <string>

namespace cdn::image {

// {"width":300,"height":200,"original":{"file_size":...,"width":...,"height":...,
// "format":"image/jpeg"}}, all sizes upright.
std::string describe_in_json(const SourceInfo &source, const Plan &plan);

}  // namespace cdn::image
