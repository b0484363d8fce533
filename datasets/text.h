// Small helpers on text: spelling suggestions, strict numbers, UTF-8.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hedgerow::datasets {

// The candidate with the smallest edit distance to `word` if that is at most a third of its length (at least 1),
// else an empty string.
std::string Closest(std::string_view word, std::span<const std::string> candidates);
// "did you mean 'x'?" or an empty string.
std::string Suggestion(std::string_view word, std::span<const std::string> candidates);

// A finite decimal number, the whole text; surrounding blanks are allowed. Values beyond float32 are refused.
std::optional<float> ParseFloat(std::string_view text);
// A decimal integer without sign or blanks, the whole text.
std::optional<std::uint64_t> ParseUnsigned(std::string_view text);
// RFC 3629: no overlong forms, surrogates or code points above U+10FFFF.
bool ValidUtf8(std::string_view text);

// The beginning of a name, of at most `bytes` bytes, not cut within a character: for messages.
std::string_view Excerpt(std::string_view name, std::size_t bytes);

}  // namespace hedgerow::datasets
