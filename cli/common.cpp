#include "cli/common.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace hedgerow::cli {
namespace {

// Paths and arguments may hold any bytes; JSON may not.
std::string ToLine(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void PrintJson(const Json& object) {
  Print(ToLine(object));
}

void Note(const GlobalOptions& global, std::string_view text) {
  if (!global.json) fmt::print(stderr, "hedgerow: {}\n", text);
}

int Fail(const GlobalOptions& global, const Error& error, const Json& more) {
  std::fflush(stdout);
  if (global.json) {
    Json object = {{"code", ErrorCodeName(error.code)},
                   {"message", error.message},
                   {"place", error.place},
                   {"remedy", error.remedy}};
    object.update(more);
    fmt::print(stderr, "{}", ToLine({{"error", object}}));
  } else {
    fmt::print(stderr, "hedgerow: error: {}\n", error.ToString());
  }
  return ExitCodeOf(error.code);
}

int FinishOutput(const GlobalOptions& global, int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  return Fail(global, {ErrorCode::kIo, "the result could not be written", "stdout",
                       "what the command was to do is done; only its report is incomplete"});
}

std::unique_ptr<forest::Executor> MakeExecutor(std::uint32_t threads) {
#if defined(__SANITIZE_THREAD__)
  return forest::MakeThreadExecutor(threads);  // the system's oneTBB is not instrumented: false reports
#else
  return forest::MakeTbbExecutor(threads);
#endif
}

std::string LogKeyFromEnvironment() {
  const char* const path = std::getenv("HEDGEROW_LOG_KEY");
  return path == nullptr ? "" : path;
}

Result<OpenStore> Open(const StoreOptions& options, storage::OpenMode mode) {
  OpenStore opened{options.directory, MakeExecutor(options.threads), nullptr};
  storage::OpenOptions open;
  open.mode = mode;
  open.log_key = LogKeyFromEnvironment();
  auto store = storage::Store::Open(options.directory, open, *opened.executor);
  if (!store) return store.error();
  opened.store = std::move(*store);
  return opened;
}

}  // namespace hedgerow::cli
