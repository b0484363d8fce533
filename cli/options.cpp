#include "cli/options.h"

#include <fmt/format.h>

#include "server/request_id.h"

namespace hedgerow::cli {
namespace {

constexpr std::uint64_t kMaxThreads = 1024;

std::string CheckUuid(const std::string& text) {
  if (server::NormalRequestId(text)) return "";
  return "not a UUID: it must look like xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, with hexadecimal digits for x";
}

}  // namespace

std::string CheckRecord(const std::string& text) {
  return datasets::ParseUnsigned(text) ? "" : "a record id is a whole number from 0 to 18446744073709551615";
}

std::string CheckNumber(const std::string& text, const Range& range) {
  const auto number = datasets::ParseUnsigned(text);
  if (number && *number >= range.low && *number <= range.high) return "";
  const bool open = range.high == std::numeric_limits<std::uint64_t>::max();
  return fmt::format("must be a whole number {} {}{}", open ? "of at least" : "from", range.low,
                     open ? "" : fmt::format(" to {}", range.high));
}

void AddJson(CLI::App& app, GlobalOptions& global) {
  app.add_flag("--json", global.json, "Print the result as one JSON object; errors too, on stderr");
}

void AddThreads(CLI::App& app, StoreOptions& options) {
  AddNumber(app, "--threads", options.threads, "Threads to work with; 0: as many as the machine has",
            {.low = 0, .high = kMaxThreads});
}

void AddStore(CLI::App& app, StoreOptions& options) {
  app.add_option("--store", options.directory, "Directory of the store")->required()->type_name("DIR");
  AddThreads(app, options);
}

void AddColumns(CLI::App& app, ColumnOptions& options) {
  app.add_option("--id", options.id, "Column with the record ids; default: the schema's, else a column called id")
      ->type_name("COL");
  CLI::Option* column =
      app.add_option(
             "--subject", options.subject,
             "Column that says to which person a record belongs; default: the schema's, else a column called subject")
          ->type_name("COL");
  app.add_option("--subjects", options.subjects_file, "The same from a CSV file of its own: record id, person")
      ->type_name("FILE")
      ->excludes(column);
}

// A UUID and nothing else, so that nobody puts a person's name into the list of requests.
void AddRequestId(CLI::Option* option) {
  option->check(CheckUuid)
      ->transform([](const std::string& text) { return server::NormalRequestId(text).value_or(text); })
      ->type_name("UUID");
}

void AddRequest(CLI::App& app, RequestOptions& request, storage::Stage wait_for) {
  request.wait = storage::NameOf(wait_for);
  AddRequestId(
      app.add_option("--request-id", request.id,
                     "Id of the request, a UUID; it is carried out once, however often it comes (default: a new one)"));
  app.add_option("--role", request.role,
                 "Who asked: data-subject, representative, controller, processor or authority; told in the log")
      ->check([](const std::string& name) {
        return storage::RoleOf(name)
                   ? ""
                   : "must be one of data-subject, representative, controller, processor, authority, none";
      })
      ->type_name("ROLE");
  app.add_option("--wait", request.wait, "Stage to wait for: unlearned, durable, exact or erased")
      ->check([](const std::string& name) {
        return storage::StageOf(name) ? "" : "must be one of unlearned, durable, exact, erased";
      })
      ->each([&request](const std::string&) { request.wait_given = true; })
      ->type_name("STAGE")
      ->capture_default_str();
}

storage::UpdateOptions ToUpdateOptions(const RequestOptions& request) {
  storage::UpdateOptions options{.request_id = request.id};
  options.role = storage::RoleOf(request.role).value_or(storage::Role::kNone);
  if (!request.ground.empty()) {
    const int letter = request.ground.back() - 'a';
    options.ground = static_cast<storage::Ground>(static_cast<int>(storage::Ground::kA) + letter);
  }
  return options;
}

void AddExamples(CLI::App& app, const std::vector<std::string>& lines) {
  std::string text = "Examples:";
  for (const std::string& line : lines) text += "\n  " + line;
  app.footer(text);
}

}  // namespace hedgerow::cli
