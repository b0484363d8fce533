#include "datasets/result.h"

#include <cstdio>
#include <cstdlib>

namespace hedgerow {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kBadInput:
      return "bad_input";
    case ErrorCode::kUnknownRecord:
      return "unknown_record";
    case ErrorCode::kStoreUnavailable:
      return "store_unavailable";
    case ErrorCode::kStoreDamaged:
      return "store_damaged";
    case ErrorCode::kUnreachable:
      return "unreachable";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kOverloaded:
      return "overloaded";
    case ErrorCode::kUnauthorised:
      return "unauthorised";
    case ErrorCode::kNotYet:
      return "not_yet";
  }
  return "unknown";
}

int ExitCodeOf(ErrorCode code) {
  return static_cast<int>(code) % 10;
}

std::string Error::ToString() const {
  std::string text = message;
  if (!place.empty()) text += " (" + place + ")";
  if (!remedy.empty()) text += ": " + remedy;
  return text;
}

void Die(std::string_view message, const char* file, int line) {
  std::fprintf(stderr, "hedgerow: internal error: %.*s (%s:%d): please report this\n", static_cast<int>(message.size()),
               message.data(), file, line);
  std::abort();
}

}  // namespace hedgerow
