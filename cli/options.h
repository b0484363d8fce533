// Options that several verbs share, and how their values are checked.
//
// Numbers are plain decimals: CLI11's own conversion would read 010 as eight. An option that is wrong ends in one
// of CLI11's exceptions, which cli/main.cpp turns into a usage error.
//
// Thread rule: main thread only. Variables must outlive the parse.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/data.h"
#include "datasets/text.h"

namespace hedgerow::cli {

struct Range {
  std::uint64_t low = 0;
  std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
};

// An empty text if `text` is a whole number in the range, else what is wrong with it.
std::string CheckNumber(const std::string& text, const Range& range);

// The same for a record id.
std::string CheckRecord(const std::string& text);

// An option for a whole number. Its default is what `variable` holds.
template <class Unsigned>
CLI::Option* AddNumber(CLI::App& app, const std::string& name, Unsigned& variable, const std::string& help,
                       const Range& range) {
  return app
      .add_option_function<std::string>(
          name,
          [&variable](const std::string& text) { variable = static_cast<Unsigned>(*datasets::ParseUnsigned(text)); },
          help)
      ->check([range](const std::string& text) { return CheckNumber(text, range); })
      ->type_name("N")
      ->default_str(std::to_string(variable));
}

// --json
void AddJson(CLI::App& app, GlobalOptions& global);
// --threads
void AddThreads(CLI::App& app, StoreOptions& options);
// --store and --threads
void AddStore(CLI::App& app, StoreOptions& options);
// --id, --subject and --subjects
void AddColumns(CLI::App& app, ColumnOptions& options);
// --request-id, --wait and, for erasures, the ground.
struct RequestOptions {
  std::string id;
  std::string ground;  // may be empty
  std::string role;    // may be empty
  std::string wait;    // the name of a stage
  bool wait_given = false;
};
void AddRequestId(CLI::Option* option);
void AddRequest(CLI::App& app, RequestOptions& request, storage::Stage wait_for);
storage::UpdateOptions ToUpdateOptions(const RequestOptions& request);
// The part of --help with examples, a line each.
void AddExamples(CLI::App& app, const std::vector<std::string>& lines);

}  // namespace hedgerow::cli
