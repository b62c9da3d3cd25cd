#include "sign/genuine.h"

#include "core/hash.h"

namespace cdn::sign {

void Question::add(std::string_view part)
{
    const std::uint64_t size = part.size();
    text_.append(reinterpret_cast<const char *>(&size), sizeof(size));
    text_ += part;
}

std::size_t GenuineTokens::place(const Question &question) const
{
    return hash(question.text(), seed_) % most;
}

std::optional<Answer> GenuineTokens::find(const Question &question, std::int64_t now) const
{
    if (entries_.empty()) {
        return std::nullopt;
    }

    const Entry &entry = entries_[place(question)];
    const bool lasts = entry.answer.verdict == Verdict::ok && entry.text == question.text() && now >= entry.since
                       && (!entry.answer.expires || now <= *entry.answer.expires);
    return lasts ? std::optional(entry.answer) : std::nullopt;
}

void GenuineTokens::add(const Question &question, const Answer &answer, std::int64_t now)
{
    if (answer.verdict != Verdict::ok || question.text().size() > longest) {
        return;
    }

    entries_.resize(most);
    entries_[place(question)] = {std::string(question.text()), answer, now};
}

}  // namespace cdn::sign
