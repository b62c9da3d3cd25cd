#include "sign/genuine.h"

#include "core/hash.h"

#include <cstring>
#include <utility>

namespace cdn::sign {

void Question::add(std::string_view part)
{
    const std::uint64_t size = part.size();
    if (!fits() || size > longest || longest - size_ < sizeof(size) + size) {
        size_ = longest + 1;
        return;
    }

    std::memcpy(text_ + size_, &size, sizeof(size));
    size_ += sizeof(size);
    size_ += part.copy(text_ + size_, size);
}

std::size_t GenuineTokens::place(const Question &question) const
{
    return hash(question.text(), seed_) % most;
}

const Genuine *GenuineTokens::find(const Question &question, std::int64_t now) const
{
    if (entries_.empty() || !question.fits()) {
        return nullptr;
    }

    const Entry &entry = entries_[place(question)];
    const Answer &answer = entry.genuine.answer;
    const bool lasts = answer.verdict == Verdict::ok && entry.text == question.text() && now >= entry.since
                       && (!answer.expires || now <= *answer.expires);
    return lasts ? &entry.genuine : nullptr;
}

void GenuineTokens::add(const Question &question, Genuine genuine, std::int64_t now)
{
    if (genuine.answer.verdict != Verdict::ok || !question.fits()) {
        return;
    }

    entries_.resize(most);
    entries_[place(question)] = {std::string(question.text()), std::move(genuine), now};
}

}  // namespace cdn::sign
