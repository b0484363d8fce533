// hedgerow forget: takes records, or all records of data subjects, out of the model (GDPR Art. 17).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>

#include "cli/connect.h"
#include "cli/data.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/update_report.h"
#include "cli/verbs.h"
#include "datasets/table_reader.h"

namespace hedgerow::cli {
namespace {

struct ForgetOptions {
  Where where;
  std::vector<std::string> records;
  std::vector<std::string> subjects;
  std::string file, subjects_file;
  RequestOptions request;
  std::string receipt;
  bool dry_run = false;
};

constexpr std::array kGrounds = {"art17-1-a", "art17-1-b", "art17-1-c", "art17-1-d", "art17-1-e", "art17-1-f"};

std::string CheckGround(const std::string& ground) {
  if (std::find(kGrounds.begin(), kGrounds.end(), ground) != kGrounds.end()) return "";
  return "must be one of art17-1-a to art17-1-f: the letter of GDPR Art. 17(1)";
}

// What is asked for, in the order: the options first, then the file.
Result<storage::ForgetRequest> MakeRequest(const ForgetOptions& options) {
  storage::ForgetRequest request;
  request.options = ToUpdateOptions(options.request);
  request.dry_run = options.dry_run;
  for (const std::string& text : options.records) request.records.push_back(*datasets::ParseUnsigned(text));
  request.subjects = options.subjects;
  if (!options.file.empty()) {
    const auto ids = datasets::ReadIds(options.file);
    if (!ids) return ids.error();
    request.records.insert(request.records.end(), ids->begin(), ids->end());
  }
  if (!options.subjects_file.empty()) {
    const auto subjects = ReadSubjectLines(options.subjects_file);
    if (!subjects) return subjects.error();
    request.subjects.insert(request.subjects.end(), subjects->begin(), subjects->end());
  }
  if (std::find(request.subjects.begin(), request.subjects.end(), "") != request.subjects.end()) {
    return Error{ErrorCode::kUsage, "an empty data subject", "--subject",
                 "records without a subject are named by --record"};
  }
  if (!request.records.empty() || !request.subjects.empty()) return request;
  return Error{ErrorCode::kUsage, "nobody is named", "hedgerow forget",
               "name records with --record or --file, or persons with --subject or --subjects-file"};
}

// "--record number 2" or "ids.txt entry 5", for a position from 0: the options come before the file.
std::string PlaceOf(std::size_t position, std::size_t of_option, const std::string& option, const std::string& file) {
  if (position < of_option) return fmt::format("{} number {}", option, position + 1);
  return fmt::format("{} entry {}", file, position - of_option + 1);
}

// Names positions, never persons. With --json record ids too: they mean nothing outside the store.
int FailUnknown(const GlobalOptions& global, const ForgetOptions& options, const storage::ForgetRequest& request,
                const storage::Outcome& outcome) {
  const std::unordered_set<datasets::RecordId> unknown(outcome.unknown.begin(), outcome.unknown.end());
  std::vector<std::string> places;
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    if (unknown.contains(request.records[i])) {
      places.push_back(PlaceOf(i, options.records.size(), "--record", options.file));
    }
  }
  const std::size_t records = places.size();
  Json subject_positions = Json::array();
  for (const std::size_t i : outcome.unknown_subjects) {
    places.push_back(PlaceOf(i, options.subjects.size(), "--subject", options.subjects_file));
    subject_positions.push_back(i + 1);
  }
  std::string message;
  if (records != 0) message = fmt::format("{} of {}", records, Count(request.records.size(), "record"));
  if (!outcome.unknown_subjects.empty()) {
    message += fmt::format("{}{} of {}", message.empty() ? "" : " and ", outcome.unknown_subjects.size(),
                           Count(request.subjects.size(), "data subject"));
  }
  const bool one = places.size() == 1;
  message += one ? " was never in this store" : " were never in this store";
  return Fail(global,
              {ErrorCode::kUnknownRecord, message, List(places),
               fmt::format("nothing was changed; take {} out of the request, or look for the right store",
                           one ? "it" : "them")},
              {{"unknown", outcome.unknown}, {"unknown_subjects", subject_positions}});
}

int RunForget(const GlobalOptions& global, const ForgetOptions& options) {
  const auto request = MakeRequest(options);
  if (!request) return Fail(global, request.error());
  auto opened = OpenAccess(options.where, storage::OpenMode::kWrite);
  if (!opened) return Fail(global, opened.error());
  const auto outcome = (*opened)->Forget(*request, !options.receipt.empty());
  if (!outcome) return Fail(global, outcome.error());
  if (!outcome->unknown.empty() || !outcome->unknown_subjects.empty()) {
    return FailUnknown(global, options, *request, *outcome);
  }
  return FinishUpdate(global, **opened, *outcome,
                      {.verb = options.dry_run ? "Would forget" : "Forgot",
                       .ground = options.request.ground,
                       .dry_run = options.dry_run,
                       .receipt = options.receipt},
                      options.request);
}

}  // namespace

Run SetupForget(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<ForgetOptions>();
  AddWhere(app, options->where);
  app.add_option("--record", options->records, "Record to forget; several with blanks or commas between, or repeated")
      ->check(CheckRecord)
      ->delimiter(',')
      ->type_name("ID");
  app.add_option("--subject", options->subjects, "Data subject, all of whose records are forgotten; may be repeated")
      ->allow_extra_args(false)  // else an id in brackets would be taken as a list
      ->type_name("ID");
  app.add_option("--file", options->file, "File with record ids, one a line, or a CSV whose first column holds them")
      ->type_name("FILE");
  app.add_option("--subjects-file", options->subjects_file, "File with data subjects, one a line")->type_name("FILE");
  AddRequest(app, options->request, storage::Stage::kErased);
  app.add_option("--ground", options->request.ground,
                 "Legal ground, as a letter of GDPR Art. 17(1): art17-1-a to art17-1-f")
      ->check(CheckGround)
      ->type_name("GROUND");
  CLI::Option* receipt =
      app.add_option("--receipt", options->receipt,
                     "File for a receipt of the stage that is waited for; for many, -1, -2, ... are added to its name")
          ->type_name("FILE");
  app.add_flag("--dry-run", options->dry_run, "Tell what forgetting would change, and change nothing")
      ->excludes(receipt);
  AddJson(app, global);
  AddExamples(
      app,
      {"hedgerow forget --store shop --record 17", "hedgerow forget --store shop --record 17 18 19 --ground art17-1-b",
       "hedgerow forget --store shop --subject customer-4711 --dry-run",
       "hedgerow forget --store shop --subject customer-4711 --role data-subject --receipt 4711.tlog-proof",
       "hedgerow forget --store shop --file ids.txt --request-id 8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11 --json"});
  return [options, &global] { return RunForget(global, *options); };
}

}  // namespace hedgerow::cli
