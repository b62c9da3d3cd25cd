// How the canonical URI spells its values; dialect.h has the list.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <string>
#include <string_view>

namespace cdn::image {

std::string print_length(Length length);
Result<Length> read_length(std::string_view key, std::string_view value);
Result<Length> read_side(std::string_view key, std::string_view value);    // of the result

std::string print_sides(const Sides &sides);
Result<Sides> read_sides(std::string_view key, std::string_view value);

std::string print_region(const Region &region);
Result<Region> read_region(std::string_view key, std::string_view value);

std::string print_edges(const PlainEdges &edges);
Result<PlainEdges> read_edges(std::string_view key, std::string_view value);

std::string_view print_fit(Fit fit);
Result<Fit> read_fit(std::string_view key, std::string_view value);

std::string print_gravity(const Gravity &gravity);
Result<Gravity> read_gravity(std::string_view key, std::string_view value);

std::string_view print_kernel(Kernel kernel);
Result<Kernel> read_kernel(std::string_view key, std::string_view value);

std::string print_unsharp(const UnsharpMask &mask);
Result<UnsharpMask> read_unsharp(std::string_view key, std::string_view value);

std::string print_format(const FormatChoice &choice);
Result<FormatChoice> read_format(std::string_view key, std::string_view value);

// "75", "75:60" with one for WebP; "auto", "auto-5", "auto-5:80": what it is
// less by, and at most.
std::string print_overlay(const Overlay &overlay);
Result<Overlay> read_overlay(std::string_view key, std::string_view value);

std::string print_quality(const Quality &quality);
Result<Quality> read_quality(std::string_view key, std::string_view value);

std::string print_origin(std::string_view origin);
Result<std::string> read_origin(std::string_view key, std::string_view value);

}  // namespace cdn::image
