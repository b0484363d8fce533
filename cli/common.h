// What all verbs share: how results and errors are printed, and how a store is opened.
//
// Results go to stdout, everything else to stderr. With --json both are one JSON object on one line.
//
// Thread rule: main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "datasets/result.h"
#include "forest/executor.h"
#include "storage/store.h"

namespace hedgerow::cli {

using Json = nlohmann::ordered_json;

struct GlobalOptions {
  bool json = false;
};

// Exit codes that are no Error's: see docs/cli.md.
inline constexpr int kDone = 0;
inline constexpr int kAnswerIsNo = 1;

// Writes to stdout. A failed write comes to light in FinishOutput.
void Print(std::string_view text);
void PrintJson(const Json& object);
// Writes "hedgerow: TEXT" to stderr; with --json nothing.
void Note(const GlobalOptions& global, std::string_view text);
// Writes the error to stderr and returns its exit code. With --json the members of `more` join the error object.
int Fail(const GlobalOptions& global, const Error& error, const Json& more = Json::object());
// Flushes stdout. Returns `code`, or that of an I/O error if what was printed did not get out.
int FinishOutput(const GlobalOptions& global, int code);

// The forest's executor; threads 0: as many as the machine has.
std::unique_ptr<forest::Executor> MakeExecutor(std::uint32_t threads);

struct StoreOptions {
  std::string directory;
  std::uint32_t threads = 0;
};

// A store together with the executor that it works with.
struct OpenStore {
  std::string directory;
  std::unique_ptr<forest::Executor> executor;
  std::unique_ptr<storage::Store> store;

  storage::Store* operator->() const { return store.get(); }
};

Result<OpenStore> Open(const StoreOptions& options, storage::OpenMode mode);

// Where HEDGEROW_LOG_KEY says that the secret key of the log is; empty: in the store's directory.
std::string LogKeyFromEnvironment();

}  // namespace hedgerow::cli
