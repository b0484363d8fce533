#include "cli/options.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <cctype>

namespace hedgerow::cli {
namespace {

constexpr std::uint64_t kMaxThreads = 1024;

std::string CheckUuid(const std::string& text) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  bool fits = text.size() == kShape.size();
  for (std::size_t i = 0; fits && i < text.size(); ++i) {
    fits = kShape[i] == 'x' ? std::isxdigit(static_cast<unsigned char>(text[i])) != 0 : text[i] == kShape[i];
  }
  return fits ? "" : fmt::format("not a UUID: it must look like {}, with hexadecimal digits for x", kShape);
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

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

void AddStore(CLI::App& app, StoreOptions& options) {
  app.add_option("--store", options.directory, "Directory of the store")->required()->type_name("DIR");
  AddNumber(app, "--threads", options.threads, "Threads to work with; 0: as many as the machine has",
            {.low = 0, .high = kMaxThreads});
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

void AddRequestId(CLI::App& app, std::string& request_id) {
  app.add_option_function<std::string>(
         "--request-id", [&request_id](const std::string& text) { request_id = Lower(text); },
         "Your id of this request, a UUID; default: a random one")
      ->check(CheckUuid)
      ->type_name("UUID");
}

void AddExamples(CLI::App& app, const std::vector<std::string>& lines) {
  std::string text = "Examples:";
  for (const std::string& line : lines) text += "\n  " + line;
  app.footer(text);
}

std::string NewRequestId() {
  HEDGEROW_CHECK(sodium_init() >= 0, "libsodium cannot be initialised");
  std::array<unsigned char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // variant 10
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
  }
  return text;
}

}  // namespace hedgerow::cli
