#include "cli/lines.h"

#include <iostream>

namespace cdn::cli {

void each_url(const std::vector<std::string> &urls, const std::function<void(const std::string &url)> &use)
{
    for (const std::string &url : urls) {
        if (url != "-") {
            use(url);
            continue;
        }
        for (std::string line; std::getline(std::cin, line);) {
            while (line.ends_with('\r') || line.ends_with(' ')) {
                line.pop_back();
            }
            if (!line.empty()) {
                use(line);
            }
        }
    }
}

}  // namespace cdn::cli
