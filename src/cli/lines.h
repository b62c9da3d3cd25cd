// URLs from the command line, and from standard input where it says "-".

#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cdn::cli {

void each_url(const std::vector<std::string> &urls, const std::function<void(const std::string &url)> &use);

}  // namespace cdn::cli
