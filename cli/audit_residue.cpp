// hedgerow audit residue: searches all files of a store for values that should be gone.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/audit.h"
#include "cli/data.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "storage/residue.h"

namespace hedgerow::cli {
namespace {

struct ResidueOptions {
  std::string store;
  std::vector<std::string> values, numbers, records, subjects;
  std::string file;
};

std::string CheckDecimal(const std::string& text) {
  return datasets::ParseFloat(text) ? "" : "must be a decimal number that a float32 can hold";
}

Result<storage::ResidueQuestion> MakeQuestion(const ResidueOptions& options) {
  storage::ResidueQuestion question{options.values, options.numbers, {}, options.subjects};
  for (const std::string& text : options.records) question.records.push_back(*datasets::ParseUnsigned(text));
  if (!options.file.empty()) {
    const auto lines = ReadSubjectLines(options.file);
    if (!lines) return lines.error();
    question.texts.insert(question.texts.end(), lines->begin(), lines->end());
  }
  return question;
}

// "--record number 2": values are named by where they stand in the command, and never repeated.
std::string NameOf(std::size_t value, const ResidueOptions& options, const storage::ResidueQuestion& question) {
  if (value < options.values.size()) return fmt::format("--value number {}", value + 1);
  if (value < question.texts.size()) return fmt::format("{} line {}", options.file, value - options.values.size() + 1);
  value -= question.texts.size();
  if (value < question.numbers.size()) return fmt::format("--numeric number {}", value + 1);
  value -= question.numbers.size();
  if (value < question.records.size()) return fmt::format("--record number {}", value + 1);
  return fmt::format("--subject number {}", value - question.records.size() + 1);
}

int RunResidue(const GlobalOptions& global, const ResidueOptions& options) {
  const auto question = MakeQuestion(options);
  if (!question) return Fail(global, question.error());
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&] {
    Progress progress("searching " + options.store);
    return storage::FindResidue(options.store, *question,
                                [&](std::uint64_t done, std::uint64_t total) { progress.Update(done, total); });
  }();
  if (!report) return Fail(global, report.error());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const int code = report->found_count == 0 ? kDone : kAnswerIsNo;
  const auto name = [&](std::size_t value) { return NameOf(value, options, *question); };
  if (global.json) {
    const auto hits = [&](const std::vector<storage::ResidueHit>& list) {
      Json array = Json::array();
      for (const storage::ResidueHit& hit : list) {
        array.push_back({{"file", hit.file}, {"offset", hit.offset}, {"as", hit.as}, {"value", name(hit.value)}});
      }
      return array;
    };
    Json too_common = Json::array();
    for (const std::size_t value : report->unsearchable) too_common.push_back(name(value));
    PrintJson({{"found", hits(report->found)},
               {"weak", hits(report->weak)},
               {"found_count", report->found_count},
               {"weak_count", report->weak_count},
               {"too_common", too_common},
               {"files", report->files},
               {"bytes", report->bytes},
               {"seconds", seconds}});
    return FinishOutput(global, code);
  }
  std::string text = fmt::format("Searched {} in {}.\n", Bytes(report->bytes), Count(report->files, "file"));
  text += report->found_count == 0 ? "Nothing was found.\n"
                                   : fmt::format("FOUND in {}:\n", Count(report->found_count, "place"));
  for (const storage::ResidueHit& hit : report->found) {
    text += fmt::format("  {} at {} as {} ({})\n", hit.file, hit.offset, hit.as, name(hit.value));
  }
  if (report->found.size() < report->found_count) text += "  ...\n";
  if (report->weak_count != 0) {
    text += fmt::format(
        "Besides, {} look like one of the values in a form of few telling bytes, which happens by chance.\n",
        Count(report->weak_count, "place"));
  }
  for (const std::size_t value : report->unsearchable) {
    text += fmt::format("NOT TOLD: {} is too common; equal bytes mean nothing.\n", name(value));
  }
  Print(text);
  return FinishOutput(global, code);
}

}  // namespace

Run SetupAuditResidue(CLI::App& residue, GlobalOptions& global) {
  auto options = std::make_shared<ResidueOptions>();
  residue.add_option("--store", options->store, "Directory of a store or a backup, closed or in use")
      ->required()
      ->type_name("DIR");
  residue
      .add_option("--value", options->values,
                  "Value in any form that fits: text, category, number, id; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  residue.add_option("--numeric", options->numbers, "Number, in the forms of a feature; may be repeated")
      ->check(CheckDecimal)
      ->allow_extra_args(false)
      ->type_name("X");
  residue.add_option("--record", options->records, "Record id; several with commas between, or repeated")
      ->check(CheckRecord)
      ->delimiter(',')
      ->type_name("ID");
  residue.add_option("--subject", options->subjects, "Data subject's id; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ID");
  residue
      .add_option("--file", options->file,
                  "File with values, one a line, each as --value: keeps them out of the shell's history")
      ->type_name("FILE");
  RefuseServer(residue, "what a search of files finds has to be seen where they are: run it there, with --store");
  AddJson(residue, global);
  AddExamples(residue, {"hedgerow audit residue --store shop --record 17 --subject customer-4711",
                        "hedgerow audit residue --store shop --numeric 48213.75 --value 'Ashby-de-la-Zouch' --json",
                        "hedgerow audit residue --store shop-backup --file values.txt"});
  return [options, &global] { return RunResidue(global, *options); };
}

}  // namespace hedgerow::cli
