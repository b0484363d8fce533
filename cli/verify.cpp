// hedgerow verify: grows the forest anew from the live records, compares the roots, and enters the result in the log.
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <memory>

#include "cli/connect.h"
#include "cli/format.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct VerifyOptions {
  Where where;
  bool quick = false, read_only = false;
};

// For writing, so that the result can be entered in the log; for reading where another process has the store open.
Result<OpenStore> OpenToVerify(const VerifyOptions& options) {
  if (!options.quick && !options.read_only) {
    auto opened = Open(options.where.store, storage::OpenMode::kWrite);
    if (opened || opened.error().code == ErrorCode::kStoreDamaged) return opened;
  }
  return Open(options.where.store, storage::OpenMode::kRead);
}

Json ToJson(const storage::Verification& found, double seconds) {
  return {{"equal", found.equal()},
          {"root", found.root.ToHex()},
          {"regrown_root", found.regrown.ToHex()},
          {"logged_root", found.logged ? Json(found.logged->ToHex()) : Json(nullptr)},
          {"sequence", found.sequence},
          {"entered", found.entered},
          {"records", found.records},
          {"seconds", seconds},
          {"quick", false}};
}

std::string ToText(const storage::Verification& found, double seconds) {
  std::string text = found.equal() ? "Equal: the model is the one that grows from the live records alone.\n"
                                   : "NOT EQUAL: the model is not the one that grows from the live records.\n";
  if (found.logged && *found.logged != found.root) text = "NOT EQUAL: the log tells of another model.\n";
  Rows rows = {{"records", Thousands(found.records)},
               {"root", found.root.ToHex()},
               {"grown anew", found.regrown.ToHex()},
               {"in the log", found.logged ? found.logged->ToHex() : "not of this update yet"},
               {"result", found.entered ? "entered in the log" : "not entered in the log"},
               {"time", fmt::format("{:.1f} s", seconds)}};
  return text + Align(rows);
}

struct Quick {
  std::string root;
  std::uint64_t records = 0, sequence = 0;
};

int PrintQuick(const GlobalOptions& global, const Quick& quick, double seconds) {
  if (global.json) {
    PrintJson({{"equal", nullptr},
               {"root", quick.root},
               {"regrown_root", nullptr},
               {"logged_root", nullptr},
               {"sequence", quick.sequence},
               {"entered", false},
               {"records", quick.records},
               {"seconds", seconds},
               {"quick", true}});
  } else {
    Print("Readable: every checksum of the store is right. Nothing was grown anew (--quick).\n");
    Print(Align(
        {{"records", Thousands(quick.records)}, {"root", quick.root}, {"time", fmt::format("{:.1f} s", seconds)}}));
  }
  return FinishOutput(global, kDone);
}

// What a server finds. It answers while updates go on, and enters nothing in the log.
int RunRemote(const GlobalOptions& global, const VerifyOptions& options, const std::function<double()>& seconds) {
  auto opened = OpenAccess(options.where, storage::OpenMode::kRead);
  if (!opened) return Fail(global, opened.error());
  if (options.quick) {
    const auto info = (*opened)->Describe();
    if (!info) return Fail(global, info.error());
    return PrintQuick(global, {info->root.ToHex(), info->records, info->sequence}, seconds());
  }
  const auto found = (*opened)->Compare({});
  if (!found) return Fail(global, found.error());
  storage::Verification verification;
  verification.sequence = found->sequence;
  verification.records = found->records;
  verification.root = found->root;
  verification.regrown = found->regrown_root;
  global.json ? PrintJson(ToJson(verification, seconds())) : Print(ToText(verification, seconds()));
  return FinishOutput(global, verification.equal() ? kDone : kAnswerIsNo);
}

int RunVerify(const GlobalOptions& global, const VerifyOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  if (options.where.remote()) return RunRemote(global, options, seconds);
  auto opened = OpenToVerify(options);
  if (!opened) return Fail(global, opened.error());
  if (options.quick) {
    return PrintQuick(global, {(*opened)->Root().ToHex(), (*opened)->model().records().size(), (*opened)->sequence()},
                      seconds());
  }
  const auto found = [&] {
    Progress progress("growing anew");
    return (*opened)->Verify(*opened->executor,
                             [&](std::size_t done, std::size_t total) { progress.Update(done, total); });
  }();
  if (!found) return Fail(global, found.error());
  global.json ? PrintJson(ToJson(*found, seconds())) : Print(ToText(*found, seconds()));
  return FinishOutput(global, found->equal() ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupVerify(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<VerifyOptions>();
  AddWhere(app, options->where);
  app.add_flag("--quick", options->quick, "Check the store's checksums and take the root, but grow nothing anew");
  app.add_flag("--read-only", options->read_only, "Do not enter the result in the log");
  AddJson(app, global);
  AddExamples(app, {"hedgerow verify --store shop", "hedgerow verify --store shop --quick --json"});
  return [options, &global] { return RunVerify(global, *options); };
}

}  // namespace hedgerow::cli
