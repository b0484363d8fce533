// Expected failures as values: one Error type for the whole project.
//
// Whatever a caller can meet (a bad field, an unknown record, a store of another version) comes back as an
// Error; broken invariants end the program through Check(), in release builds too. Exceptions stay inside the
// libraries that throw them.
//
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hedgerow {

// What kind of failure this is. The last digit is the exit code of the command line (docs/cli.md); never renumber.
enum class ErrorCode : std::uint8_t {
  kUsage = 2,             // the request itself makes no sense
  kBadInput = 3,          // data that came from outside is malformed
  kUnknownRecord = 4,     // a record or subject that is not there
  kStoreUnavailable = 5,  // store missing, locked, already there, or of another version
  kStoreDamaged = 6,      // a checksum or an invariant of the store does not hold
  kUnreachable = 7,       // no server there, or it went away
  kIo = 8,                // the operating system refused a read or a write
  kOverloaded = 17,       // a server has too much to do: come again
  kUnauthorised = 27,     // a server does not grant this to the caller
  kNotYet = 37,           // a server has not come as far as the caller wants
};

// The exit code of the command line for it.
int ExitCodeOf(ErrorCode code);

// A short stable word for machines, such as "bad_input".
std::string_view ErrorCodeName(ErrorCode code);

// WHAT went wrong, WHERE ("people.csv:12:7", "store /x"), and what to do about it. Never holds the content of
// a record nor the raw id of a person.
struct Error {
  ErrorCode code = ErrorCode::kUsage;
  std::string message;
  std::string place;
  std::string remedy;
  std::uint32_t retry_after_ms = 0;  // of kOverloaded: when to come again

  // "WHAT (WHERE): REMEDY", leaving out what is empty.
  std::string ToString() const;
};

// Ends the program with the message: for invariants, never for input.
[[noreturn]] void Die(std::string_view message, const char* file, int line);

#define HEDGEROW_CHECK(condition, message)            \
  do {                                                \
    if (!(condition)) [[unlikely]]                    \
      ::hedgerow::Die((message), __FILE__, __LINE__); \
  } while (false)

// A value or an Error. value() and error() end the program when the other one is there.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    HEDGEROW_CHECK(ok(), "value() of a failed result: " + std::get<1>(state_).ToString());
    return std::get<0>(state_);
  }
  const T& value() const& { return const_cast<Result*>(this)->value(); }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    HEDGEROW_CHECK(!ok(), "error() of a successful result");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit by design

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    HEDGEROW_CHECK(!ok_, "error() of a successful status");
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace hedgerow
