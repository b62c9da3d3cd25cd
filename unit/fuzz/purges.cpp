#include "bytes.h"
#include "purge/api.h"
#include "targets.h"

#include <string>

namespace cdn::fuzz {

// Lines: method, path, query, keys; then the body.
void purges(std::string_view bytes)
{
    static const purge::Expansion expansion = [] {
        purge::Expansion made;
        made.add_cascade("course", {"lesson", "tag:quiz"});
        made.add_event("user.updated", {"tag:user-{user_id}", "prefix:/users/{user_id}/"});
        return made;
    }();

    Bytes in(bytes);
    purge::Call call;
    call.method = in.line();
    call.path = in.line();
    call.query = in.line();
    call.surrogate_key = in.line();
    call.body = in.rest();
    call.host = "example.com";

    const auto dialect = purge::dialect_of(call);
    const auto understood = purge::understand(call, expansion, 1'800'000'000'000);
    if (!understood) {
        must(!understood.error().message.empty(), "a refusal has a reason");
        purge::refused(dialect, 400, understood.error());
        return;
    }

    must(understood->dialect == dialect, "a call is answered in its own language");
    if (const auto *submit = std::get_if<purge::Submit>(&understood->action)) {
        must(!submit->purge.targets.empty(), "a purge has targets");
        must(submit->wait_ms >= 0 && submit->wait_ms <= 30'000, "nobody waits for ever");
        purge::accepted(dialect, {submit->purge});
    }
}

}  // namespace cdn::fuzz
