// hedgerow demo: the whole story on real data, in half a minute.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "cli/demo_data.h"
#include "cli/demo_story.h"
#include "cli/options.h"
#include "cli/verbs.h"

namespace hedgerow::cli {
namespace {

struct DemoOptions {
  std::string data = DefaultDemoFolder();
  std::string prepare;
  std::uint32_t threads = 0;
  bool keep = false;
};

int Prepare(const GlobalOptions& global, const DemoOptions& options) {
  if (Status status = PrepareDemoData(options.prepare, options.data); !status) return Fail(global, status.error());
  if (global.json) {
    PrintJson({{"data", options.data}});
  } else {
    Print(fmt::format("The demo's data is ready in {}.\n", options.data));
  }
  return FinishOutput(global, kDone);
}

int RunDemo(const GlobalOptions& global, const DemoOptions& options) {
  if (!options.prepare.empty()) return Prepare(global, options);
  const auto start = std::chrono::steady_clock::now();
  auto scratch = ScratchDirectory::Make();
  if (!scratch) return Fail(global, scratch.error());
  if (options.keep) scratch->Keep();
  auto data = FindDemoData(options.data, scratch->path());
  if (!data) return Fail(global, data.error());
  if (data->made_up) {
    Note(global,
         fmt::format(
             "the real data is not in {}, so this runs on made-up people; hedgerow demo --help tells how to get it",
             options.data));
  }
  if (!global.json) Print("Hedgerow: a random forest that forgets, exactly.\n\n");
  const std::string store = scratch->path() + "/store";
  Json measured;
  bool right = false;
  {
    Story story(std::move(*data), store, MakeExecutor(options.threads), global.json);
    const auto told = story.Run();
    if (!told) return Fail(global, told.error());
    measured = story.measured();
    right = *told;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (global.json) {
    measured["seconds"] = seconds;
    if (options.keep) measured["store"] = store;
    PrintJson(measured);
  } else {
    Print(fmt::format("\nDone in {:.0f} s.{}\n", seconds, options.keep ? " The store is kept: " + store : ""));
  }
  return FinishOutput(global, right ? kDone : kAnswerIsNo);
}

}  // namespace

Run SetupDemo(CLI::App& app, GlobalOptions& global) {
  auto options = std::make_shared<DemoOptions>();
  app.add_option("--data", options->data,
                 "Folder with the demo's data; default: $HEDGEROW_DEMO_DATA, else build/demo/data")
      ->type_name("DIR");
  app.add_option("--prepare", options->prepare,
                 "Make the demo's data from randhie.csv of the package python3-statsmodels, and stop")
      ->type_name("randhie.csv");
  app.add_flag("--keep", options->keep, "Keep the temporary directory with the store");
  AddNumber(app, "--threads", options->threads, "Threads to work with; 0: as many as the machine has", {0, 1024});
  AddJson(app, global);
  AddExamples(app,
              {"hedgerow demo", "hedgerow demo --keep --json", "hedgerow demo --prepare randhie.csv", "",
               "Without the real data it runs on made-up people, and says so. To get the real data on Debian:", "",
               "apt-get download python3-statsmodels", "dpkg-deb --fsys-tarfile python3-statsmodels_*.deb | tar -xO \\",
               "  ./usr/lib/python3/dist-packages/statsmodels/datasets/randhie/randhie.csv > randhie.csv",
               "hedgerow demo --prepare randhie.csv"});
  return [options, &global] { return RunDemo(global, *options); };
}

}  // namespace hedgerow::cli
